import { existsSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  asEvents,
  defineMapper,
  defineOutput,
  delivered,
  duration,
  type Event,
  eventToJson,
  type OutputContext,
  recordJson,
  retry,
  Type,
} from '../../../../core/sdk/index.ts';
import {
  batchOf,
  contextOf,
  createFakeClock,
  eventOf,
  neverAborts,
  recordingLogger,
  testOutput,
  withOutput,
} from '../../../../core/testing/index.ts';

describe('eventOf', () => {
  it('makes an event whose bytes say the same as its members', () => {
    const fields = { 'proc.name': 'bash', 'evt.time': 1700000000123456789n };
    const event = eventOf({ rule: 'Terminal shell', priority: 'Critical', fields, tags: ['T1059'] });
    expect(event).toMatchObject({ rule: 'Terminal shell', priority: 'Critical', tags: ['T1059'], fields });
    expect(JSON.parse(String(event.raw))).toMatchObject({
      uuid: event.id,
      rule: 'Terminal shell',
      priority: 'Critical',
      time: event.timeText,
      tags: ['T1059'],
    });
    expect(String(event.raw)).toContain('"evt.time":1700000000123456789');
    expect(eventToJson(event)).toBe(String(event.raw));
    expect(eventOf({ raw: event.raw, receivedAt: event.receivedAt })).toEqual(event);
  });

  it('keeps every text and number of its members', () => {
    const text = fc.string({ unit: 'binary' });
    const value = fc.oneof(
      text,
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      fc.bigInt(),
      fc.boolean(),
      fc.constant(null),
    );
    const members = fc.record({
      rule: text.filter((rule) => rule !== ''),
      output: text,
      hostname: text,
      source: text,
      tags: fc.array(text),
      fields: fc.dictionary(text, value, { noNullPrototype: true }),
    });
    fc.assert(
      fc.property(members, (said) => {
        const event = eventOf(said);
        const { rule, output, hostname, source, tags } = event;
        expect({ rule, output, hostname, source, tags }).toEqual({
          rule: said.rule,
          output: said.output,
          hostname: said.hostname,
          source: said.source,
          tags: said.tags,
        });
        expect(Object.keys(event.fields).sort()).toEqual(Object.keys(said.fields).sort());
        for (const [name, field] of Object.entries(said.fields))
          expect(String(event.fields[name]), name).toBe(String(Object.is(field, -0) ? '0' : field));
      }),
    );
  });

  it('takes the time as a number or as text, to the nanosecond', () => {
    const timeText = '2026-03-04T05:06:07.123456789Z';
    expect(eventOf({ timeText })).toMatchObject({ timeText, time: Date.parse('2026-03-04T05:06:07.123Z') });
    expect(eventOf({ time: 1_700_000_000_000 }).timeText).toBe('2023-11-14T22:13:20.000Z');
  });

  it('takes raw bytes as Falco sends them', () => {
    const event = eventOf({
      raw: '{"rule":"r","priority":"Debug","time":"2026-01-02T03:04:05Z","output_fields":{"n":1e400}}',
    });
    expect(event).toMatchObject({ rule: 'r', priority: 'Debug', hostname: '', output: '' });
    expect(String(event.fields.n)).toBe('1e400');
  });
});

/** Sends the rule of each event to a list. */
function listOutput(create: (sent: string[], context: OutputContext<Event>) => object = () => ({})) {
  const sent: string[] = [];
  const calls: string[] = [];
  const made: { options: unknown; stateDir: string }[] = [];
  const definition = defineOutput({
    apiVersion: 1,
    type: 'list',
    summary: 'Sends to a list.',
    options: Type.Object(
      {
        wait: Type.Optional(duration({ default: '5s', description: 'How long.' })),
        port: Type.Integer({ minimum: 1, description: 'Where to.' }),
      },
      { additionalProperties: false },
    ),
    examples: [{ title: 'Minimal', options: { port: 1 } }],
    batch: { events: 10 },
    mapper: asEvents,
    create: (options, context) => {
      made.push({ options, stateDir: context.stateDir });
      return {
        start: async () => void calls.push('start'),
        stop: async () => void calls.push('stop'),
        async deliver({ records }) {
          sent.push(...records.map(({ rule }) => rule));
          return delivered();
        },
        ...create(sent, context),
      };
    },
  });
  return { definition, sent, calls, made };
}

