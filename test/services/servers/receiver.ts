import { createServer, type Server as HttpServer } from 'node:http';
import { freePort } from '../../support/port.ts';
import type { Server } from './server.ts';

/** An HTTP receiver that keeps the bodies of what it got, also through an outage. */
export interface Receiver extends Server {
  readonly bodies: readonly string[];
}

/**
 * Starts a receiver in this process, for outputs whose service nobody can run at home (a chat) or that have none (a webhook):
 * real sockets, and an outage is a closed port and cut connections.
 */
export async function startReceiver(): Promise<Receiver> {
  const port = await freePort();
  const bodies: string[] = [];
  let server: HttpServer | undefined;

  const restore = async (): Promise<void> => {
    const next = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('error', () => {});
      request.on('end', () => {
        bodies.push(Buffer.concat(chunks).toString('utf8'));
        response.end('ok');
      });
    });
    await new Promise<void>((resolve, reject) => {
      next.once('error', reject);
      next.listen(port, '127.0.0.1', resolve);
    });
    server = next;
  };
  const outage = async (): Promise<void> => {
    const closing = server;
    server = undefined;
    if (closing === undefined) return;
    await new Promise<void>((resolve) => {
      closing.close(() => resolve());
      closing.closeAllConnections();
    });
  };
  await restore();
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    bodies,
    output: () => '',
    outage,
    restore,
    stop: outage,
  };
}
