import { readFileSync } from 'node:fs';
import type { RequestListener } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';

/** The path of a file of `test/fixtures/tls`. */
export const tlsFile = (name: string): string =>
  fileURLToPath(new URL(`../fixtures/tls/${name}`, import.meta.url));

/**
 * An HTTPS server on this machine with a certificate of `test/fixtures/tls`: `server`, `expired`, or `foreign` (of another
 * authority of the same name).
 *
 * @param listener default: answers 405, as a receiver of webhooks does to HEAD
 */
export async function startTlsServer(
  name: 'server' | 'expired' | 'foreign',
  listener: RequestListener = (_, response) => response.writeHead(405).end(),
): Promise<{ port: number; close(): void }> {
  const [cert, key] = [`${name}.crt`, `${name}.key`].map((file) => readFileSync(tlsFile(file)));
  const server = createServer({ cert: cert!, key: key! }, listener);
  server.on('tlsClientError', () => {});
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}
