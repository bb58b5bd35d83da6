import { once } from 'node:events';
import { request } from 'node:http';
import { connect, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { createFastPath } from '../../../../core/http/fast-path.ts';
import { type RunningServer, type ServerOptions, startServer } from '../../../../core/http/server.ts';
import { JournalFullError } from '../../../../core/journal/journal.ts';
import { EVENT, setup } from './setup.ts';

const running: RunningServer[] = [];
const sockets: Socket[] = [];
const now = () => AbortSignal.abort();

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  for (const server of running.splice(0)) await server.stop(now());
});

async function start(options: Parameters<typeof setup>[0] = {}, server: Partial<ServerOptions> = {}) {
  const context = await setup(options);
  const { app, ingest, bodies, noteRefusal, maxBody, log } = context;
  const started = await startServer({
    fetch: app.fetch,
    fastPath: createFastPath({ ingest, bodies, noteRefusal, log }),
    at: { host: '127.0.0.1', port: 0 },
    maxConnections: 1000,
    maxBody,
    log,
    ...server,
  });
  running.push(started);
  return { ...context, server: started };
}

/** A connection that keeps all it was answered. */
async function open(server: RunningServer) {
  const socket = connect(server.port, '127.0.0.1').on('error', () => {});
  sockets.push(socket);
  await once(socket, 'connect');
  let text = '';
  socket.on('data', (chunk) => {
    text += chunk.toString('latin1');
  });
  const answers = () => text.match(/HTTP\/1\.1 \d+/g) ?? [];
  return { socket, text: () => text, answers };
}

const HEAD = `POST / HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\nContent-Length: ${EVENT.length}\r\n`;

