import { describe, expect, it } from 'vitest';
import type { Event, Finding, Output } from '../../../core/sdk/index.ts';
import nats from '../../../outputs/nats.ts';
import { decoded } from '../../support/decoded.ts';
import { natsServer } from '../../support/nats-server.ts';
import { freePort } from '../../support/port.ts';
import { batchOf, contextOf, eventOf, neverAborts } from './support.ts';

const events = { map: (event: Event) => ({ ok: true, record: event }) as const };
type Options = Partial<Parameters<typeof nats.create>[0]>;
const create = (url: string, options: Options = {}) =>
  nats.create(decoded(nats, { servers: [url], ...options }), contextOf(events));
const batch = () => batchOf([1, 2].map((n) => eventOf({ id: `id-${n}`, rule: `Rule * > ${n}` })));

describe('nats', () => {
  it('is delivered when the stream has each event, under its id', async () => {
    let sequence = 0;
    const server = await natsServer(() => `{"stream":"F","seq":${++sequence}}`);
    const output = create(server.url);
    await output.start?.(neverAborts());
    expect(await output.deliver(batch(), neverAborts())).toEqual({ status: 'delivered' });
    expect(server.published.map(({ subject }) => subject)).toEqual([
      'falco.warning.rule-1',
      'falco.warning.rule-2',
    ]);
    expect(server.published[0]?.headers).toMatch(/Nats-Msg-Id: ?id-1-[0-9a-f]{16}/);
    expect(JSON.parse(server.published[0]!.payload)).toMatchObject({ rule: 'Rule * > 1' });
    await output.stop?.(neverAborts());
    server.stop();
  });

  it('sends the record of any mapper, to the subject of its event', async () => {
    const server = await natsServer(() => '{"stream":"F","seq":1}');
    const output = nats.create(
      decoded(nats, { servers: [server.url], subject: 'f.{{ rule }}' }),
      contextOf({ map: () => ({ ok: true, record: { class_uid: 2004 } }) as const }),
    ) as Output<object>;
    const records = [{ class_uid: 2004 }, { class_uid: 2001 }];
    // Two events under one id, which their sender chose.
    const events = ['a', 'b'].map((rule) => eventOf({ id: 'same', rule }));
    for (let i = 0; i < 2; i++) await output.deliver(batchOf(records, { events }), neverAborts());
    expect(server.published.map(({ subject, payload }) => [subject, payload])).toEqual([
      ['f.a', '{"class_uid":2004}'],
      ['f.b', '{"class_uid":2001}'],
      ['f.a', '{"class_uid":2004}'],
      ['f.b', '{"class_uid":2001}'],
    ]);
    const [first, second, again] = server.published.map(({ headers }) => headers);
    expect(again).toBe(first);
    expect(second).not.toBe(first);
    await output.stop?.(neverAborts());
    server.stop();
  });

  it('tries again what the stream did not take', async () => {
    const server = await natsServer(({ headers }) =>
      /id-2/.test(headers)
        ? '{"error":{"code":503,"description":"insufficient resources"}}'
        : '{"stream":"F","seq":1}',
    );
    const output = create(server.url);
    expect(await output.deliver(batch(), neverAborts())).toMatchObject({ status: 'retry', failed: [1] });
    await output.stop?.(neverAborts());
    server.stop();
  });

  it('sets aside what is longer than the server takes, and nothing else', async () => {
    for (const jetstream of [true, false]) {
      const server = await natsServer(() => '{"stream":"F","seq":1}');
      const output = create(server.url, { jetstream });
      const long = eventOf({ id: 'long', output: 'x'.repeat(1_048_576) });
      expect(await output.deliver(batchOf([eventOf({ id: 'short' }), long]), neverAborts())).toEqual({
        status: 'delivered',
        rejected: [{ index: 1, reason: 'NATS: longer than the 1048576 bytes that the server takes' }],
      });
      expect(server.published).toHaveLength(1);
      await output.stop?.(neverAborts());
      server.stop();
    }
  });

  it('publishes without a stream when told to, to a subject that is one', async () => {
    const server = await natsServer(() => undefined);
    const output = create(server.url, { jetstream: false, subject: 'a.{{ rule }}..b' });
    expect(await output.deliver(batch(), neverAborts())).toEqual({ status: 'delivered' });
    expect(server.published[0]?.subject).toBe('a.Rule_1._.b');
    await output.stop?.(neverAborts());
    server.stop();
  });

  it('settles after the abort while the stream says nothing, and throws while nobody listens', async () => {
    const server = await natsServer(() => undefined);
    const output = create(server.url);
    await output.start?.(neverAborts());
    const abort = new AbortController();
    setTimeout(() => abort.abort(), 20);
    await expect(output.deliver(batch(), abort.signal)).rejects.toThrow(/in time/);
    await output.stop?.(neverAborts());
    server.stop();
    await expect(create(server.url).start?.(neverAborts())).rejects.toThrow();
  });
});

describe('the check of nats', () => {
  async function look(
    answer: (subject: string) => string | undefined,
    options: Options = {},
    server?: string,
  ) {
    const fake = await natsServer(({ subject }) => answer(subject));
    const output = create(server ?? fake.url, options);
    const found: Finding[] = [];
    for await (const finding of output.diagnose!({ write: false, sample: eventOf() }, neverAborts()))
      found.push(finding);
    await output.stop?.(neverAborts());
    fake.stop();
    const subjects = fake.published.map(({ subject }) => subject);
    return { found, subjects, short: found.map(({ what, status }) => `${what} ${status}`) };
  }
  const names = (streams: readonly string[]) =>
    JSON.stringify({ total: streams.length, offset: 0, limit: 1024, streams });

  it('opens a connection and names the stream that takes the subject; publishes no event', async () => {
    const { found, short, subjects } = await look(() => names(['FALCO']));
    expect(short).toEqual(['connection ok', 'session ok', 'stream ok']);
    expect(found[1]!.line).toMatch(/^NATS 2\.12\.0 at .*, messages up to 1048576 bytes$/);
    expect(found[2]!.line).toBe('FALCO takes falco.warning.test-rule');
    expect(subjects).toEqual(['$JS.API.STREAM.NAMES']);
    const core = await look(() => undefined, { jetstream: false });
    expect(core.short).toEqual(['connection ok', 'session ok']);
    expect(core.subjects).toEqual([]);
  });

  it('fails where no stream takes the subject, and does not know where it may not ask', async () => {
    const none = await look(() => names([]));
    expect(none.short).toEqual(['connection ok', 'session ok', 'stream failed']);
    expect(none.found[2]!.line).toMatch(/create one, or set jetstream: false/);
    const denied = await look(() => '{"error":{"code":403,"description":"permission denied"}}');
    expect(denied.short).toEqual(['connection ok', 'session ok', 'stream not_checked']);
  });

  it('fails where nothing listens', async () => {
    const { short } = await look(() => undefined, {}, `nats://127.0.0.1:${await freePort()}`);
    expect(short).toEqual(['connection failed']);
  });
});
