import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { getRequestListener, type HttpBindings } from '@hono/node-server';
import type { Logger } from '../sdk/contract/logger.ts';
import type { FastPath } from './fast-path.ts';
import { type LingerLimits, lingerAfterAnswer } from './linger.ts';
import { Problem } from './problem.ts';
import type { NoteRefusal } from './refusal-log.ts';
import { problemResponse } from './responses.ts';
import {
  hasValidClientCert,
  needsClientCert,
  rejectUnauthenticated,
  type ServerTls,
  secureSettings,
} from './tls.ts';

/** What a server hands to the application with each request. */
export type Env = { Bindings: Partial<HttpBindings> };

/** Where to listen. Port 0 takes a free one; a path is a Unix domain socket. */
export type Address = { readonly host: string; readonly port: number } | { readonly path: string };

/** One listener. */
export interface ServerOptions {
  readonly fetch: (request: Request, env: object) => Response | Promise<Response>;
  /** Called before `fetch`; handles the requests that do not need the application. */
  readonly fastPath?: FastPath;
  readonly at: Address;
  readonly tls?: ServerTls;
  /** Connections beyond are closed at once. */
  readonly maxConnections: number;
  /** Bytes; a client that asks before it sends (`Expect: 100-continue`) is refused there, before it sends. */
  readonly maxBody: number;
  readonly timeouts?: Partial<Timeouts>;
  readonly linger?: LingerLimits;
  readonly noteRefusal?: NoteRefusal;
  readonly log: Logger;
}

/** Milliseconds. None of them limits how long an answer may take; `body.ts` limits how long a body may take. */
export interface Timeouts {
  /** To send the head of a request. */
  readonly headers: number;
  /** Between two requests of a connection; shorter than the events of a quiet Falco costs a reconnect each. */
  readonly idle: number;
}

export interface RunningServer {
  /** `http://127.0.0.1:2801`; a wildcard address is shown as it was given, a socket as its path. */
  readonly url: string;
  /** 0 for a socket. */
  readonly port: number;
  /** Uses new certificates for new connections. */
  renewTls(tls: ServerTls): void;
  /**
   * Takes no new connections, answers what has come in, then resolves. Requests that reach an open connection
   * meanwhile are answered too, with `Connection: close`: refusing them would lose events.
   *
   * @param signal closes the connections that are still open
   */
  stop(signal: AbortSignal): Promise<void>;
}

const TIMEOUTS: Timeouts = { headers: 10_000, idle: 75_000 };
/** Milliseconds between two checks for slow clients, at most, and for idle connections when stopping. */
const CHECK = 2_000;
const STOP_CHECK = 20;
/** Milliseconds that an incomplete request head has to arrive after a stop begins. */
const STOP_GRACE = 1_000;