describe('startServer', () => {
  it('takes what Falco sends, many on one connection, with its odd headers', async () => {
    const { server, stored } = await start();
    const { socket, text, answers } = await open(server);
    for (let i = 1; i <= 3; i++) {
      socket.write(`${HEAD}User-Agent: falcosecurity/falco\r\nTE: gzip\r\nConnection: TE\r\n\r\n${EVENT}`);
      await expect.poll(() => answers().length).toBe(i);
    }
    expect(answers()).toEqual(['HTTP/1.1 200', 'HTTP/1.1 200', 'HTTP/1.1 200']);
    expect(text()).not.toMatch(/transfer-encoding/i);
    expect(text()).toMatch(/keep-alive: timeout=75/i);
    expect(await stored()).toEqual([EVENT, EVENT, EVENT]);
  });

  it('tells a client that asks first to go on, and one that asks too much not to', async () => {
    const { server, stored } = await start({ maxBody: 1000 });
    const small = await open(server);
    small.socket.write(`${HEAD}Expect: 100-continue\r\n\r\n`);
    await expect.poll(() => small.text()).toContain('HTTP/1.1 100 Continue');
    small.socket.write(EVENT);
    await expect.poll(() => small.text()).toContain('HTTP/1.1 200');
    const large = await open(server);
    large.socket.write(
      'POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 2000000\r\nExpect: 100-continue\r\n\r\n',
    );
    await expect.poll(() => large.text()).toContain('HTTP/1.1 413');
    expect(large.text()).not.toContain('100 Continue');
    expect(await stored()).toEqual([EVENT]);
  });

  it('stops reading a chunked body at the limit', async () => {
    const { server } = await start({ maxBody: 10_000 });
    const { socket, text } = await open(server);
    socket.write('POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n');
    for (let i = 0; i < 3; i++) socket.write(`1388\r\n${' '.repeat(5000)}\r\n`);
    await expect.poll(() => text()).toContain('HTTP/1.1 413');
    expect(text()).toMatch(/connection: close/i);
  });

  it('keeps nothing of a body that ends early', async () => {
    const { server, stored, counts } = await start();
    const { socket } = await open(server);
    socket.write(`${HEAD}\r\n${EVENT.slice(0, 20)}`);
    socket.destroy();
    const next = await open(server);
    next.socket.write(`${HEAD}\r\n${EVENT}`);
    await expect.poll(() => next.answers()).toEqual(['HTTP/1.1 200']);
    expect(await stored()).toEqual([EVENT]);
    expect(counts.received).toBe(1);
  });

  it('answers a malformed request, HTTP/1.0 and an odd Host without falling', async () => {
    const { server } = await start();
    for (const [text, status] of [
      ['nonsense\r\n\r\n', 400],
      ['GET /ping HTTP/1.0\r\n\r\n', 200],
      ['GET /ping HTTP/1.1\r\nHost: a b\r\n\r\n', 400],
      ['GET /ping HTTP/1.1\r\nHost: h\r\n\r\n', 200],
      ['GET //evil/../ping HTTP/1.1\r\nHost: h\r\n\r\n', 404],
      [`GET /${'a'.repeat(40_000)} HTTP/1.1\r\nHost: h\r\n\r\n`, 431],
    ] as const) {
      const { socket, text: answered } = await open(server);
      socket.write(text);
      await expect
        .poll(() => `${text.slice(0, 40)}: ${answered().slice(8, 12)}`)
        .toBe(`${text.slice(0, 40)}:  ${status}`);
    }
  });

  it('lets no slow head of a request hold a connection, and others do not notice', async () => {
    const { server } = await start({}, { timeouts: { headers: 100 } });
    const slow = await open(server);
    slow.socket.write('POST / HTTP/1.1\r\nHost: h\r\n');
    const other = await open(server);
    other.socket.write(`${HEAD}\r\n${EVENT}`);
    await expect.poll(() => other.answers()).toEqual(['HTTP/1.1 200']);
    await expect.poll(() => slow.text(), { timeout: 5000 }).toContain('408');
  });

  it('closes connections beyond the limit', async () => {
    const { server } = await start({}, { maxConnections: 2 });
    const first = await open(server);
    await open(server);
    const third = await open(server);
    await once(third.socket, 'close');
    first.socket.write(`${HEAD}\r\n${EVENT}`);
    await expect.poll(() => first.answers()).toEqual(['HTTP/1.1 200']);
  });

  it('gives up waiting for room when the client goes away', async () => {
    let waiting: AbortSignal | undefined;
    const append = async () => {
      throw new JournalFullError('full');
    };
    const waitForRoom = (signal: AbortSignal) => {
      waiting = signal;
      return new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
    };
    const { server, counts, lines } = await start({ journal: { append, waitForRoom }, maxWait: 60_000 });
    const { socket } = await open(server);
    socket.write(`${HEAD}\r\n${EVENT}`);
    await expect.poll(() => waiting !== undefined).toBe(true);
    socket.destroy();
    await expect.poll(() => waiting?.aborted).toBe(true);
    await expect.poll(() => counts.full).toBe(1);
    expect(lines.map((line) => JSON.parse(line))).toContainEqual(
      expect.objectContaining({ reason: 'full', client: '127.0.0.1' }),
    );
  });

  it('finishes what has come in before it stops, and takes no new connection', async () => {
    let room: (() => void) | undefined;
    let full = true;
    const context = await setup();
    const journal = {
      append: async (entries: Parameters<typeof context.journal.append>[0]) => {
        if (full) throw new JournalFullError('full');
        return context.journal.append(entries);
      },
      waitForRoom: () => new Promise<void>((resolve) => (room = resolve)),
    };
    const { server } = await start({ journal, maxWait: 60_000 });
    const idle = await open(server);
    const busy = await open(server);
    busy.socket.write(`${HEAD}\r\n${EVENT}`);
    await expect.poll(() => room).toBeDefined();
    const stopped = server.stop(new AbortController().signal);
    await once(idle.socket, 'close');
    const late = connect(server.port, '127.0.0.1');
    const [error] = (await once(late, 'error')) as [NodeJS.ErrnoException];
    expect(error.code).toBe('ECONNREFUSED');
    full = false;
    room!();
    await stopped;
    await expect.poll(() => busy.answers()).toEqual(['HTTP/1.1 200']);
    expect(await context.stored()).toEqual([EVENT]);
  });

  it('does not wait for the rest of a head that does not come', async () => {
    const { server } = await start();
    const { socket, answers } = await open(server);
    socket.write(`${HEAD}\r\n${EVENT}${HEAD}`);
    await expect.poll(answers).toEqual(['HTTP/1.1 200']);
    const before = performance.now();
    await server.stop(new AbortController().signal);
    expect(performance.now() - before).toBeLessThan(5000);
  });

  it('answers a request whose head was half sent when it was stopped', async () => {
    const { server } = await start();
    const { socket, answers } = await open(server);
    socket.write(`${HEAD}\r\n${EVENT}${HEAD}`);
    await expect.poll(answers).toEqual(['HTTP/1.1 200']);
    const stopped = server.stop(new AbortController().signal);
    socket.write(`\r\n${EVENT}`);
    await stopped;
    await expect.poll(answers).toEqual(['HTTP/1.1 200', 'HTTP/1.1 200']);
  });

  it('cuts what is open when patience ends', async () => {
    let appending = false;
    const append = () => {
      appending = true;
      return new Promise<void>(() => {});
    };
    const { server } = await start({ journal: { append } });
    const { socket } = await open(server);
    socket.write(`${HEAD}\r\n${EVENT}`);
    await expect.poll(() => appending).toBe(true);
    await Promise.all([once(socket, 'close'), server.stop(AbortSignal.timeout(50))]);
  });

  it('says which address is taken', async () => {
    const { server, app, log } = await start();
    const again = startServer({
      fetch: app.fetch,
      at: { host: '127.0.0.1', port: server.port },
      maxConnections: 10,
      maxBody: 10,
      log,
    });
    await expect(again).rejects.toThrow(
      `cannot listen on 127.0.0.1:${server.port}: another process listens there`,
    );
  });

  it('answers a thousand connections at once', async () => {
    const { server, counts } = await start({}, { maxConnections: 2000 });
    const post = () =>
      new Promise<number>((resolve, reject) => {
        const call = request(
          { port: server.port, host: '127.0.0.1', method: 'POST', path: '/' },
          (answer) => {
            answer.resume().on('end', () => resolve(answer.statusCode ?? 0));
          },
        );
        call.on('error', reject).end(EVENT);
      });
    const statuses = await Promise.all(Array.from({ length: 1000 }, post));
    expect(new Set(statuses)).toEqual(new Set([200]));
    expect(counts.received).toBe(1000);
  });
});
