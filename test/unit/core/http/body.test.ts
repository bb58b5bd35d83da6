import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setImmediate as nextTick } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import { createBodies, ownTick, SMALL_BODY } from '../../../../core/http/body.ts';
import { createFastPath } from '../../../../core/http/fast-path.ts';
import { type RunningServer, startServer } from '../../../../core/http/server.ts';
import { createFakeClock } from '../../../support/fake-clock.ts';
import { EVENT, setup } from './setup.ts';

const KB = 1024;
const MAX_BODY = 1024 * KB;
const running: RunningServer[] = [];
const sockets: Socket[] = [];

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  for (const server of running.splice(0)) await server.stop(AbortSignal.abort());
});

/** The way in on real sockets; only the time is not real. `hold` keeps appends from ending. */
async function start(budgets?: { small: number; large: number }, maxWait = 30_000) {
  const clock = createFakeClock();
  let release = () => {};
  let held: Promise<void> | undefined;
  const real = await setup({ maxBytes: 64 << 20 });
  const append: typeof real.journal.append = async (entries) => {
    await held;
    return real.journal.append(entries);
  };
  const context = await setup({
    journal: { append },
    maxBody: MAX_BODY,
    maxWait,
    bodies: { clock, ...(budgets && { budgets }) },
  });
  const { app, ingest, bodies, noteRefusal, log } = context;
  const server = await startServer({
    fetch: app.fetch,
    fastPath: createFastPath({ ingest, bodies, noteRefusal, log }),
    at: { host: '127.0.0.1', port: 0 },
    maxConnections: 1000,
    maxBody: MAX_BODY,
    log,
  });
  running.push(server);
  return {
    ...context,
    clock,
    server,
    hold: () => {
      held = new Promise((resolve) => (release = resolve));
    },
    release: () => release(),
  };
}

interface Client {
  readonly socket: Socket;
  /** All that was answered. */
  text(): string;
  closed(): boolean;
}

async function open(server: RunningServer): Promise<Client> {
  const socket = connect(server.port, '127.0.0.1').on('error', () => {});
  sockets.push(socket);
  await once(socket, 'connect');
  let text = '';
  let closed = false;
  socket.on('data', (chunk) => {
    text += chunk.toString('latin1');
  });
  socket.on('close', () => {
    closed = true;
  });
  return { socket, text: () => text, closed: () => closed };
}

const head = (path: string, length: number, more = '') =>
  `POST ${path} HTTP/1.1\r\nHost: h\r\nContent-Length: ${length}\r\n${more}\r\n`;

/** An event of a size. */
const eventOf = (bytes: number) => EVENT.replace('"R"', `"${'R'.repeat(bytes - EVENT.length + 1)}"`);

const statusOf = ({ text }: Client) => Number(/^HTTP\/1\.1 (\d+)/.exec(text())?.[1] ?? 0);

/** Sends a request, all of its body or the first bytes of it. */
async function send(server: RunningServer, path: string, body: string, bytes = body.length) {
  const client = await open(server);
  client.socket.write(head(path, body.length) + body.slice(0, bytes));
  return client;
}

/** Lets what was sent to a local port arrive and be read. */
async function arrival() {
  for (let i = 0; i < 20; i++) await new Promise((resolve) => setTimeout(resolve, 2));
}

