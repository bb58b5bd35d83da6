import type { Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import type { Output } from '../../../../core/sdk/index.ts';
import { parseSyslog } from '../../../support/syslog.ts';
import { startStreamServer } from '../../../support/syslog-server.ts';
import { until } from '../../../support/until.ts';
import { neverAborts } from '../support.ts';
import { batch, create, textsIn } from './support.ts';

const DELIVERED = { status: 'delivered' };
/** More than the buffers of a connection on this machine hold. */
const HUGE = Array.from({ length: 20 }, (_, n) => `${n} ${'x'.repeat(1_000_000)}`);

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function serve(...given: Parameters<typeof startStreamServer>) {
  const server = await startStreamServer(...given);
  closing.push(() => server.stop());
  return server;
}

function connect(...given: Parameters<typeof create>): Output<unknown> {
  const output = create(...given);
  closing.push(() => output.stop?.(neverAborts()));
  return output;
}

describe('syslog over TCP', () => {
  it.each(['octet_counting', 'newline'] as const)(
    'sends every message over one connection: %s',
    async (framing) => {
      const server = await serve();
      const output = connect(server.port, { framing });
      await output.start?.(neverAborts());
      const texts = ['plain', 'line\nbreak "quoted" \\', 'ünï €💥\u0000\u2028', ''];
      expect(await output.deliver(batch(...texts), neverAborts())).toEqual(DELIVERED);
      expect(await output.deliver(batch('second'), neverAborts())).toEqual(DELIVERED);
      await until('the messages', () => server.received()[0]?.includes('second'));
      expect(server.sockets).toHaveLength(1);
      expect(textsIn(server.received()[0]!, framing)).toEqual([...texts, 'second']);
    },
  );

  it('previews the messages', () => {
    const given = batch('a', 'b');
    const lines = String(connect(1).preview!(given)).split('\n');
    expect(lines.map((line) => parseSyslog(Buffer.from(line)).message)).toEqual(given.records);
  });

  it('sets aside a message that is too long, and sends the others', async () => {
    const server = await serve();
    const output = connect(server.port, { max_message_size: '480B' });
    const delivery = await output.deliver(batch('a', 'x'.repeat(500), 'b', 'y'.repeat(5_000)), neverAborts());
    expect(delivery).toMatchObject({ status: 'delivered', rejected: [{ index: 1 }, { index: 3 }] });
    expect(JSON.stringify(delivery)).toContain('more than max_message_size (480)');
    await until('the messages', () => server.received()[0]?.includes('"b"'));
    expect(textsIn(server.received()[0]!)).toEqual(['a', 'b']);
    const alone = await output.deliver(batch('x'.repeat(500)), neverAborts());
    expect(alone).toMatchObject({ rejected: [{ index: 0 }] });
  });

  it('measures a message in bytes', async () => {
    const server = await serve();
    const output = connect(server.port, { max_message_size: '480B' });
    expect(await output.deliver(batch('€'.repeat(150)), neverAborts())).toHaveProperty('rejected');
  });

  it('sees that the server has closed the connection before it writes', async () => {
    const server = await serve();
    const output = connect(server.port);
    for (const text of ['1', '2', '3']) {
      expect(await output.deliver(batch(text), neverAborts())).toEqual(DELIVERED);
      await until('the message', () => server.received().at(-1)!.includes(`"${text}"`));
      // The client has not been told when the next delivery begins.
      server.sockets.at(-1)!.destroy();
    }
    expect(server.received().map((bytes) => textsIn(bytes))).toEqual([['1'], ['2'], ['3']]);
  });

  it('fails while there is no server, and delivers when there is one', async () => {
    const first = await serve();
    const { port } = first;
    const output = connect(port);
    await output.start?.(neverAborts());
    await first.stop();
    await expect(output.deliver(batch('a'), neverAborts())).rejects.toThrow(
      `127.0.0.1:${port}: ECONNREFUSED: nothing listens there`,
    );
    const second = await serve({ port });
    expect(await output.deliver(batch('a'), neverAborts())).toEqual(DELIVERED);
    await until('the message', () => second.received()[0]?.includes('"a"'));
  });

  it('waits while the server does not read, and sends a batch again that was cut', async () => {
    const server = await serve({
      pauseOnConnect: true,
      accept: (socket, number) => number > 0 && socket.resume(),
    });
    const output = connect(server.port, { max_message_size: '2MiB' });
    const delivery = output.deliver(batch(...HUGE), neverAborts()).catch((error: Error) => error.message);
    await until('the connection', () => server.sockets[0]);
    expect(await Promise.race([delivery, new Promise((resolve) => setTimeout(resolve, 200, 'waits'))])).toBe(
      'waits',
    );
    server.sockets[0]!.resetAndDestroy();
    expect(await delivery).toContain('the connection was cut');
    expect(await output.deliver(batch(...HUGE), neverAborts())).toEqual(DELIVERED);
    await until('the batch', () => server.received()[1]!.includes('19 xxx'));
    await until('all of it', () => textsIn(server.received()[1]!).length === HUGE.length);
  });

  it('settles at the abort, and sends nothing after half a message', async () => {
    const server = await serve({
      pauseOnConnect: true,
      accept: (socket, number) => number > 0 && socket.resume(),
    });
    const output = connect(server.port, { max_message_size: '2MiB' });
    const abort = new AbortController();
    const delivery = output.deliver(batch(...HUGE), abort.signal).catch((error: Error) => error.message);
    await until('the first bytes', () => server.sockets.length > 0);
    const began = performance.now();
    abort.abort();
    expect(await delivery).toContain('in time');
    expect(performance.now() - began).toBeLessThan(1_000);
    expect(await output.deliver(batch('after'), neverAborts())).toEqual(DELIVERED);
    await until('the message', () => server.received()[1]?.includes('after'));
    expect(textsIn(server.received()[1]!)).toEqual(['after']);
  });

  it('closes the connection in good order', async () => {
    const server = await serve();
    const output = create(server.port);
    await output.deliver(batch('a'), neverAborts());
    await output.stop?.(neverAborts());
    await until('the end', () => server.endings.length > 0);
    expect(server.endings).toEqual(['end']);
  });
});

describe('syslog over TCP with confirm', () => {
  it('delivers each batch over a connection of its own, which the server has read', async () => {
    const server = await serve();
    const output = connect(server.port, { confirm: true });
    await output.start?.(neverAborts());
    for (const text of ['1', '2', '3']) {
      expect(await output.deliver(batch(text, `${text}b`), neverAborts())).toEqual(DELIVERED);
      // No waiting: the server has read it when the delivery is there.
      expect(textsIn(server.received().at(-1)!)).toEqual([text, `${text}b`]);
    }
    expect(server.sockets).toHaveLength(3);
  });

  it('does not call delivered what a server had not read when it was killed', async () => {
    const server = await serve({
      pauseOnConnect: true,
      // As the system closes the connections of a program that is killed.
      accept: (socket) => setTimeout(() => socket.destroy(), 100),
    });
    const output = connect(server.port, { confirm: true });
    await expect(output.deliver(batch('a'), neverAborts())).rejects.toThrow('the connection was cut');
  });

  it.each([
    ['closes', (socket: Socket) => socket.end()],
    ['cuts', (socket: Socket) => socket.destroy()],
  ])(
    'does not call delivered what is sent to a server that %s each connection at once',
    async (_, accept) => {
      const server = await serve({ accept, pauseOnConnect: true });
      const output = connect(server.port, { confirm: true });
      await expect(output.deliver(batch('a'), neverAborts())).rejects.toThrow(
        'the server has closed the connection',
      );
    },
  );

  it('settles at the abort while the server does not close', async () => {
    const server = await serve({ pauseOnConnect: true });
    const output = connect(server.port, { confirm: true });
    const abort = new AbortController();
    setTimeout(() => abort.abort(), 50);
    await expect(output.deliver(batch('a'), abort.signal)).rejects.toThrow('in time');
  });
});