describe('withOutput', () => {
  it('makes an output as the program does, starts it, stops it, and leaves nothing', async () => {
    const { definition, sent, calls, made } = listOutput();
    await withOutput(definition, { options: { port: 7 } }, async ({ deliver, facts }) => {
      expect(calls).toEqual(['start']);
      expect(await deliver([eventOf({ rule: 'a' }), eventOf({ rule: 'b' })])).toEqual(delivered());
      expect(facts).toMatchObject({ ordering: 'none', confirms: true });
    });
    expect(sent).toEqual(['a', 'b']);
    expect(calls).toEqual(['start', 'stop']);
    expect(made[0]!.options).toEqual({ port: 7, wait: 5000 });
    expect(existsSync(made[0]!.stateDir)).toBe(false);
  });

  it.each([
    [{}, 'the option "port" is missing'],
    [{ port: 'a' }, 'port: '],
    [{ port: 0 }, 'port: must be at least 1'],
    [{ port: 1, wait: 'soon' }, 'wait: '],
    [{ port: 1, prot: 1 }, 'unknown option "prot"'],
  ])('says what is wrong with %j', async (options, sentence) => {
    const { definition, made } = listOutput();
    await expect(withOutput(definition, { options }, async () => {})).rejects.toThrow(sentence);
    expect(made).toEqual([]);
  });

  it('stops it and removes its folder when the test or the start fails', async () => {
    const failing = listOutput();
    const run = withOutput(failing.definition, { options: { port: 1 } }, async () => {
      throw new Error('as the test wants');
    });
    await expect(run).rejects.toThrow('as the test wants');
    expect(failing.calls).toEqual(['start', 'stop']);

    const closed = listOutput(() => ({ start: () => Promise.reject(new Error('closed today')) }));
    await expect(withOutput(closed.definition, { options: { port: 1 } }, async () => {})).rejects.toThrow(
      'closed today',
    );
    expect(closed.calls).toEqual(['stop']);
    expect(existsSync(closed.made[0]!.stateDir)).toBe(false);
  });

  it('takes a clock, a mapper, and no start', async () => {
    const rules = defineMapper({
      apiVersion: 1,
      type: 'rules',
      summary: 'The rule.',
      options: Type.Object({}, { additionalProperties: false }),
      create: () => ({ map: ({ rule }) => ({ ok: true, record: { rule: `mapped ${rule}` } as Event }) }),
    });
    const clock = createFakeClock();
    const { definition, sent, calls } = listOutput((_, context) => ({
      deliver: async () => retry(`at ${context.clock.now() - clock.now()}`),
    }));
    const setup = { options: { port: 1 }, mapper: { definition: rules }, context: { clock }, start: false };
    await withOutput(definition, setup, async ({ deliver, contentOf }) => {
      expect(calls).toEqual([]);
      expect(await deliver([eventOf()])).toEqual(retry('at 0'));
      const { records, events } = await contentOf([eventOf({ rule: 'x' })]);
      expect(records).toEqual([{ rule: 'mapped x' }]);
      expect(events[0]!.rule).toBe('x');
    });
    expect(sent).toEqual([]);
  });

  it('takes a throw for a retry, as the framework does', async () => {
    const { definition } = listOutput(() => ({ deliver: () => Promise.reject(new Error('no route')) }));
    await withOutput(definition, { options: { port: 1 } }, async ({ deliver }) => {
      expect(await deliver([eventOf()])).toEqual(retry('no route'));
    });
  });
});

describe('contextOf and batchOf', () => {
  it('are enough to call an output by hand', async () => {
    const log = recordingLogger();
    const { definition, sent } = listOutput((_, context) => ({
      start: async () => context.log.warn({ error: new Error('slow') }, 'starting'),
    }));
    const context = contextOf<Event>({ log });
    const output = definition.create({ port: 1, wait: 1 }, context);
    await output.start!(neverAborts());
    await output.deliver(batchOf([eventOf({ rule: 'r' })], { attempt: 2 }), neverAborts());
    expect(sent).toEqual(['r']);
    expect(log.lines).toMatchObject([{ level: 'warn', message: 'starting' }]);
    expect(log.text()).toContain('slow');
    expect(existsSync(context.stateDir)).toBe(true);
  });

  it('give the default mapper, whose record is the event as received', () => {
    const { mapper } = contextOf();
    const event = eventOf({ raw: '{"rule":"r","priority":"Debug","time":"2026-01-02T03:04:05Z","n":1.0}' });
    expect(mapper.map(event)).toEqual({ ok: true, record: String(event.raw) });
  });
});

it('passes a library in that an output loads, to withOutput and to testOutput', async () => {
  const sent: string[] = [];
  const definition = defineOutput({
    apiVersion: 1,
    type: 'peer',
    summary: 'Sends by a library.',
    options: Type.Object({}),
    examples: [{ title: 'Minimal', options: {} }],
    batch: { events: 10 },
    packages: { 'no-such-library': '^1.0.0' },
    create: (_options, { load, mapper }) => {
      const toJson = recordJson(mapper);
      return {
        async deliver({ records }) {
          const library = await load<{ send(text: string): void }>('no-such-library', () =>
            Promise.reject(new Error('the fake is to be taken')),
          );
          for (const record of records) library.send(toJson(record));
          return delivered();
        },
      };
    },
  });
  const packages = { 'no-such-library': { send: (text: string) => sent.push(text) } };
  await withOutput(definition, { packages }, async ({ deliver }) => {
    expect(await deliver([eventOf({ rule: 'by the fake' })])).toMatchObject({ status: 'delivered' });
  });
  expect(sent.join()).toContain('by the fake');
  const tests: (() => Promise<void>)[] = [];
  testOutput(definition, {
    test: (_, run) => void tests.push(run as () => Promise<void>),
    packages,
    destination: () => {
      sent.length = 0;
      return { arrived: () => [...sent] };
    },
    options: () => ({}),
  });
  expect(tests.length).toBeGreaterThan(5);
  for (const run of tests) await run();
});