describe('memory for bodies', () => {
  it('is taken by what has come, not by what was announced: idle uploads hold nothing up', async () => {
    const { server, counts } = await start();
    for (let i = 0; i < 20; i++) {
      const idle = await open(server);
      idle.socket.write(head('/events', MAX_BODY, i % 2 === 0 ? 'Content-Encoding: gzip\r\n' : ''));
      idle.socket.write('\x1f');
    }
    const lines = `${EVENT}\n`.repeat(Math.floor(MAX_BODY / (EVENT.length + 1)));
    const bulk = await send(server, '/events', lines);
    await expect.poll(() => statusOf(bulk)).toBe(202);
    const large = await send(server, '/', eventOf(MAX_BODY));
    await expect.poll(() => statusOf(large)).toBe(200);
    expect(counts.full).toBe(0);
  });

  it('refuses POST /events at once where it is used up', async () => {
    const { server, counts, hold, release } = await start({ small: 64 * KB, large: 256 * KB });
    hold();
    const first = await send(server, '/events', eventOf(200 * KB));
    await arrival();
    const second = await send(server, '/events', eventOf(200 * KB));
    await expect.poll(() => statusOf(second)).toBe(429);
    expect(second.text()).toMatch(/retry-after: \d+/i);
    expect(second.text()).toContain('use up the memory for bodies');
    expect(counts.full).toBe(1);
    release();
    await expect.poll(() => statusOf(first)).toBe(202);
    const third = await send(server, '/events', eventOf(200 * KB));
    await expect.poll(() => statusOf(third)).toBe(202);
  });

  it('lets POST / wait, and takes it when there is some', async () => {
    const { server, counts, hold, release } = await start({ small: 64 * KB, large: 1024 * KB });
    hold();
    // The third exceeds the budget, as one may; the fourth waits.
    const clients: Client[] = [];
    for (let i = 0; i < 4; i++) {
      clients.push(await send(server, '/', eventOf(450 * KB)));
      await arrival();
    }
    expect(clients.map(statusOf)).toEqual([0, 0, 0, 0]);
    release();
    await expect.poll(() => clients.map(statusOf)).toEqual([200, 200, 200, 200]);
    expect(counts).toMatchObject({ received: 4, full: 0 });
  });

  it('answers POST / 503 when it has waited max_wait, not before', async () => {
    const { clock, server, counts, hold, release } = await start({ small: 64 * KB, large: 1024 * KB });
    hold();
    const clients = [await send(server, '/', eventOf(1000 * KB))];
    await arrival();
    clients.push(await send(server, '/', eventOf(200 * KB)));
    await arrival();
    // The one before exceeds the budget; this one has stopped, which is no fault of its sender.
    const waiting = await send(server, '/', eventOf(200 * KB), 100 * KB);
    await arrival();
    await clock.advance(29_999);
    expect([statusOf(waiting), counts.slow]).toEqual([0, 0]);
    await clock.advance(1);
    await expect.poll(() => statusOf(waiting)).toBe(503);
    expect(waiting.text()).toMatch(/no_room/);
    release();
    await expect.poll(() => clients.map(statusOf)).toEqual([200, 200]);
    expect(counts).toMatchObject({ received: 2, slow: 0, full: 1 });
  });

  it('does not let bodies wait for each other for ever that hold a part each', async () => {
    const { server, counts } = await start({ small: 64 * KB, large: 4096 * KB });
    const body = eventOf(900 * KB);
    const clients: Client[] = [];
    for (let i = 0; i < 10; i++) clients.push(await send(server, '/', body, 450 * KB));
    await arrival();
    for (const { socket } of clients) socket.write(body.slice(450 * KB));
    await expect.poll(() => clients.map(statusOf), { timeout: 5000 }).toEqual(Array(10).fill(200));
    expect(counts).toMatchObject({ received: 10, full: 0 });
  });

  it('is charged for decompressed bytes as they are produced', async () => {
    const { server, counts } = await start({ small: 64 * KB, large: 256 * KB });
    const packed = async (path: string, text: string) => {
      const bytes = gzipSync(text);
      expect(bytes.length).toBeLessThan(8 * KB);
      const client = await open(server);
      client.socket.write(head(path, bytes.length, 'Content-Encoding: gzip\r\n'));
      client.socket.write(bytes);
      return client;
    };
    const fits = await packed('/events', eventOf(100 * KB));
    await expect.poll(() => statusOf(fits)).toBe(202);
    const much = await packed('/events', eventOf(900 * KB));
    await expect.poll(() => statusOf(much)).toBe(429);
    const bomb = await packed('/', eventOf(2 * MAX_BODY));
    await expect.poll(() => statusOf(bomb)).toBe(413);
    const alone = await packed('/', eventOf(900 * KB));
    await expect.poll(() => statusOf(alone)).toBe(200);
    expect(counts).toMatchObject({ received: 2, full: 1, invalid: 1 });
  });

  it('has a part for small bodies, which large ones do not take', async () => {
    const { server, hold, release } = await start({ small: 256 * KB, large: 256 * KB });
    hold();
    await send(server, '/events', eventOf(256 * KB));
    await arrival();
    release();
    const small = await send(server, '/', eventOf(SMALL_BODY));
    await expect.poll(() => statusOf(small)).toBe(200);
    hold();
    await send(server, '/', eventOf(800 * KB));
    await arrival();
    const refused = await send(server, '/events', eventOf(SMALL_BODY + 1));
    await expect.poll(() => statusOf(refused)).toBe(429);
  });

  it('keeps small bodies within bounds while the journal is full, however many connections bring one', async () => {
    const { server, counts, hold, release } = await start({ small: 1024 * KB, large: 256 * KB });
    hold();
    const clients: Client[] = [];
    for (let i = 0; i < 60; i++) clients.push(await send(server, '/', eventOf(60 * KB)));
    await arrival();
    const kept = () => clients.filter(({ closed }) => !closed());
    await expect.poll(() => kept().length).toBeLessThanOrEqual(26);
    expect(kept().length).toBeGreaterThanOrEqual(17);
    // None is answered: for Falco any answer would be a success.
    expect(new Set(clients.map(statusOf))).toEqual(new Set([0]));
    expect(counts.full).toBe(60 - kept().length);
    const left = kept();
    release();
    await expect.poll(() => new Set(left.map(statusOf))).toEqual(new Set([200]));
    const next = await send(server, '/', EVENT);
    await expect.poll(() => statusOf(next)).toBe(200);
  });
});

