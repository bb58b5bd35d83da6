import fc from 'fast-check';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Event } from '../../../../core/sdk/index.ts';
import type { EventMembers } from '../../../../core/testing/event-of.ts';
import { examine } from '../../../../core/testing/examine.ts';
import falco from '../../../../mappers/falco.ts';
import loki from '../../../../outputs/loki/index.ts';
import { type LokiLimits, startFakeLoki } from '../../../support/fake-loki.ts';
import { goldenOf } from '../../../support/golden.ts';
import {
  batchOf,
  eventOf,
  inRequests,
  jsonTextMapper,
  made,
  misbehaving,
  neverAborts,
  recordingLogger,
} from '../support.ts';

type Push = {
  streams: { stream: Record<string, string>; values: [string, string, Record<string, string>?][] }[];
};

/** The records of the test: the members of an event that Falco does not define, so that records are short. */
const recordsOf = (events: readonly Event[]) => events.map(({ extra }) => JSON.stringify(extra));

/** What would be sent for the events. */
function pushOf(events: readonly Event[], options: object = {}, log = recordingLogger()): Push {
  const output = made(loki, { url: 'http://loki', ...options }, jsonTextMapper, { log });
  return JSON.parse(String(output.preview!({ records: recordsOf(events), events }))) as Push;
}

/** An event whose record says its number. */
const numbered = (n: number, members: EventMembers = {}) =>
  eventOf({ time: Date.UTC(2026, 0, 2) + n, ...members, extra: { n, ...members.extra } });

async function setUp(limits: Partial<LokiLimits> = {}, options: object = {}) {
  const server = await startFakeLoki(limits);
  const output = made(loki, { url: server.url, ...options }, jsonTextMapper);
  onTestFinished(async () => {
    await output.stop?.(neverAborts());
    await server.stop();
  });
  const deliver = (events: readonly Event[]) =>
    inRequests(output, {})(batchOf(recordsOf(events), { events }), neverAborts());
  return { server, output, deliver };
}

