// The baselines over HTTP: `bare.js hono` and `bare.js node` read the body and answer 200, and keep nothing.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { serve } from '@hono/node-server';
import { Hono } from 'hono';

const listening = ({ port }: AddressInfo) => console.log(`http://127.0.0.1:${port}`);
const address = { hostname: '127.0.0.1', port: 0 };

if (process.argv[2] === 'hono') {
  const app = new Hono();
  app.post('*', async (c) => {
    await c.req.arrayBuffer();
    return c.body('');
  });
  serve({ fetch: app.fetch, ...address }, listening);
} else {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      Buffer.concat(chunks);
      response.end();
    });
  });
  server.listen(address.port, address.hostname, () => listening(server.address() as AddressInfo));
}
