import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import type { Duplex } from 'node:stream';
import { type ConnectionOptions, connect as connectSecurely } from 'node:tls';
import { afterEach, describe, expect, it } from 'vitest';
import type { AppOptions } from '../../../../core/http/app.ts';
import { createFastPath } from '../../../../core/http/fast-path.ts';
import { type RunningServer, type ServerOptions, startServer } from '../../../../core/http/server.ts';
import { EVENT, setup } from './setup.ts';

const pem = (name: string) => readFileSync(new URL(`../../../fixtures/tls/${name}`, import.meta.url), 'utf8');
const tls = { cert: pem('server.crt'), key: pem('server.key') };
const MAX_BODY = 1000;
const MIB = 1 << 20;
const CHUNK = Buffer.alloc(64 * 1024, ' ');

let server: RunningServer | undefined;
afterEach(async () => {
  await server?.stop(AbortSignal.abort());
});

async function start(options: Partial<ServerOptions> = {}, app: Partial<AppOptions> = {}) {
  const context = await setup({ maxBody: MAX_BODY, app });
  const { ingest, bodies, noteRefusal, log } = context;
  server = await startServer({
    fetch: context.app.fetch,
    fastPath: createFastPath({ ingest, bodies, noteRefusal, log }),
    at: { host: '127.0.0.1', port: 0 },
    maxConnections: 10,
    maxBody: MAX_BODY,
    log,
    ...options,
  });
  return { ...context, port: server.port };
}

/** Sends the head of a request, and keeps what is said to it. */
function begin(socket: Duplex, target: string, length: number | 'chunked') {
  const body = length === 'chunked' ? 'Transfer-Encoding: chunked' : `Content-Length: ${length}`;
  const seen = { answer: '', error: undefined as Error | undefined };
  socket.on('error', (error) => {
    seen.error = error;
  });
  socket.on('data', (data: Buffer) => {
    seen.answer += data.toString('latin1');
  });
  const closed = new Promise((resolve) => socket.once('close', resolve));
  socket.write(`${target} HTTP/1.1\r\nHost: h\r\n${body}\r\n\r\n`);
  return { seen, closed };
}

/** Writes so many bytes, as fast as they are taken; gives up when the connection does. */
async function pour(socket: Duplex, bytes: number): Promise<void> {
  for (let sent = 0; sent < bytes && !socket.destroyed; sent += CHUNK.length) {
    if (socket.write(CHUNK)) continue;
    const waited = new AbortController();
    const { signal } = waited;
    await Promise.race([once(socket, 'drain', { signal }), once(socket, 'close', { signal })]).catch(
      () => {},
    );
    waited.abort();
  }
}

describe('a client that is answered before it has sent its request', () => {
  it.each([
    ['413', 'POST /events', {}],
    ['413', 'POST /', {}],
    ['401', 'POST /events', { auth: { bearer: ['t'] } }],
    ['404', 'POST /nowhere', {}],
    ['405', 'PUT /', {}],
  ])('reads its %s though it goes on sending: %s', async (status, target, app) => {
    const { port } = await start({}, app);
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    const { seen, closed } = begin(socket, target, 8 * MIB);
    await pour(socket, 8 * MIB);
    socket.end();
    await closed;
    expect(seen.answer).toContain(`HTTP/1.1 ${status}`);
    expect(seen.error).toBeUndefined();
    expect(JSON.parse(seen.answer.slice(seen.answer.indexOf('{')))).toHaveProperty('error.reason');
  });

  it('reads its answer also when it sends slowly', async () => {
    const { port } = await start({}, { auth: { bearer: ['t'] } });
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    const { seen, closed } = begin(socket, 'POST /events', 8 * MIB);
    // Longer than the HTTP library waits for the rest.
    await new Promise((resolve) => setTimeout(resolve, 600));
    await pour(socket, 8 * MIB);
    socket.end();
    await closed;
    expect(seen.error).toBeUndefined();
    expect(seen.answer).toContain('HTTP/1.1 401');
  });

  it('reads its answer also through TLS, and without a length', async () => {
    const { port } = await start({ tls });
    // The types know it of connections without TLS only.
    const halfOpen = { allowHalfOpen: true } as ConnectionOptions;
    const socket = connectSecurely({ port, host: '127.0.0.1', ca: pem('ca.crt'), ...halfOpen });
    const { seen, closed } = begin(socket, 'POST /events', 'chunked');
    socket.write('800000\r\n');
    await pour(socket, 8 * MIB);
    socket.end('\r\n0\r\n\r\n');
    await closed;
    expect(seen.error).toBeUndefined();
    expect(seen.answer).toContain('HTTP/1.1 413');
  });

  it('is told at once that nothing more will be said', async () => {
    const { port } = await start();
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    const { seen } = begin(socket, 'POST /events', 8 * MIB);
    await once(socket, 'end');
    expect(seen.answer).toMatch(/^HTTP\/1\.1 413 [\s\S]*connection: close/i);
    socket.destroy();
  });

  it('can use its connection again when it was not told otherwise', async () => {
    const { port } = await start({}, { auth: { bearer: ['t'] } });
    const socket = connect(port, '127.0.0.1');
    const { seen } = begin(socket, 'POST /events', CHUNK.length);
    await expect.poll(() => seen.answer).toContain('HTTP/1.1 401');
    await pour(socket, CHUNK.length);
    socket.write('GET /ping HTTP/1.1\r\nHost: h\r\n\r\n');
    await expect.poll(() => seen.answer).toContain('pong');
    socket.destroy();
  });

  it('has no further request taken on a connection that is closing', async () => {
    const { port, counts, stored } = await start();
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    const { closed } = begin(socket, 'POST /events', 2000);
    await once(socket, 'end');
    const second = `POST / HTTP/1.1\r\nHost: h\r\nContent-Length: ${EVENT.length}\r\n\r\n${EVENT}`;
    socket.end(`${' '.repeat(2000)}${second}`);
    await closed;
    // Whatever came in before the end is dealt with when the listener has stopped.
    await server?.stop(new AbortController().signal);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect([counts.received, await stored()]).toEqual([0, []]);
  });

  it('cannot hold the connection longer than the limit, however slowly it sends', async () => {
    const { port } = await start({ linger: { milliseconds: 200, bytes: MIB } });
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    const { closed } = begin(socket, 'POST /events', 8 * MIB);
    const began = performance.now();
    const drip = setInterval(() => socket.write(' '), 10);
    await closed.finally(() => clearInterval(drip));
    expect(performance.now() - began).toBeLessThan(3000);
  });

  it('cannot have more read than the limit, however fast it sends', async () => {
    const { port } = await start({ linger: { milliseconds: 60_000, bytes: MIB } });
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    const { closed } = begin(socket, 'POST /events', 1 << 30);
    await Promise.all([closed, pour(socket, 1 << 30)]);
    // What is beyond the limit waited in the buffers of the system at the most.
    expect(socket.bytesWritten).toBeLessThan(64 * MIB);
  });
});
