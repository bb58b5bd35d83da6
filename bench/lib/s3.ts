import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** As much of S3 as an upload needs: takes PUTs, counts, and keeps nothing. */
export interface ObjectServer {
  readonly url: string;
  objects(): number;
  bytes(): number;
  close(): void;
}

export async function startObjectServer(): Promise<ObjectServer> {
  let objects = 0;
  let bytes = 0;
  const server = createServer((request, response) => {
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
    });
    request.on('end', () => {
      if (request.method === 'PUT') objects++;
      response.setHeader('etag', '"0"').end();
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    objects: () => objects,
    bytes: () => bytes,
    close: () => void server.close(),
  };
}