/**
 * Starts a listener on node:http, which Deno and Bun have too.
 *
 * @throws Error that names the address when it is taken or not allowed
 */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const { at, tls, log } = options;
  const timeouts = { ...TIMEOUTS, ...options.timeouts };
  const settings = {
    headersTimeout: timeouts.headers,
    // Off: it would also run while the reader of a body has stopped reading.
    requestTimeout: 0,
    keepAliveTimeout: timeouts.idle,
    connectionsCheckingInterval: Math.min(CHECK, timeouts.headers),
    noDelay: true,
  };
  let stopping = false;
  /**
   * The sockets of requests, which are not those of the connections where there is TLS, each with its latest response. Noted with
   * one write for each request: a listener for each costs a quarter of the rate (bench/cases/ingest.ts).
   */
  const clients = new Map<Socket, ServerResponse | undefined>();
  const handle = getRequestListener(options.fetch as Parameters<typeof getRequestListener>[0], {
    // For clients of HTTP/1.0, which send no Host.
    hostname: 'localhost',
    errorHandler: (error) => badRequest(error, log),
  });
  const isRejected = (incoming: IncomingMessage) =>
    tls?.clientCa !== undefined && needsClientCert(incoming) && !hasValidClientCert(incoming);
  const listener = (incoming: IncomingMessage, outgoing: ServerResponse) => {
    // It cannot be answered, so its events must not be accepted: the sender would send them again.
    if (!incoming.socket.writable) return void incoming.socket.destroy();
    if (stopping) outgoing.setHeader('connection', 'close');
    if (clients.has(incoming.socket)) clients.set(incoming.socket, outgoing);
    const rejected = isRejected(incoming);
    if (!rejected && options.fastPath?.(incoming, outgoing) === true) return;
    lingerAfterAnswer(incoming, outgoing, options.linger);
    if (rejected) rejectUnauthenticated(incoming, outgoing, options.noteRefusal);
    else void handle(incoming, outgoing);
  };
  const server: Server =
    tls === undefined
      ? createServer(settings, listener)
      : createSecureServer({ ...settings, ...secureSettings(tls) }, listener);
  server.maxConnections = options.maxConnections;
  // Off: an answer may be late, only the request may not be slow.
  server.timeout = 0;
  server.on('checkContinue', (incoming: IncomingMessage, outgoing: ServerResponse) => {
    if (Number(incoming.headers['content-length'] ?? 0) <= options.maxBody) outgoing.writeContinue();
    listener(incoming, outgoing);
  });

  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });

  server.on(tls === undefined ? 'connection' : 'secureConnection', (socket: Socket) => {
    // Read now, which caches it: a closed socket has no address, and refusals are logged with the address.
    void socket.remoteAddress;
    clients.set(socket, undefined);
    socket.on('close', () => clients.delete(socket));
  });

  await listen(server, at);
  server.on('error', (error) => log.error({ err: error }, 'the listener failed'));
  const port = 'path' in at ? 0 : (server.address() as AddressInfo).port;
  const scheme = tls === undefined ? 'http' : 'https';

  return {
    url: 'path' in at ? at.path : `${scheme}://${shownHost(at.host)}:${port}`,
    port,
    renewTls(renewed) {
      if ('setSecureContext' in server) (server as SecureServer).setSecureContext(secureSettings(renewed));
    },
    stop(signal) {
      stopping = true;
      const closeUnused = () => {
        for (const [socket, response] of clients)
          if (response === undefined || response.writableFinished || response.destroyed) socket.destroy();
      };
      return close(server, sockets, closeUnused, signal);
    },
  };
}

interface SecureServer {
  setSecureContext(options: object): void;
}

function shownHost(host: string): string {
  return host.includes(':') ? `[${host}]` : host;
}

function listen(server: Server, at: Address): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const why = error.code === 'EADDRINUSE' ? 'another process listens there' : error.message;
      const where = 'path' in at ? at.path : `${at.host}:${at.port}`;
      reject(new Error(`cannot listen on ${where}: ${why}`, { cause: error }));
    });
    server.listen({ ...at, backlog: 1024 }, () => {
      server.removeAllListeners('error');
      resolve();
    });
  });
}

/** @param closeUnused closes the connections on which no request is under way */
function close(
  server: Server,
  sockets: ReadonlySet<Socket>,
  closeUnused: () => void,
  signal: AbortSignal,
): Promise<void> {
  return new Promise((resolve) => {
    const cut = () => {
      server.closeAllConnections();
      // In a handshake they are not yet the server's.
      for (const socket of sockets) socket.destroy();
    };
    const grace = setTimeout(closeUnused, STOP_GRACE);
    // Connections that become idle after close() are not closed by every runtime.
    const timer = setInterval(() => server.closeIdleConnections(), STOP_CHECK);
    server.close(() => {
      clearInterval(timer);
      clearTimeout(grace);
      signal.removeEventListener('abort', cut);
      resolve();
    });
    server.closeIdleConnections();
    // A connection on which nothing was ever sent does not count as idle.
    for (const socket of sockets) if (socket.bytesRead === 0) socket.destroy();
    if (signal.aborted) cut();
    else signal.addEventListener('abort', cut, { once: true });
  });
}

/** Answers a request that did not reach the application: a malformed target or Host, else an internal error. */
function badRequest(error: unknown, log: Logger): Response {
  if ((error as Error).name === 'RequestError') {
    return problemResponse(new Problem(400, { code: 'bad_request', reason: (error as Error).message }));
  }
  log.error({ err: error }, 'a request failed');
  return problemResponse(new Problem(500, { code: 'internal', reason: 'unexpected error; see the log' }));
}
