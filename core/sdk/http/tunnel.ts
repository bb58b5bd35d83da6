import { Agent, type AgentOptions, type RequestOptions } from 'node:https';
import { connect as connectTcp, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { connect as connectTls } from 'node:tls';
import { basicAuthOf } from './credentials.ts';

/** The longest answer to CONNECT that is read; a proxy that says more is none. */
const LONGEST_ANSWER = 16 * 1024;

type Callback = (error: Error | null, socket: Duplex) => void;

/** Connections to HTTPS servers through an HTTP proxy: CONNECT, then TLS end to end (RFC 9110, 9.3.6). */
export class TunnelAgent extends Agent {
  readonly #proxy: URL;
  readonly #options: AgentOptions;

  constructor(proxy: URL, options: AgentOptions) {
    super(options);
    this.#proxy = proxy;
    this.#options = options;
  }

  override createConnection(target: RequestOptions, callback: Callback = () => {}): undefined {
    const host = target.host ?? 'localhost';
    openTunnel(this.#proxy, host, Number(target.port ?? 443)).then(
      (socket) => {
        // `host` is what the certificate is checked against where the server is named by its IP address.
        const { servername = '' } = target;
        const secure = connectTls({ ...this.#options, socket, host, ...(servername && { servername }) });
        const failed = (error: Error) => callback(error, secure);
        secure.once('error', failed);
        secure.once('secureConnect', () => {
          secure.off('error', failed);
          callback(null, secure);
        });
      },
      (error: Error) => callback(error, undefined as unknown as Duplex),
    );
  }
}

function openTunnel(proxy: URL, host: string, port: number): Promise<Socket> {
  const authority = `${host.includes(':') ? `[${host}]` : host}:${port}`;
  const authorization = basicAuthOf(proxy);
  return new Promise((resolve, reject) => {
    const socket = connectTcp(Number(proxy.port || 80), proxy.hostname);
    const fail = (reason: string) => {
      socket.destroy();
      reject(new Error(`proxy ${proxy.host}: ${reason}`));
    };
    socket.setTimeout(30_000, () => fail('no answer to CONNECT within 30 s'));
    socket.once('error', (error) => fail(error.message));
    socket.once('close', () => fail('closed the connection'));
    socket.once('connect', () => {
      const credentials = authorization === undefined ? '' : `Proxy-Authorization: ${authorization}\r\n`;
      socket.write(`CONNECT ${authority} HTTP/1.1\r\nHost: ${authority}\r\n${credentials}\r\n`);
    });
    let answer = '';
    socket.on('data', function read(chunk: Buffer) {
      answer += chunk.toString('latin1');
      const end = answer.indexOf('\r\n\r\n');
      if (end < 0 && answer.length < LONGEST_ANSWER) return;
      const status = /^HTTP\/1\.[01] (\d{3})/.exec(answer)?.[1];
      if (status !== '200') return fail(`answered ${status ?? 'no HTTP'} to CONNECT ${authority}`);
      socket.pause();
      socket.setTimeout(0);
      socket.removeAllListeners();
      resolve(socket);
    });
  });
}