describe('the body of a push', () => {
  it.each(goldenOf('loki(text)'))('is that of Falcosidekick for input $id, as text', ({ event, body }) => {
    expect(pushOf([event], { format: 'text', structured_metadata: false })).toEqual(body);
  });

  it.each(goldenOf('loki(json)'))('is that of Falcosidekick for input $id, as JSON', ({ event, body }) => {
    const mapper = falco.create({}, { log: recordingLogger() });
    const mapped = mapper.map(event);
    if (!mapped.ok) throw new Error(mapped.reason);
    const output = made(loki, { url: 'http://loki' }, mapper);
    const push = JSON.parse(String(output.preview!({ records: [mapped.record], events: [event] }))) as Push;
    const parsed = ({ streams: [one] }: Push) => ({
      ...one,
      // Falcosidekick sorts the tags of the event.
      values: one!.values.map(([time, line]) => {
        const event = JSON.parse(line) as { tags: string[] };
        return [time, { ...event, tags: event.tags.sort() }];
      }),
    });
    expect(parsed(push)).toEqual(parsed(body as Push));
  });

  it('has the record as it is for its line: a text, or the JSON of an object', () => {
    const output = made(loki, { url: 'http://loki' }, { map: () => ({ ok: true, record: {} }) });
    const body = String(
      output.preview!({ records: ['text', { a: [1, 'x"'] }], events: [eventOf(), eventOf()] }),
    );
    const [stream] = (JSON.parse(body) as Push).streams;
    expect(stream?.values.map(([, line]) => line)).toEqual(['text', '{"a":[1,"x\\""]}']);
  });

  it('has labels of few values, and structured metadata for the others', () => {
    const event = eventOf({
      tags: ['b', 'a'],
      fields: { 'k8s.ns.name': 'shop', 'k8s.pod.name': 'web-1', 'container.id': 'abc' },
    });
    expect(pushOf([event]).streams).toEqual([
      {
        stream: {
          rule: 'Test rule',
          source: 'syscall',
          priority: 'Warning',
          k8s_ns_name: 'shop',
          hostname: 'host-1',
          tags: 'a,b',
        },
        values: [['1767323045000000000', '{}', { k8s_pod_name: 'web-1', container_id: 'abc' }]],
      },
    ]);
  });

  it('leaves out what an event does not have', () => {
    const event = eventOf({
      source: '',
      hostname: '',
      fields: { 'k8s.ns.name': '<NA>', 'k8s.pod.name': null, 'container.id': '' },
    });
    expect(pushOf([event]).streams).toEqual([
      { stream: { rule: 'Test rule', priority: 'Warning' }, values: [[expect.any(String), '{}']] },
    ]);
  });

  it('takes labels and metadata of the user, which replace and remove those of the output', () => {
    const event = eventOf({ tags: ['a'], fields: { 'k8s.pod.name': 'web-1', 'user.name': 'root' } });
    const push = pushOf([event], {
      labels: { cluster: 'prod', tags: '', rule: '{{ rule | upcase }}', pod: '{{ fields["k8s.pod.name"] }}' },
      metadata: { k8s_pod_name: '', user: '{{ fields["user.name"] }}' },
    });
    expect(push.streams).toEqual([
      {
        stream: {
          source: 'syscall',
          priority: 'Warning',
          hostname: 'host-1',
          cluster: 'prod',
          rule: 'TEST RULE',
          pod: 'web-1',
        },
        values: [['1767323045000000000', '{}', { user: 'root' }]],
      },
    ]);
  });

  it('has a label where every one is removed: Loki refuses a stream without', () => {
    const none = { rule: '', source: '', priority: '', hostname: '', tags: '', k8s_ns_name: '' };
    expect(pushOf([eventOf()], { labels: none }).streams[0]?.stream).toEqual({ job: 'tiercel' });
  });

  it('cuts long labels between characters', () => {
    const { streams } = pushOf([eventOf({ rule: `${'x'.repeat(2046)}é€` })]);
    expect(streams[0]?.stream.rule).toBe(`${'x'.repeat(2046)}é`);
    expect(Buffer.byteLength(streams[0]!.stream.rule!)).toBe(2048);
  });

  it('goes on without a label whose template fails, and says so once', () => {
    const log = recordingLogger();
    const labels = { loop: '{% for i in (1..99999999) %}x{% endfor %}' };
    const { streams } = pushOf([eventOf(), eventOf()], { labels }, log);
    expect(streams[0]?.stream).not.toHaveProperty('loop');
    expect(log.lines.map(({ message }) => message)).toEqual([expect.stringContaining('labels.loop')]);
  });

  it('has a stream for each set of labels, its lines in the order of time, and loses none', () => {
    const arbitrary = fc.array(
      fc.record({
        rule: fc.constantFrom('a', 'b', '{"x"}'),
        hostname: fc.constantFrom('', 'h'),
        nanos: fc.nat(999_999_999),
      }),
    );
    fc.assert(
      fc.property(arbitrary, (all) => {
        const events = all.map(({ nanos, ...members }, n) => {
          const text = `2026-01-02T00:00:00.${String(nanos).padStart(9, '0')}Z`;
          return numbered(n, { ...members, time: Date.parse(text), timeText: text });
        });
        const { streams } = pushOf(events);
        const sets = streams.map(({ stream }) => JSON.stringify(stream));
        expect(new Set(sets).size).toBe(sets.length);
        for (const { values } of streams) {
          const times = values.map(([time]) => BigInt(time));
          expect(times).toEqual([...times].sort((a, b) => Number(a - b)));
        }
        const sent = streams.flatMap(({ stream, values }) =>
          values.map(([time, line]) => `${stream.rule} ${stream.hostname ?? ''} ${time} ${line}`),
        );
        const wanted = all.map(
          ({ rule, hostname, nanos }, n) =>
            `${rule} ${hostname} ${1767312000000000000n + BigInt(nanos)} ${JSON.stringify({ n })}`,
        );
        expect(sent.sort()).toEqual(wanted.sort());
      }),
    );
  });
});

