import { type ClientRequest, type IncomingMessage, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import type { Socket } from 'node:net';
import { Readable } from 'node:stream';
import type { TlsOptions } from '../../options/tls.ts';
import { type Agents, createAgents } from './agents.ts';
import { basicAuthOf, credentialsOf } from './credentials.ts';
import { describeFailure } from './failure.ts';
import { proxyChoice } from './proxy.ts';
import { redactor } from './redact.ts';

/** One request, with everything about it decided. */
export interface WireRequest {
  readonly method: string;
  readonly url: URL;
  /** Path and query as they are sent. Default: those of the URL, which writes some characters in its own way. */
  readonly path?: string;
  /** With `expect: 100-continue` a stream is sent when the server wants it, or says nothing for a second. */
  readonly headers: Readonly<Record<string, string>>;
  /** A stream is read once, so the request is not repeated on another connection. */
  readonly body?: Uint8Array | Readable | undefined;
}

/** How requests leave this machine: `proxy` and `tls` of `httpConnection`. */
export interface TransportOptions {
  readonly proxy?: string;
  readonly tls?: TlsOptions;
}

/** How long may pass, milliseconds. */
export interface HttpTimeouts {
  /** Until a connection is ready, through a proxy and with TLS. Default 10 s. */
  readonly connect?: number;
  /** Without a byte sent or received on the way to the end of the answer. Default: no limit but the signal. */
  readonly idle?: number;
}

/** Sends requests as the options say, over connections that it keeps. */
export interface HttpTransport {
  /**
   * Sends a request and resolves with what is made of its answer, whatever the status. Redirects are not followed: they would
   * take the credentials elsewhere.
   *
   * @param readAnswer called when the head of the answer arrives; it must add its listeners synchronously, or it may miss events
   * @throws the error of the platform when there is no answer, an Error that begins with `proxy HOST:` where the proxy is at fault, and
   *   what `readAnswer` throws
   */
  send<T>(
    request: WireRequest,
    signal: AbortSignal | undefined,
    readAnswer: (answer: IncomingMessage) => T | Promise<T>,
  ): Promise<T>;
  /** The proxy that requests to an address go through; undefined: none. */
  proxyOf(url: URL): URL | undefined;
  /** Takes the credentials of the proxy that is used for an address, and further secrets, out of a text. */
  redact(text: string, url: URL, secrets?: readonly (string | undefined)[]): string;
  /** Closes every connection. Requests under way fail; later ones open new connections. */
  close(): void;
}

const CONNECT_TIMEOUT = 10_000;
/** So long a server may think about the head of a request before it gets the body; curl waits as long. */
const CONTINUE_TIMEOUT = 1_000;

/**
 * Sends requests through the proxy of the options or the environment, with the certificates of the options and timeouts: for
 * clients of others that let somebody else send. An output's own requests go by `httpClient`.
 *
 * It is node:http and not fetch, because no fetch takes a client certificate or a proxy in a way that Node,
 * Deno and Bun share; these modules do on all three.
 *
 * @param context of the output: relative file names start at its `configDir`
 * @throws Error naming the variable of the environment that is no address of an HTTP proxy
 * @example
 * const transport = httpTransport({ proxy: 'http://proxy.example.com:3128' }, context, { idle: 60_000 });
 * const request = { method: 'GET', url: new URL('https://tickets.example.com'), headers: {} };
 * const status = await transport.send(request, signal, (answer) => {
 *   answer.resume();
 *   return answer.statusCode;
 * });
 */
export function httpTransport(
  options: TransportOptions,
  context: { readonly configDir: string },
  { connect = CONNECT_TIMEOUT, idle }: HttpTimeouts = {},
): HttpTransport {
  const proxyOf = proxyChoice(options.proxy, process.env);
  let agents: Agents | undefined;
  /** Pools with earlier certificates, which requests may still use. */
  let retired: Agents[] = [];

  function retire(): void {
    retired = [...retired, ...(agents === undefined ? [] : [agents])].filter((each) => each.isOpen());
    agents = undefined;
  }

  return {
    async send(request, signal, readAnswer) {
      const proxy = proxyOf(request.url);
      for (;;) {
        try {
          agents ??= createAgents(options.tls ?? {}, context.configDir, connect);
          return await attempt(request, { agents, proxy, connect, idle }, signal, readAnswer);
        } catch (error) {
          // The server closed an idle connection at the moment it was used again. Retried until no idle connection is left.
          if (error instanceof StaleConnection && !(request.body instanceof Readable)) continue;
          // The next connection reads the certificates again: they may have been renewed. Requests under way are not affected.
          if (options.tls !== undefined && signal?.aborted !== true) retire();
          throw error instanceof StaleConnection ? error.cause : error;
        }
      }
    },
    proxyOf,
    redact(text, url, secrets = []) {
      const proxy = proxyOf(url);
      const ofProxy = proxy === undefined ? [] : [proxy.href, ...credentialsOf(proxy)];
      return redactor([...secrets, ...ofProxy])(text);
    },
    close() {
      for (const each of [...retired, ...(agents === undefined ? [] : [agents])]) each.close();
      retired = [];
      agents = undefined;
    },
  };
}

class StaleConnection extends Error {}

interface Way {
  readonly agents: Agents;
  readonly proxy: URL | undefined;
  readonly connect: number;
  readonly idle: number | undefined;
}

function attempt<T>(
  request: WireRequest,
  way: Way,
  signal: AbortSignal | undefined,
  readAnswer: (answer: IncomingMessage) => T | Promise<T>,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const { body, url } = request;
    const outgoing = open(request, way, signal);
    let answer: IncomingMessage | undefined;
    const plainProxy = url.protocol === 'http:' ? way.proxy : undefined;
    outgoing.on('error', (error: NodeJS.ErrnoException) => {
      const stale = outgoing.reusedSocket && (error.code === 'ECONNRESET' || error.code === 'EPIPE');
      if (signal?.aborted) reject(error);
      else if (stale) reject(new StaleConnection(error.message, { cause: error }));
      else if (plainProxy === undefined) reject(error);
      else reject(new Error(`proxy ${plainProxy.host}: ${describeFailure(error)}`, { cause: error }));
    });
    outgoing.once('timeout', () => {
      if (way.idle === undefined) return;
      const error = timeoutError(`no answer or progress for ${way.idle / 1000} s`);
      if (answer === undefined) outgoing.destroy(error);
      else answer.destroy(error);
    });
    outgoing.once('socket', (socket) => limitConnecting(outgoing, socket, url, way.connect));
    // A connection can close without an error and without an answer (status 101).
    outgoing.once('close', () => reject(new Error('the connection was closed without an answer')));
    outgoing.once('response', (incoming) => {
      answer = incoming;
      // The rest of a body that the server does not want is not sent; the connection cannot be used again.
      if (body instanceof Readable)
        incoming.once('end', () => outgoing.writableFinished || outgoing.destroy());
      try {
        resolve(readAnswer(incoming));
      } catch (error) {
        incoming.destroy();
        reject(error);
      }
    });
    if (signal !== undefined) rejectAtAbort(outgoing, signal, reject);
    if (body instanceof Readable) sendStream(outgoing, body);
    else outgoing.end(body);
  });
}

