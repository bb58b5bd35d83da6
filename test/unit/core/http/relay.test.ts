import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createRelay, PEER_HEADER } from '../../../../core/http/relay.ts';
import { type RunningServer, startServer } from '../../../../core/http/server.ts';

const folder = mkdtempSync(join(tmpdir(), 'tiercel-relay-'));
const socketPath = join(folder, 'main.sock');
const log = { debug() {}, info() {}, warn() {}, error() {} };
let main: Server;
let front: RunningServer;

beforeAll(async () => {
  main = createServer((incoming, outgoing) => {
    if (incoming.url === '/cut') return void incoming.socket.destroy();
    if (incoming.url === '/stream') return void outgoing.write('first\n');
    if (incoming.url === '/early') {
      incoming.resume();
      return void outgoing.writeHead(404).end('early');
    }
    const chunks: Buffer[] = [];
    incoming.on('data', (chunk) => chunks.push(chunk));
    incoming.on('end', () => {
      const { method, url, headers } = incoming;
      outgoing.writeHead(418, { 'x-own': 'kept', 'content-type': 'application/json' });
      outgoing.end(
        JSON.stringify({
          method,
          url,
          peer: headers[PEER_HEADER],
          body: `${Buffer.concat(chunks)}`,
          auth: headers.authorization,
        }),
      );
    });
  }).listen(socketPath);
  await once(main, 'listening');
  front = await startServer({
    fetch: () => new Response('here'),
    direct: createRelay(socketPath),
    at: { host: '127.0.0.1', port: 0 },
    maxConnections: 100,
    maxBody: 1000,
    log,
  });
});
afterAll(async () => {
  await front.stop(AbortSignal.abort());
  main.closeAllConnections();
  main.close();
  rmSync(folder, { recursive: true, force: true });
});

test('an answer that comes before the request was sent reaches the client, which can send the rest', async () => {
  const size = 8 << 20;
  const socket = connect({ port: front.port, host: '127.0.0.1', allowHalfOpen: true });
  let answer = '';
  let failure: Error | undefined;
  socket.on('data', (data) => {
    answer += data.toString('latin1');
  });
  socket.on('error', (error) => {
    failure = error;
  });
  const closed = new Promise((resolve) => socket.once('close', resolve));
  socket.write(`PUT /early HTTP/1.1\r\nHost: h\r\nContent-Length: ${size}\r\n\r\n`);
  const chunk = Buffer.alloc(64 * 1024, ' ');
  for (let sent = 0; sent < size && !socket.destroyed; sent += chunk.length)
    if (!socket.write(chunk)) await Promise.race([new Promise((go) => socket.once('drain', go)), closed]);
  // The connection may go on, so the client ends it.
  socket.end();
  await closed;
  expect([failure, answer.slice(0, 12)]).toEqual([undefined, 'HTTP/1.1 404']);
}, 10_000);

test('what brings no events goes on with all it has, and the answer comes back', async () => {
  const answer = await fetch(`${front.url}/journal?x=%20y`, {
    method: 'DELETE',
    body: 'a body',
    headers: { authorization: 'Bearer x' },
  });
  expect([answer.status, answer.headers.get('x-own')]).toEqual([418, 'kept']);
  expect(await answer.json()).toEqual({
    method: 'DELETE',
    url: '/journal?x=%20y',
    peer: '127.0.0.1',
    body: 'a body',
    auth: 'Bearer x',
  });
});

test.each(['/', '/events', '/events?x=1'])('events stay here: POST %s', async (path) => {
  expect(await (await fetch(front.url + path, { method: 'POST' })).text()).toBe('here');
});

test.each(['GET', 'PUT'])('what is no POST of events goes on: %s /', async (method) => {
  expect((await fetch(front.url, { method })).status).toBe(418);
});

test('nobody says of himself who he is', async () => {
  const answer = await fetch(`${front.url}/x`, { headers: { [PEER_HEADER]: '10.0.0.1' } });
  expect(await answer.json()).toMatchObject({ peer: '127.0.0.1' });
});

test('a stream comes through as it is written, and ends on both sides', async () => {
  const answer = await fetch(`${front.url}/stream`);
  const reader = answer.body!.getReader();
  expect(`${Buffer.from((await reader.read()).value!)}`).toBe('first\n');
  const gone = once(main, 'request').catch(() => {});
  await reader.cancel();
  void gone;
});

test('a main process that does not answer is said so', async () => {
  const answer = await fetch(`${front.url}/cut`);
  expect([answer.status, (await answer.json()) as unknown]).toEqual([
    502,
    { error: { code: 'internal', reason: expect.stringContaining('no answer from the main process') } },
  ]);
});

test('a target that cannot be passed on is refused, and the connection goes on', async () => {
  const socket = connect(front.port, '127.0.0.1');
  let text = '';
  socket.on('data', (chunk) => {
    text += chunk;
  });
  socket.write('GET /a\u00ff\u0100b HTTP/1.1\r\nHost: h\r\n\r\nGET /fine HTTP/1.1\r\nHost: h\r\n\r\n');
  await expect.poll(() => text.match(/HTTP\/1\.1 \d+/g)?.length).toBeGreaterThanOrEqual(1);
  socket.destroy();
});