describe('loki', () => {
  it('sends the tenant with what it pushes and with its check, which stores nothing', async () => {
    const server = await misbehaving((_, response) => response.writeHead(204).end());
    const output = made(loki, { url: `${server.url}/gateway`, tenant: 'team-a' }, jsonTextMapper);
    expect(await output.deliver(batchOf(['{}']), neverAborts())).toEqual({ status: 'delivered' });
    expect(await examine(output, neverAborts())).toMatchObject({ problems: [] });
    expect(server.received).toMatchObject([
      { path: '/gateway/loki/api/v1/push', headers: { 'x-scope-orgid': 'team-a' } },
      { path: '/gateway/loki/api/v1/push', headers: { 'x-scope-orgid': 'team-a' } },
    ]);
    expect((JSON.parse(server.received[1]!.body) as Push).streams[0]?.values).toEqual([]);
    await output.stop?.(neverAborts());
    await server.stop();
  });

  it('passes its check at a server that is ready, and fails it at another path', async () => {
    const { output, server } = await setUp();
    expect(await examine(output, neverAborts())).toMatchObject({ problems: [] });
    expect(server.stored).toEqual([]);
    const elsewhere = made(loki, { url: `${server.url}/wrong` }, jsonTextMapper);
    expect(await examine(elsewhere, neverAborts())).toMatchObject({
      failed: [expect.stringContaining('404')],
    });
    await elsewhere.stop?.(neverAborts());
  });

  it('finds the lines that Loki refuses, which keeps the others and shows each once', async () => {
    const { server, deliver } = await setUp({ max_line_size: 100 });
    const events = Array.from({ length: 16 }, (_, n) =>
      numbered(n, n === 3 || n === 11 ? { extra: { long: 'x'.repeat(200) } } : {}),
    );
    const delivery = await deliver(events);
    expect(delivery).toMatchObject({
      status: 'delivered',
      rejected: [
        { index: 3, reason: expect.stringContaining('Max entry size') },
        { index: 11, reason: expect.stringContaining('Max entry size') },
      ],
    });
    const lines = server.stored.map(({ line }) => line).sort();
    const good = recordsOf(events.filter((_, n) => n !== 3 && n !== 11));
    expect(lines).toEqual(good.sort());
    // Sent more than once, and there once.
    expect(server.pushes.reduce((sum, count) => sum + count)).toBeGreaterThan(events.length);
  });

  it('sets aside what is too far behind the newest line of its stream', async () => {
    const { server, deliver } = await setUp();
    const hour = 3_600_000;
    const newest = numbered(0, { time: Date.UTC(2026, 0, 2, 12) });
    await deliver([newest]);
    const late = numbered(1, { time: newest.time - 2 * hour });
    const tooLateElsewhere = numbered(2, { time: newest.time - 2 * hour, hostname: 'host-2' });
    expect(await deliver([late, tooLateElsewhere])).toMatchObject({
      rejected: [{ index: 0, reason: expect.stringContaining('too far behind') }],
    });
    expect(server.stored).toHaveLength(2);
  });

  it('keeps events when Loki does not allow structured metadata', async () => {
    const fields = { 'k8s.pod.name': 'web-1' };
    const { server, deliver } = await setUp({ allow_structured_metadata: false });
    expect(await deliver([numbered(0, { fields })])).toMatchObject({
      status: 'retry',
      reason: expect.stringContaining('disallowed'),
    });
    const without = made(loki, { url: server.url, structured_metadata: false }, jsonTextMapper);
    const events = [numbered(0, { fields })];
    expect(await without.deliver(batchOf(recordsOf(events), { events }), neverAborts())).toEqual({
      status: 'delivered',
    });
    await without.stop?.(neverAborts());
  });

  it('waits when it is limited, for as long as Loki says', async () => {
    const server = await misbehaving((_, response) =>
      response.writeHead(429, { 'retry-after': '2' }).end('Ingestion rate limit exceeded for user fake'),
    );
    const output = made(loki, { url: server.url }, jsonTextMapper);
    expect(await output.deliver(batchOf(['{}']), neverAborts())).toMatchObject({
      status: 'retry',
      after: 2_000,
    });
    await output.stop?.(neverAborts());
    await server.stop();
  });
});
