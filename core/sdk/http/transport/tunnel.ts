import { Agent, type AgentOptions, type RequestOptions } from 'node:https';
import { connect as connectTcp, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { basicAuthOf } from './credentials.ts';
import { describeFailure } from './failure.ts';
import { CHECK_PROXY } from './own-words.ts';

/** The longest answer to CONNECT that is read; a proxy that says more is none. */
const LONGEST_ANSWER = 16 * 1024;

type Callback = (error: Error | null, socket: Duplex) => void;

/** Connections to HTTPS servers through an HTTP proxy: CONNECT, then TLS end to end (RFC 9110, 9.3.6). */
export class TunnelAgent extends Agent {
  readonly #proxy: URL;
  readonly #options: AgentOptions;
  readonly #timeout: number;
  /** Connections that are not yet the agent's, so that it does not close them itself. */
  readonly #opening = new Set<AbortController>();

  /** @param timeout until a connection must be ready, TLS included, milliseconds */
  constructor(proxy: URL, options: AgentOptions, timeout: number) {
    super(options);
    this.#proxy = proxy;
    this.#options = options;
    this.#timeout = timeout;
  }

  override createConnection(target: RequestOptions, callback: Callback = () => {}): undefined {
    this.#open(target).then(
      (socket) => callback(null, socket),
      (error: Error) => callback(error, undefined as unknown as Duplex),
    );
  }

  override destroy(): void {
    for (const opening of this.#opening) opening.abort(new Error('the connection was closed'));
    super.destroy();
  }

  async #open({ host: given, port, servername }: RequestOptions): Promise<Socket> {
    // `host` is what the certificate is checked against where the server is named by its IP address.
    const host = given ?? 'localhost';
    const authority = `${host.includes(':') ? `[${host}]` : host}:${Number(port ?? 443)}`;
    const opening = new AbortController();
    const seconds = this.#timeout / 1000;
    const late = () =>
      opening.abort(
        new Error(`proxy ${this.#proxy.host}: no connection to ${authority} within ${seconds} s`),
      );
    const timer = setTimeout(late, this.#timeout);
    this.#opening.add(opening);
    try {
      const socket = await openTunnel(this.#proxy, authority, opening.signal);
      const secure = connectTls({ ...this.#options, socket, host, ...(servername && { servername }) });
      return await untilSecure(secure, opening.signal);
    } finally {
      clearTimeout(timer);
      this.#opening.delete(opening);
    }
  }
}

function openTunnel(proxy: URL, authority: string, signal: AbortSignal): Promise<Socket> {
  const authorization = basicAuthOf(proxy);
  return new Promise((resolve, reject) => {
    const socket = connectTcp(Number(proxy.port || 80), proxy.hostname.replace(/^\[|\]$/g, ''));
    const end = (error: Error) => {
      socket.destroy();
      reject(error);
    };
    const fail = (reason: string) => end(new Error(`proxy ${proxy.host}: ${reason}`));
    const abort = () => end(signal.reason as Error);
    signal.addEventListener('abort', abort, { once: true });
    socket.once('error', (error) => fail(describeFailure(error)));
    socket.once('close', () => fail('closed the connection'));
    socket.once('connect', () => {
      const credentials = authorization === undefined ? '' : `Proxy-Authorization: ${authorization}\r\n`;
      socket.write(`CONNECT ${authority} HTTP/1.1\r\nHost: ${authority}\r\n${credentials}\r\n`);
    });
    let answer = '';
    socket.on('data', function read(chunk: Buffer) {
      answer += chunk.toString('latin1');
      const head = answer.indexOf('\r\n\r\n');
      if (head < 0 && answer.length < LONGEST_ANSWER) return;
      const status = /^HTTP\/1\.[01] (\d{3})/.exec(answer)?.[1];
      if (status !== '200') return fail(refusal(status, authority));
      socket.pause();
      socket.removeAllListeners();
      signal.removeEventListener('abort', abort);
      resolve(socket);
    });
  });
}

function refusal(status: string | undefined, authority: string): string {
  const line = `answered ${status ?? 'no HTTP'} to CONNECT ${authority}`;
  return status === '407' ? `${line}: ${CHECK_PROXY}` : line;
}

function untilSecure(socket: TLSSocket, signal: AbortSignal): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const fail = (error: Error) => {
      socket.destroy();
      reject(error);
    };
    const abort = () => fail(signal.reason as Error);
    signal.addEventListener('abort', abort, { once: true });
    socket.once('error', fail);
    socket.once('secureConnect', () => {
      socket.off('error', fail);
      signal.removeEventListener('abort', abort);
      resolve(socket);
    });
  });
}
