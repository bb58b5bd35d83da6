// The baselines over HTTP: `bare.js hono` and `bare.js node` read the body and answer 200, and keep nothing;
// `bare.js durable <file>` writes and syncs the body before it answers, and looks at nothing.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { serve } from '@hono/node-server';
import { Hono } from 'hono';
import { openBareJournal } from './bare-journal.ts';

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
  const journal = process.argv[2] === 'durable' ? await openBareJournal(process.argv[3]!) : undefined;
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', async () => {
      const body = Buffer.concat(chunks);
      if (journal !== undefined) await journal.append(body);
      response.end();
    });
  });
  server.listen(address.port, address.hostname, () => listening(server.address() as AddressInfo));
}
