import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import type { Event, Finding, Output } from '../../core/sdk/index.ts';
import type { EventMembers } from '../../core/testing/index.ts';
import kafka from '../../outputs/kafka/index.ts';
import {
  batchOf,
  contextOf,
  eventOf,
  jsonTextMapper,
  neverAborts,
  recordingLogger,
} from '../unit/outputs/support.ts';
import { describeWith } from './describe.ts';
import { numberIn, survivesAnOutage } from './outage.ts';
import { KAFKA, type KafkaServer, PASSWORDS, startKafka } from './servers/kafka.ts';

type Options = Parameters<typeof kafka.create>[0];

const DEFAULTS: Omit<Options, 'brokers' | 'topic'> = {
  headers: { id: '{{ id }}', rule: '{{ rule }}' },
  compression: 'none',
  idempotent: true,
  max_message_size: 1024 * 1024,
  allow_topic_creation: false,
  client_id: 'tiercel',
};

/** Of now: brokers forget the sequences of a producer when its last record is a day old, by the time of the record. */
const event = (n: number, members: EventMembers = {}): Event =>
  eventOf({ id: `id-${n}`, rule: `rule ${n}`, fields: { n }, time: Date.now(), ...members });
const events = (from: number, to: number, membersOf: (n: number) => EventMembers = () => ({})): Event[] =>
  Array.from({ length: to - from }, (_, n) => event(from + n, membersOf(from + n)));
/** The number of an event in the value of a record. */
const numberOf = (value: string): number =>
  (JSON.parse(value) as { output_fields: { n: number } }).output_fields.n;
const batch = (list: readonly Event[]) =>
  batchOf<unknown>(
    list.map(({ raw }) => Buffer.from(raw).toString()),
    { events: list },
  );

