import { createSocket } from 'node:dgram';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import type { TestDestination } from './destination.ts';

/** What a server over TCP needs beside what it does with a connection. */
export interface TcpOptions {
  /** The server speaks TLS: its certificate and key, PEM. */
  readonly tls?: { readonly cert: string | Buffer; readonly key: string | Buffer };
}

/** A server over TCP that fails on command. */
export interface TcpDestination extends TestDestination {
  readonly port: number;
  readonly url: string;
  /** All bytes of each connection that sent some, in the order of the connections. */
  arrived(): Buffer[];
  hang(): void;
  cut(): Promise<void>;
  recover(): Promise<void>;
  close(): Promise<void>;
}

/**
 * Starts a server over TCP on the loopback interface, for protocols that are not HTTP. It keeps all bytes that come.
 *
 * @param serve what the protocol does with a connection: greet, answer; without it the server only listens. Its listeners for
 * `data` are taken off while the destination hangs.
 * @example
 * testOutput(definition, {
 *   test,
 *   destination: () => tcpDestination((socket) => socket.on('data', () => socket.write('ok\n'))),
 *   options: ({ host, port }) => ({ host, port }),
 * });
 */
export async function tcpDestination(
  serve: (socket: Socket) => void = () => {},
  { tls }: TcpOptions = {},
): Promise<TcpDestination> {
  const streams: Buffer[][] = [];
  const sockets = new Set<Socket>();
  let hangs = false;

  const accept = (socket: Socket) => {
    sockets.add(socket);
    // The output's own connection keeps the process alive while it is needed.
    socket.unref();
    socket.on('error', () => {}).on('close', () => sockets.delete(socket));
    // Closing its side is an answer, too, and a program that hangs gives none.
    socket.on('end', () => {
      if (!hangs) socket.end();
    });
    if (hangs) return;
    const stream: Buffer[] = [];
    streams.push(stream);
    socket.on('data', (chunk: Buffer) => stream.push(chunk));
    serve(socket);
  };
  const server =
    tls === undefined
      ? createServer({ allowHalfOpen: true }, accept)
      : createTlsServer({ ...tls, allowHalfOpen: true }, accept);
  // A client that does not trust the certificate is no fault of the test.
  server.on('tlsClientError', () => {});

  const listen = (port: number) =>
    new Promise<void>((resolve, reject) => {
      server.once('error', reject).listen(port, '127.0.0.1', () => {
        server.off('error', reject);
        resolve();
      });
    });
  const cut = async () => {
    for (const socket of sockets) socket.destroy();
    if (server.listening) await new Promise<void>((resolve) => server.close(() => resolve()));
  };
  await listen(0);
  const { port } = server.address() as AddressInfo;
  return {
    port,
    url: `127.0.0.1:${port}`,
    byName: tls === undefined,
    arrived: () => streams.filter(({ length }) => length > 0).map((stream) => Buffer.concat(stream)),
    hang() {
      hangs = true;
      for (const socket of sockets) {
        socket.removeAllListeners('data');
        socket.resume();
      }
    },
    cut,
    async recover() {
      // A connection that hung has lost its listeners.
      if (hangs) for (const socket of sockets) socket.destroy();
      hangs = false;
      if (!server.listening) await listen(port);
    },
    close: cut,
  };
}

/** A socket that takes datagrams and never answers. */
export interface UdpDestination extends TestDestination {
  readonly port: number;
  readonly url: string;
  /** Each datagram. */
  arrived(): readonly Buffer[];
  close(): Promise<void>;
}

/**
 * Starts a socket over UDP on the loopback interface.
 *
 * @example
 * testOutput(definition, {
 *   test,
 *   destination: udpDestination,
 *   options: ({ host, port }) => ({ host, port, protocol: 'udp' }),
 * });
 */
export async function udpDestination(): Promise<UdpDestination> {
  const datagrams: Buffer[] = [];
  const socket = createSocket('udp4');
  socket.on('message', (datagram) => datagrams.push(datagram));
  await new Promise<void>((resolve, reject) => {
    socket.once('error', reject).bind(0, '127.0.0.1', () => {
      socket.off('error', reject);
      resolve();
    });
  });
  const { port } = socket.address();

  return {
    port,
    url: `127.0.0.1:${port}`,
    byName: true,
    arrived: () => datagrams,
    close: () => new Promise((resolve) => void socket.close(() => resolve())),
  };
}
