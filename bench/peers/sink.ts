// Where all of them deliver: `sink.js <count|keep>` takes every POST. `keep` looks for the numbers of the events in it.
// `PUT /down` makes it answer 503 until `PUT /up`; `GET /` says how much has come, `GET /numbers` which.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { numbersIn } from '../lib/event-ids.ts';

/** What has come so far. */
export interface Taken {
  readonly requests: number;
  /** Of their bodies. */
  readonly bytes: number;
  /** Numbered events, and those among them that came more than once. */
  readonly events: number;
  readonly again: number;
}

const keep = process.argv[2] === 'keep';
const numbers = new Set<number>();
let requests = 0;
let bytes = 0;
let again = 0;
let down = false;

const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (keep) chunks.push(chunk);
  });
  request.on('end', () => {
    const { method, url } = request;
    if (method === 'PUT') down = url === '/down';
    else if (method === 'GET')
      return response.end(url === '/numbers' ? JSON.stringify([...numbers]) : taken());
    else if (down) response.statusCode = 503;
    else take(Buffer.concat(chunks).toString('latin1'));
    response.end();
  });
});

function take(text: string): void {
  requests++;
  for (const number of numbersIn(text)) {
    if (numbers.has(number)) again++;
    else numbers.add(number);
  }
}

function taken(): string {
  return JSON.stringify({ requests, bytes, events: numbers.size, again } satisfies Taken);
}

server.listen(0, '127.0.0.1', () => {
  console.log(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
});