describe('the rate of bodies', () => {
  it.each([
    ['/', 'small', EVENT.length],
    ['/', 'large', SMALL_BODY + 1],
    ['/events', 'bulk', MAX_BODY],
  ])('answers 408 on %s to a %s body that is slow, counts it, and serves others', async (path, _, length) => {
    const { clock, server, counts, lines } = await start();
    const slow = await open(server);
    slow.socket.write(`${head(path, length)}{`);
    await arrival();
    await clock.advance(10_000);
    expect(statusOf(slow)).toBe(0);
    const other = await send(server, '/', EVENT);
    await expect.poll(() => statusOf(other)).toBe(200);
    await clock.advance(1000);
    await expect.poll(() => statusOf(slow)).toBe(408);
    expect(slow.text()).toMatch(/connection: close/i);
    expect(slow.text()).toContain('"code":"slow"');
    expect(counts).toMatchObject({ slow: 1, received: 1 });
    expect(lines.join('')).toContain('"reason":"slow"');
  });

  it('does not take a sender for slow that waits for its answer', async () => {
    const { clock, server, counts, hold, release } = await start();
    hold();
    const waiting = await send(server, '/', EVENT);
    await arrival();
    await clock.advance(300_000);
    release();
    await expect.poll(() => statusOf(waiting)).toBe(200);
    expect(counts).toMatchObject({ slow: 0, received: 1 });
  });
});

it('tells how long a body has waited for memory', async () => {
  const clock = createFakeClock();
  const budgets = { small: 64 * KB, large: 1024 * KB };
  const bodies = createBodies({ maxBody: MAX_BODY, maxWait: 30_000, budgets, clock });
  let release = () => {};
  const held = new Promise<void>((resolve) => (release = resolve));
  const read = (kilobytes: number) => {
    const chunks = Array.from({ length: kilobytes / 50 }, () => new Uint8Array(50 * KB));
    const init = { method: 'POST', body: ReadableStream.from(chunks), duplex: 'half' } as RequestInit;
    const request = new Request('http://h/', init);
    return bodies.read({ request }, 'wait', async (_, waited) => {
      await held;
      return waited;
    });
  };
  const all = [read(1000)];
  await arrival();
  // The second exceeds the budget, as one may; the third waits.
  all.push(read(200));
  await arrival();
  all.push(read(200));
  await arrival();
  await clock.advance(5000);
  release();
  expect(await Promise.all(all)).toEqual([0, 0, 5000]);
});

it('hands over one large body in a turn of the event loop, so that others get theirs', async () => {
  const bodies = createBodies({ maxBody: MAX_BODY, maxWait: 0 });
  const large = new Uint8Array(SMALL_BODY + 1);
  let turn = 0;
  let over = false;
  const count = () => {
    turn++;
    if (!over) setImmediate(count);
  };
  setImmediate(count);
  const turns = await Promise.all(
    Array.from({ length: 20 }, () => {
      const request = new Request('http://h/', { method: 'POST', body: large });
      return bodies.read({ request }, 'wait', async () => turn);
    }),
  );
  over = true;
  expect(new Set(turns).size).toBe(20);
});

it('each who asks gets a turn of its own, in order', async () => {
  const log: string[] = [];
  for (const name of ['a', 'b', 'c']) void ownTick().then(() => log.push(name));
  expect(log).toEqual([]);
  for (let turns = 0; log.length < 3; turns++) {
    expect(turns).toBeLessThan(10);
    const before = log.length;
    await nextTick();
    expect(log.length - before).toBeLessThanOrEqual(1);
  }
  expect(log).toEqual(['a', 'b', 'c']);
});
