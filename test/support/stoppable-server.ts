import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What it answers. */
export interface StoppableAnswer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** An HTTP server on 127.0.0.1 that can go away and come back on the same port. */
export interface StoppableServer {
  readonly url: string;
  readonly port: number;
  /** Closed port and cut connections. */
  outage(): Promise<void>;
  restore(): Promise<void>;
  stop(): Promise<void>;
}

/** Starts it. The caller keeps the state that its answers depend on. */
export async function startStoppableServer(
  answer: (request: IncomingMessage, body: Buffer) => StoppableAnswer,
): Promise<StoppableServer> {
  let port = 0;
  let server: Server | undefined;

  async function restore(): Promise<void> {
    const next = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('error', () => {});
      request.on('end', () => {
        const { status = 200, headers = {}, body } = answer(request, Buffer.concat(chunks));
        response.writeHead(status, headers).end(body);
      });
    });
    await new Promise<void>((resolve, reject) => {
      next.once('error', reject);
      next.listen(port, '127.0.0.1', resolve);
    });
    port = (next.address() as AddressInfo).port;
    server = next;
  }

  async function outage(): Promise<void> {
    const closing = server;
    server = undefined;
    if (closing === undefined) return;
    await new Promise<void>((resolve) => {
      closing.close(() => resolve());
      closing.closeAllConnections();
    });
  }

  await restore();
  return { url: `http://127.0.0.1:${port}`, port, outage, restore, stop: outage };
}
