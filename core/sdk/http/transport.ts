import { type ClientRequest, type IncomingMessage, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import type { Agents } from './agents.ts';
import { basicAuthOf } from './credentials.ts';

/** One request, with everything about it decided. */
export interface WireRequest {
  readonly method: string;
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
}

/**
 * Sends a request and resolves with what is made of its answer, whatever the status.
 *
 * It is node:http and not fetch, because no fetch takes a client certificate or a proxy in a way that Node,
 * Deno and Bun share; these modules do on all three. Redirects are not followed: they would take the
 * credentials elsewhere.
 *
 * @param readAnswer called when the head of the answer arrives; it must add its listeners synchronously, or it may miss events
 * @throws the error of the platform when there is no answer, and what `readAnswer` throws
 */
export async function send<T>(
  request: WireRequest,
  agents: Agents,
  proxy: URL | undefined,
  signal: AbortSignal,
  readAnswer: (answer: IncomingMessage) => T | Promise<T>,
): Promise<T> {
  for (;;) {
    try {
      return await attempt(request, agents, proxy, signal, readAnswer);
    } catch (error) {
      // The server closed an idle connection at the moment it was used again. Retried until no idle connection is left.
      if (!(error instanceof StaleConnection)) throw error;
    }
  }
}

class StaleConnection extends Error {}

function attempt<T>(
  { method, url, headers, body }: WireRequest,
  agents: Agents,
  proxy: URL | undefined,
  signal: AbortSignal,
  readAnswer: (answer: IncomingMessage) => T | Promise<T>,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const all = { ...headers, ...(body !== undefined && { 'content-length': String(body.byteLength) }) };
    let outgoing: ClientRequest;
    if (url.protocol === 'https:') {
      outgoing = requestHttps(url, { method, headers: all, agent: agents.https(proxy), signal });
    } else if (proxy === undefined) {
      outgoing = requestHttp(url, { method, headers: all, agent: agents.http, signal });
    } else {
      const authorization = basicAuthOf(proxy);
      outgoing = requestHttp({
        host: proxy.hostname,
        port: proxy.port || 80,
        path: `${url.origin}${url.pathname}${url.search}`,
        method,
        headers: { ...all, host: url.host, ...(authorization && { 'proxy-authorization': authorization }) },
        agent: agents.http,
        signal,
      });
    }
    outgoing.on('error', (error: NodeJS.ErrnoException) => {
      const stale = outgoing.reusedSocket && (error.code === 'ECONNRESET' || error.code === 'EPIPE');
      reject(stale && !signal.aborted ? new StaleConnection(error.message, { cause: error }) : error);
    });
    // A connection can close without an error and without an answer (status 101).
    outgoing.once('close', () => reject(new Error('the connection was closed without an answer')));
    outgoing.once('response', (incoming) => {
      try {
        resolve(readAnswer(incoming));
      } catch (error) {
        incoming.destroy();
        reject(error);
      }
    });
    outgoing.end(body);
  });
}
