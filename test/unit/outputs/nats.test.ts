import { type AddressInfo, createServer, type Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import type { Event } from '../../../core/index.ts';
import nats from '../../../outputs/nats.ts';
import { batchOf, calm, contextOf, eventOf } from './support.ts';

interface Published {
  readonly subject: string;
  readonly headers: string;
  readonly payload: string;
}

/**
 * As much of a NATS server as a publisher meets: INFO, PING, PUB, HPUB, and an answer of the stream to those who ask for one.
 * The real server is in the services tier.
 */
async function natsServer(acknowledge: (message: Published) => string | undefined) {
  const published: Published[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    const inboxes = new Map<string, string>();
    let buffer = '';
    const answer = (reply: string, payload: string) => {
      for (const [pattern, sid] of inboxes) {
        if (reply.startsWith(pattern.replace(/\*$/, ''))) {
          socket.write(`MSG ${reply} ${sid} ${payload.length}\r\n${payload}\r\n`);
        }
      }
    };
    socket.on('error', () => {});
    socket.on('data', (chunk) => {
      buffer += chunk.toString('latin1');
      for (;;) {
        const end = buffer.indexOf('\r\n');
        if (end < 0) return;
        const [verb = '', ...words] = buffer.slice(0, end).split(' ');
        const total = /PUB/.test(verb) ? Number(words.at(-1)) + 2 : 0;
        if (buffer.length < end + 2 + total) return;
        const body = buffer.slice(end + 2, end + total);
        buffer = buffer.slice(end + 2 + total);
        if (verb === 'PING') socket.write('PONG\r\n');
        if (verb === 'SUB') inboxes.set(words[0]!, words.at(-1)!);
        if (total === 0) continue;
        const headerBytes = verb === 'HPUB' ? Number(words.at(-2)) : 0;
        const message = {
          subject: words[0]!,
          headers: body.slice(0, headerBytes),
          payload: body.slice(headerBytes),
        };
        published.push(message);
        const reply = words.length > (verb === 'HPUB' ? 3 : 2) ? words[1] : undefined;
        const text = acknowledge(message);
        if (reply !== undefined && text !== undefined) answer(reply, text);
      }
    });
    socket.write(
      'INFO {"server_id":"S","version":"2.12.0","headers":true,"max_payload":1048576,"proto":1}\r\n',
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    published,
    stop: () => {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}

const events = { map: (event: Event) => ({ ok: true, record: event }) as const };
type Options = Omit<Parameters<typeof nats.create>[0], 'servers'>;
const create = (url: string, options: Options = {}) =>
  nats.create({ servers: [url], ...options }, contextOf<unknown>(events));
const batch = () => batchOf<unknown>([1, 2].map((n) => eventOf({ id: `id-${n}`, rule: `Rule * > ${n}` })));

describe('nats', () => {
  it('is delivered when the stream has each event, under its id', async () => {
    let sequence = 0;
    const server = await natsServer(() => `{"stream":"F","seq":${++sequence}}`);
    const output = create(server.url);
    await output.start?.(calm());
    expect(await output.deliver(batch(), calm())).toEqual({ status: 'delivered' });
    expect(server.published.map(({ subject }) => subject)).toEqual([
      'falco.warning.rule-1',
      'falco.warning.rule-2',
    ]);
    expect(server.published[0]?.headers).toMatch(/Nats-Msg-Id: ?id-1/);
    expect(JSON.parse(server.published[0]!.payload)).toMatchObject({ rule: 'Rule * > 1' });
    await output.stop?.(calm());
    server.stop();
  });

  it('tries again what the stream did not take', async () => {
    const server = await natsServer(({ headers }) =>
      /id-2/.test(headers)
        ? '{"error":{"code":503,"description":"insufficient resources"}}'
        : '{"stream":"F","seq":1}',
    );
    const output = create(server.url);
    expect(await output.deliver(batch(), calm())).toMatchObject({ status: 'retry', failed: [1] });
    await output.stop?.(calm());
    server.stop();
  });

  it('publishes without a stream when told to, to a subject that is one', async () => {
    const server = await natsServer(() => undefined);
    const output = create(server.url, { jetstream: false, subject: 'a.{{ rule }}..b' });
    expect(await output.deliver(batch(), calm())).toEqual({ status: 'delivered' });
    expect(server.published[0]?.subject).toBe('a.Rule_1._.b');
    await output.stop?.(calm());
    server.stop();
  });

  it('settles after the abort while the stream says nothing, and throws while nobody listens', async () => {
    const server = await natsServer(() => undefined);
    const output = create(server.url);
    await output.start?.(calm());
    const abort = new AbortController();
    setTimeout(() => abort.abort(), 20);
    await expect(output.deliver(batch(), abort.signal)).rejects.toThrow(/in time/);
    await output.stop?.(calm());
    server.stop();
    await expect(create(server.url).start?.(calm())).rejects.toThrow();
  });
});