/** On Deno the abort of a request on a connection that was used before ends in no event. On Node its own error comes sooner. */
function rejectAtAbort(outgoing: ClientRequest, signal: AbortSignal, reject: (error: unknown) => void): void {
  const abort = () => setImmediate(() => reject(signal.reason));
  const forget = () => signal.removeEventListener('abort', abort);
  signal.addEventListener('abort', abort, { once: true });
  outgoing.once('response', forget).once('error', forget).once('close', forget);
}

/** To the server, or with the whole address to the proxy of a plain HTTP server. */
function open(
  { method, url, path, headers, body }: WireRequest,
  way: Way,
  signal?: AbortSignal,
): ClientRequest {
  const { agents, proxy, idle } = way;
  const options = {
    method,
    path: path ?? `${url.pathname}${url.search}`,
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: url.port,
    headers: {
      ...headers,
      ...(body instanceof Uint8Array && { 'content-length': String(body.byteLength) }),
    },
    ...(signal !== undefined && { signal }),
    ...(idle !== undefined && { timeout: idle }),
  };
  if (url.protocol === 'https:') return requestHttps({ ...options, agent: agents.https(proxy) });
  if (proxy === undefined) return requestHttp({ ...options, agent: agents.http });
  const authorization = basicAuthOf(proxy);
  return requestHttp({
    ...options,
    host: proxy.hostname.replace(/^\[|\]$/g, ''),
    port: proxy.port || 80,
    path: `${url.origin}${options.path}`,
    headers: {
      ...options.headers,
      host: url.host,
      ...(authorization && { 'proxy-authorization': authorization }),
    },
    agent: agents.http,
  });
}

/** A tunnel has the same limit of its own, and comes here when it is ready. */
function limitConnecting(outgoing: ClientRequest, socket: Socket, { protocol }: URL, limit: number): void {
  if (!socket.connecting) return;
  const late = () => outgoing.destroy(timeoutError(`no connection within ${limit / 1000} s`));
  const timer = setTimeout(late, limit);
  const stop = () => clearTimeout(timer);
  socket.once(protocol === 'https:' && 'encrypted' in socket ? 'secureConnect' : 'connect', stop);
  socket.once('close', stop);
}

function sendStream(outgoing: ClientRequest, body: Readable): void {
  let timer: NodeJS.Timeout | undefined;
  const send = () => {
    clearTimeout(timer);
    if (!outgoing.destroyed && !body.destroyed) body.pipe(outgoing);
  };
  body.once('error', (error) => outgoing.destroy(error));
  if (outgoing.getHeader('expect') !== '100-continue') {
    send();
    return;
  }
  timer = setTimeout(send, CONTINUE_TIMEOUT);
  outgoing.once('continue', send);
  for (const end of ['response', 'close']) outgoing.once(end, () => clearTimeout(timer));
}

function timeoutError(text: string): Error {
  return Object.assign(new Error(text), { name: 'TimeoutError' });
}
