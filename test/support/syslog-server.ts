import { createSocket } from 'node:dgram';
import type { AddressInfo } from 'node:net';
import { createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer, type TlsOptions } from 'node:tls';

/** What the server does with a connection; by default it reads until the client closes, and closes too. */
export type Accept = (socket: Socket, number: number) => void;

/** A server of TCP or TLS on 127.0.0.1 that keeps the bytes of each connection. */
export interface StreamServer {
  readonly port: number;
  /** The bytes of each connection, in the order of the connections. */
  received(): Buffer[];
  /** The connections, open and closed, in their order. */
  readonly sockets: readonly Socket[];
  /** How each connection ended at the server: `end` in good order, `error` otherwise. */
  readonly endings: readonly string[];
  /** Closes all connections and forgets what was received. */
  forget(): void;
  stop(): Promise<void>;
}

/** Starts one. */
export async function startStreamServer({
  port = 0,
  accept = () => {},
  pauseOnConnect = false,
  tls,
}: {
  readonly port?: number;
  readonly accept?: Accept;
  /** Read nothing, not even into the memory of this process, until `accept` resumes the socket. */
  readonly pauseOnConnect?: boolean;
  readonly tls?: TlsOptions;
} = {}): Promise<StreamServer> {
  const sockets: Socket[] = [];
  const chunks: Buffer[][] = [];
  const endings: string[] = [];
  const onConnection = (socket: Socket) => {
    const own: Buffer[] = [];
    const number = sockets.push(socket) - 1;
    chunks.push(own);
    socket.on('data', (chunk: Buffer) => own.push(chunk));
    if (pauseOnConnect) socket.pause();
    socket.on('end', () => endings.push('end'));
    socket.on('error', () => endings.push('error'));
    accept(socket, number);
  };
  const server: Server = tls
    ? createTlsServer(tls, onConnection)
    : createServer({ pauseOnConnect }, onConnection);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    received: () => chunks.map((parts) => Buffer.concat(parts)),
    sockets,
    endings,
    forget() {
      for (const socket of sockets) socket.destroy();
      for (const list of [sockets, chunks, endings]) list.length = 0;
    },
    stop: () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => resolve());
      }),
  };
}

/** A server of UDP on 127.0.0.1 that keeps the datagrams and the ports that they came from. */
export async function startDatagramServer(port = 0) {
  const datagrams: Buffer[] = [];
  const ports: number[] = [];
  const socket = createSocket('udp4');
  socket.on('message', (message, { port: from }) => {
    datagrams.push(message);
    ports.push(from);
  });
  await new Promise<void>((resolve, reject) => {
    socket.once('error', reject);
    socket.bind(port, '127.0.0.1', resolve);
  });
  return {
    port: socket.address().port,
    datagrams: datagrams as readonly Buffer[],
    ports: ports as readonly number[],
    stop: () => new Promise<void>((resolve) => socket.close(() => resolve())),
  };
}