describeWith(KAFKA, 'kafka, on Apache Kafka', () => {
  let server: KafkaServer;
  const outputs: Output[] = [];
  beforeAll(async () => {
    server = await startKafka();
  });
  afterAll(() => server?.stop());
  afterEach(async () => {
    for (const output of outputs.splice(0)) await output.stop?.(neverAborts());
  });

  function make(topic: string, options: Partial<Options> = {}): Output {
    const given = { ...DEFAULTS, topic, brokers: [server.plain], ...options };
    const output = kafka.create(given, contextOf(jsonTextMapper as never, recordingLogger())) as Output;
    outputs.push(output);
    return output;
  }

  /** Delivers as the framework does: what must be retried is sent again, a moment later. */
  async function deliver(output: Output, list: readonly Event[], attempts = 60): Promise<void> {
    let waiting = list;
    for (let attempt = 0; waiting.length > 0; attempt++) {
      const answer = await output
        .deliver(batch(waiting), AbortSignal.timeout(5000))
        .catch((error: Error) => ({ status: 'retry' as const, reason: error.message, failed: undefined }));
      if (answer.status === 'delivered') {
        expect(answer).toEqual({ status: 'delivered' });
        return;
      }
      if (answer.status === 'rejected' || attempt === attempts) throw new Error(answer.reason);
      waiting = (answer.failed ?? [...waiting.keys()]).map((index) => waiting[index]!);
      await new Promise((resolve) => setTimeout(resolve, 250));
    }
  }

  it('sends records that the consumer of Kafka reads, with key, headers and time', async () => {
    await server.createTopic('plain', 3);
    const time = Date.UTC(2026, 0, 2, 3, 4, 5, 678);
    const list = events(0, 50, (n) => ({ time, receivedAt: time + 1, hostname: `host-id-${n}` }));
    await deliver(make('plain', { key: '{{ hostname }}' }), list);
    const there = await server.consume('plain', 50);
    expect(there.map(({ headers }) => headers.id).sort()).toEqual(list.map(({ id }) => id).sort());
    for (const { key, value, headers, timestamp } of there) {
      expect(key).toBe(`host-${headers.id}`);
      expect(`id-${numberOf(value)}`).toBe(headers.id);
      expect(headers.rule).toBe(headers.id?.replace('id-', 'rule '));
      expect(timestamp).toBe(time);
    }
  });

  it('chooses the partition of a key as the producer of Kafka does', async () => {
    await server.createTopic('ours', 7);
    await server.createTopic('theirs', 7);
    const keys = Array.from({ length: 60 }, (_, n) => `host-${'é'.repeat(n % 3)}${n * 7919}`);
    const list = keys.map((hostname, n) => event(n, { hostname }));
    await deliver(make('ours', { key: '{{ hostname }}' }), list);
    await server.produce(
      'theirs',
      keys.map((key) => `${key}:x`),
    );
    const partitions = async (topic: string) =>
      Object.fromEntries((await server.consume(topic, 60)).map(({ key, partition }) => [key, partition]));
    expect(await partitions('ours')).toEqual(await partitions('theirs'));
  });

  it.each(['gzip', 'snappy', 'lz4', 'zstd'] as const)('compresses with %s', async (compression) => {
    if (compression === 'zstd' && !('zstdCompressSync' in (await import('node:zlib')))) return;
    await server.createTopic(`with-${compression}`, 1);
    await deliver(make(`with-${compression}`, { compression }), events(0, 200));
    const there = await server.consume(`with-${compression}`, 200);
    expect(there.map(({ value }) => numberOf(value))).toEqual(events(0, 200).map((_, n) => n));
  });

  it('sets aside what is too large and what a compacted topic does not take, and nothing else', async () => {
    await server.createTopic('small', 1, { 'max.message.bytes': '20000' });
    const list = events(0, 400);
    list[200] = event(200, { fields: { n: 200, x: 'x'.repeat(30_000) } });
    expect(await make('small').deliver(batch(list), neverAborts())).toEqual({
      status: 'delivered',
      rejected: [{ index: 200, reason: expect.stringContaining('MESSAGE_TOO_LARGE') }],
    });
    const there = await server.consume('small', 399);
    expect(there.map(({ headers }) => headers.id)).toEqual(
      list.filter((_, n) => n !== 200).map(({ id }) => id),
    );
    await server.createTopic('compacted', 1, { 'cleanup.policy': 'compact' });
    const keyed = events(0, 5, (n) => ({ hostname: n === 2 ? '' : 'host' }));
    expect(await make('compacted', { key: '{{ hostname }}' }).deliver(batch(keyed), neverAborts())).toEqual({
      status: 'delivered',
      rejected: [{ index: 2, reason: expect.stringMatching(/key/i) }],
    });
  });

  it('loses nothing, doubles nothing and keeps the order of a key while the broker is killed and comes back', async () => {
    await server.createTopic('restart', 3);
    const output = make('restart', { key: '{{ hostname }}' });
    const list = events(0, 3000, (n) => ({ hostname: `host-${n % 10}` }));
    let sent = 0;
    const sending = (async () => {
      for (; sent < list.length; sent += 20) await deliver(output, list.slice(sent, sent + 20), 400);
    })();
    for (const at of [500, 1500]) {
      while (sent < at) await new Promise((resolve) => setTimeout(resolve, 5));
      await server.outage();
      await server.restore();
    }
    await sending;
    // One more than there should be: a record that is there twice would be read, too.
    const there = await server.consume('restart', list.length + 1);
    expect(there).toHaveLength(list.length);
    for (let host = 0; host < 10; host++) {
      const mine = there.filter(({ key }) => key === `host-${host}`).map(({ headers }) => headers.id);
      expect(mine).toEqual(list.filter((_, n) => n % 10 === host).map(({ id }) => id));
    }
    // Two recoveries of a broker, beside whatever else the machine does.
  }, 300_000);

  it.each(['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512'] as const)(
    'authenticates with %s',
    async (mechanism) => {
      const topic = `by-${mechanism}`;
      await server.createTopic(topic, 1);
      const as = (username: keyof typeof PASSWORDS, password: string) =>
        make(topic, { brokers: [server.sasl], sasl: { mechanism, username, password } });
      await deliver(as('alice', PASSWORDS.alice), events(0, 5));
      expect(await server.consume(topic, 5)).toHaveLength(5);
      await expect(as('alice', 'not-the-password').start?.(neverAborts())).rejects.toThrow(
        /SASL_AUTHENTICATION_FAILED/,
      );
      // The user is right and has no permission.
      expect(
        await as('mallory', PASSWORDS.mallory).deliver(batch(events(0, 1)), neverAborts()),
      ).toMatchObject({
        status: 'retry',
        denied: true,
        reason: expect.stringMatching(/TOPIC_AUTHORIZATION_FAILED.*permission Write/),
      });
    },
  );

  it('authenticates with a bearer token from a file that is renewed', async () => {
    await server.createTopic('by-token', 1);
    const file = join(server.certificates, 'token');
    const token = (sub: string) => {
      const now = Math.floor(Date.now() / 1000);
      const parts = [{ alg: 'none' }, { sub, iat: now, exp: now + 300 }];
      return `${parts.map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.')}.`;
    };
    await writeFile(file, 'no-token\n');
    const output = make('by-token', {
      brokers: [server.sasl],
      sasl: { mechanism: 'OAUTHBEARER', token_file: file },
    });
    await expect(output.start?.(neverAborts())).rejects.toThrow(/SASL/);
    await writeFile(file, `${token('alice')}\n`);
    await deliver(output, events(0, 5));
    expect(await server.consume('by-token', 5)).toHaveLength(5);
  });

  it('shows a client certificate over TLS, and says what is wrong with one', async () => {
    await server.createTopic('by-certificate', 1);
    const pem = (name: string) => join(server.certificates, name);
    const over = (tls: object) =>
      make('by-certificate', { brokers: [server.tls], tls: { insecure: false, ...tls } });
    await deliver(over({ ca: pem('ca.pem'), cert: pem('client.pem'), key: pem('client.key') }), events(0, 5));
    expect(await server.consume('by-certificate', 5)).toHaveLength(5);
    await expect(over({ ca: pem('ca.pem') }).start?.(neverAborts())).rejects.toThrow(/certificate/i);
    const text = await readFile(pem('other.pem'), 'utf8');
    await expect(over({ ca: text }).start?.(neverAborts())).rejects.toThrow(/tls\.ca/);
    await expect(make('by-certificate', { brokers: [server.tls] }).start?.(neverAborts())).rejects.toThrow();
  });

  it('diagnoses the brokers, the topic and the permission', async () => {
    await server.createTopic('diagnosed', 2);
    const diagnose = async (output: Output) => {
      const found: Finding[] = [];
      for await (const one of output.diagnose!({ write: false, sample: event(0) }, neverAborts()))
        found.push(one);
      return found.map(({ status, what }) => `${what} ${status}`);
    };
    const all = ['connection ok', 'broker ok', 'topic ok', 'permission ok', 'producer id ok'];
    expect(await diagnose(make('diagnosed'))).toEqual(all);
    expect(await diagnose(make('nowhere'))).toEqual([
      'connection ok',
      'broker ok',
      'topic failed',
      'producer id ok',
    ]);
    const mallory = {
      brokers: [server.sasl],
      sasl: { mechanism: 'PLAIN' as const, username: 'mallory', password: PASSWORDS.mallory },
    };
    expect((await diagnose(make('diagnosed', mallory)))[2]).toBe('topic failed');
  });
});

survivesAnOutage(KAFKA.programs, 'kafka', {
  start: startKafka,
  prepare: (server) => (server as KafkaServer).createTopic('falco', 3),
  once: true,
  output: (server) => `    type: kafka\n    brokers: ["${(server as KafkaServer).plain}"]\n    topic: falco`,
  arrived: async (server) =>
    (await (server as KafkaServer).consume('falco', 230)).map(({ value }) => numberIn(value)),
});
