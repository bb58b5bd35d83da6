import { createServer } from 'node:http';
import { type AddressInfo, connect, createServer as createTcp, type Socket } from 'node:net';

/** An HTTP proxy on this machine. */
export interface ForwardProxy {
  readonly host: string;
  /** With the credentials `ann:sesame`. */
  readonly url: string;
  /** What it was asked for: `CONNECT host:port`, or `PUT http://host/path`. */
  readonly asked: string[];
  /** The `Proxy-Authorization` of each. */
  readonly credentials: (string | undefined)[];
  /** How many connections to it are open. */
  open(): number;
  close(): void;
}

/**
 * Starts a proxy that leads every name to one server.
 *
 * @param port of the server on this machine that it leads to; undefined: where it was asked to
 */
export async function startForwardProxy(port?: number): Promise<ForwardProxy> {
  const asked: string[] = [];
  const credentials: (string | undefined)[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    credentials.push(request.headers['proxy-authorization']);
    request.resume();
    response.writeHead(503, { 'content-type': 'text/plain' });
    // As a proxy under debugging does.
    response.end(`no: ${request.headers['proxy-authorization']} http://ann:sesame@proxy`);
  });
  server.on('connect', (request, client) => {
    asked.push(`CONNECT ${request.url}`);
    credentials.push(request.headers['proxy-authorization']);
    const upstream = connect(port ?? Number((request.url ?? '').split(':')[1]), '127.0.0.1', () => {
      client.write('HTTP/1.1 200 Connection established\r\n\r\n');
      upstream.pipe(client).pipe(upstream);
    });
    upstream.on('error', () => client.destroy());
    client.on('error', () => upstream.destroy());
    client.on('close', () => upstream.destroy());
  });
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    host,
    url: `http://ann:sesame@${host}`,
    asked,
    credentials,
    open: () => sockets.size,
    close() {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}

/** A server that takes connections and says nothing. */
export async function startSilentServer(): Promise<{ port: number; open(): number; close(): void }> {
  const sockets = new Set<Socket>();
  const server = createTcp((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
    socket.resume();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    open: () => sockets.size,
    close() {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}
