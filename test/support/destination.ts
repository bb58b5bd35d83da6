import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A web server that a webhook output posts to. */
export interface Destination {
  readonly url: string;
  /** The bodies it was sent and took, one for each request answered with a 2xx. */
  readonly taken: readonly string[];
  /** What it answers from now on; 0: nothing, ever. */
  answer(status: number): void;
  /** Requests that are not answered. */
  hanging(): number;
  close(): Promise<void>;
}

/** Starts a destination that answers every POST with the same status. */
export async function startDestination(status = 200): Promise<Destination> {
  const taken: string[] = [];
  let current = status;
  let hanging = 0;
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      if (current === 0) {
        hanging++;
        return;
      }
      if (current < 300) taken.push(Buffer.concat(chunks).toString('utf8'));
      response.statusCode = current;
      response.end(current < 300 ? 'ok' : 'no');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/events`,
    taken,
    answer: (next) => {
      current = next;
    },
    hanging: () => hanging,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
