// The least that a way from HTTP to S3 can do: `bare-lake.js <endpoint> <file> <events>` parses, appends, syncs, and puts
// the bytes as they are when it has so many events.
import { createReadStream } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';

const [endpoint, path, most] = process.argv.slice(2) as [string, string, string];
const file = await open(path, 'w');
let taken = 0;
let sink: unknown;

const server = createServer(async (incoming, outgoing) => {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  const body = Buffer.concat(chunks);
  let events = 0;
  for (const line of body.toString('utf8').split('\n')) {
    if (line === '') continue;
    sink = JSON.parse(line);
    events++;
  }
  await file.appendFile(body);
  await file.datasync();
  outgoing.end();
  taken += events;
  if (taken === Number(most)) await put();
});

async function put(): Promise<void> {
  if (sink === undefined) return;
  const { size } = await stat(path);
  const options = { method: 'PUT', headers: { 'content-length': size } };
  createReadStream(path).pipe(request(new URL('/object', endpoint), options, (answer) => answer.resume()));
}

server.listen(0, '127.0.0.1', () =>
  console.log(`http://127.0.0.1:${(server.address() as AddressInfo).port}`),
);
