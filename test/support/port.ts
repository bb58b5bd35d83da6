import { createServer } from 'node:net';

/** The kernel gives a port again as soon as it is free: two calls in a row may get the same one. */
const given = new Set<number>();

/** A TCP port of 127.0.0.1 that nobody listens on now, another one at each call. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = await portNow();
    if (given.has(port)) continue;
    given.add(port);
    return port;
  }
}

function portNow(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      const port = typeof address === 'object' && address ? address.port : 0;
      server.close(() => resolve(port));
    });
  });
}
