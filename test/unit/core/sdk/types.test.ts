import { describe, expectTypeOf, it } from 'vitest';
import {
  asEvents,
  type Batch,
  byPriority,
  type Decimal,
  type Delivery,
  defineMapper,
  defineOutput,
  delivered,
  duration,
  type Event,
  httpOptions,
  httpUrl,
  int64,
  type Mapper,
  type OutputContext,
  type Priority,
  priority,
  rejected,
  retry,
  type Static,
  type StreamedBatch,
  secret,
  size,
  Type,
  template,
  timestampMillis,
} from '../../../../core/sdk/index.ts';

// Held by `npm run types`: what is wrong here does not compile.

const base = {
  apiVersion: 1,
  type: 'tickets',
  summary: 'Opens tickets.',
  examples: [],
  batch: { events: 1 },
} as const;

describe('defineOutput', () => {
  it('gives create() the options of its schema: numbers for durations and sizes', () => {
    defineOutput({
      ...base,
      options: Type.Object({
        url: httpUrl({ description: '' }),
        wait: duration({ description: '', default: '5m' }),
        limit: Type.Optional(size({ description: '' })),
        token: Type.Optional(secret({ description: '' })),
        mode: Type.Union([Type.Literal('fast'), Type.Literal('safe')]),
        least: priority({ description: '' }),
        colors: Type.Optional(byPriority(Type.Integer(), { description: '' })),
        text: template({ description: '' }),
        tags: Type.Array(Type.String()),
        tls: Type.Optional(Type.Object({ ca: Type.String() })),
      }),
      create(options, context) {
        expectTypeOf(options.url).toEqualTypeOf<string>();
        expectTypeOf(options.wait).toEqualTypeOf<number>();
        expectTypeOf(options.limit).toEqualTypeOf<number | undefined>();
        expectTypeOf(options.token).toEqualTypeOf<string | undefined>();
        expectTypeOf(options.mode).toEqualTypeOf<'fast' | 'safe'>();
        expectTypeOf(options.least).toEqualTypeOf<Priority>();
        expectTypeOf(options.colors?.Error).toEqualTypeOf<number | undefined>();
        expectTypeOf(options.text).toEqualTypeOf<string>();
        expectTypeOf(options.tags).toEqualTypeOf<string[]>();
        expectTypeOf(options.tls).toEqualTypeOf<{ ca: string } | undefined>();
        // @ts-expect-error there is no such option
        options.ulr;
        expectTypeOf(context).toExtend<OutputContext>();
        expectTypeOf(context.fetch).toEqualTypeOf<typeof fetch>();
        return { deliver: async () => delivered() };
      },
    });
  });

  it('gives claims, mapper and what is promised the same options', () => {
    const options = Type.Object({ path: Type.String() });
    defineOutput({
      ...base,
      options,
      claims: (given) => {
        expectTypeOf(given).toEqualTypeOf<Static<typeof options>>();
        return [given.path];
      },
      ordering: (given) => {
        expectTypeOf(given).toEqualTypeOf<Static<typeof options>>();
        return given.path === '' ? 'none' : 'partition';
      },
      confirms: ({ path }) => path !== '',
      mapper: (given) => ({ type: 'event', options: { path: given.path } }),
      create: () => ({ deliver: async () => delivered() }),
    });
  });

  it('gives deliver() events where they are its records, and texts nobody knows where the user may choose', () => {
    const options = Type.Object({ path: Type.String() });
    defineOutput({
      ...base,
      options,
      mapper: asEvents,
      create: (given, context) => {
        expectTypeOf(given).toEqualTypeOf<{ path: string }>();
        expectTypeOf(context.mapper).toEqualTypeOf<Mapper<Event>>();
        return {
          deliver: async ({ records }) => {
            expectTypeOf(records).toEqualTypeOf<readonly Event[]>();
            return delivered();
          },
        };
      },
    });
    defineOutput({
      ...base,
      options,
      mapper: 'ocsf',
      create: () => ({
        deliver: async ({ records }) => {
          expectTypeOf(records).toEqualTypeOf<readonly unknown[]>();
          return delivered();
        },
      }),
    });
  });

  it('takes the shared options of HTTP along', () => {
    defineOutput({
      ...base,
      options: Type.Object({ ...httpOptions }),
      create(options) {
        expectTypeOf(options.gzip).toEqualTypeOf<boolean>();
        expectTypeOf(options.auth?.basic?.username).toEqualTypeOf<string | undefined>();
        return { deliver: async () => delivered() };
      },
    });
  });

  it('makes the author say what became of a batch', () => {
    const options = Type.Object({});
    // @ts-expect-error nothing is not an answer
    defineOutput({ ...base, options, create: () => ({ deliver: async () => {} }) });
    // @ts-expect-error neither is a boolean
    defineOutput({ ...base, options, create: () => ({ deliver: async () => true }) });
    // @ts-expect-error an output delivers
    defineOutput({ ...base, options, create: () => ({}) });
    expectTypeOf(delivered()).toExtend<Delivery>();
    expectTypeOf(retry('later', { after: 1000, failed: [0], denied: true })).toExtend<Delivery>();
    expectTypeOf(rejected('bad')).toExtend<Delivery>();
  });

  it('streams blocks where it says so, and holds records where it does not', () => {
    const options = Type.Object({});
    defineOutput({
      ...base,
      options,
      create: () => ({
        deliver: async (batch, signal) => {
          expectTypeOf(batch).toExtend<Batch<unknown>>();
          expectTypeOf(signal).toEqualTypeOf<AbortSignal>();
          return delivered();
        },
      }),
    });
    defineOutput({
      ...base,
      options,
      stream: true,
      create: () => ({
        deliver: async (batch: StreamedBatch) => {
          // @ts-expect-error a streamed batch does not fit into memory
          batch.records;
          return delivered();
        },
      }),
    });
  });

  it('takes one version of the contract, and limits that there are', () => {
    const options = Type.Object({});
    const create = () => ({ deliver: async () => delivered() });
    // @ts-expect-error there is no version 2
    defineOutput({ ...base, apiVersion: 2, options, create });
    // @ts-expect-error the limit is called `events`
    defineOutput({ ...base, batch: { count: 1 }, options, create });
  });
});

describe('defineMapper', () => {
  it('takes any record where no schema is declared', () => {
    const headline = defineMapper({
      apiVersion: 1,
      type: 'headline',
      summary: 'Rule and host.',
      options: Type.Object({ upper: Type.Optional(Type.Boolean()) }),
      create: ({ upper }) => {
        expectTypeOf(upper).toEqualTypeOf<boolean | undefined>();
        return {
          map: (event) => {
            expectTypeOf(event).toEqualTypeOf<Event>();
            return { ok: true, record: { headline: event.rule } };
          },
        };
      },
    });
    expectTypeOf<ReturnType<typeof headline.create>>().toEqualTypeOf<Mapper<unknown>>();
  });

  it('holds the record to its schema', () => {
    const options = Type.Object({}, { additionalProperties: false });
    const record = Type.Object(
      { time: timestampMillis(), pid: Type.Optional(int64()), rule: Type.String() },
      { additionalProperties: false },
    );
    const base = { apiVersion: 1, type: 'row', summary: '.', options } as const;
    const row = defineMapper({
      ...base,
      create: () => ({
        record,
        map: ({ time, rule }) => ({ ok: true, record: { time, rule, pid: 2n ** 60n } }),
      }),
    });
    expectTypeOf<ReturnType<typeof row.create>>().toEqualTypeOf<Mapper<Static<typeof record>>>();
    expectTypeOf<Static<typeof record>>().toEqualTypeOf<{
      time: number;
      pid?: number | bigint;
      rule: string;
    }>();
    defineMapper({
      ...base,
      create: () => ({
        record,
        // @ts-expect-error the rule is missing
        map: ({ time }) => ({ ok: true, record: { time } }),
      }),
    });
    defineMapper({
      ...base,
      create: () => ({
        record,
        // @ts-expect-error the time is no number
        map: ({ rule }) => ({ ok: true, record: { time: '', rule } }),
      }),
    });
  });

  it('must refuse with a reason', () => {
    const options = Type.Object({});
    defineMapper({
      apiVersion: 1,
      type: 'no',
      summary: '.',
      options,
      // @ts-expect-error why?
      create: () => ({ map: () => ({ ok: false }) }),
    });
  });

  it('sees numbers that a double does not hold', () => {
    expectTypeOf<bigint>().toExtend<NonNullable<Event['fields'][string]>>();
    expectTypeOf<Decimal>().toExtend<NonNullable<Event['fields'][string]>>();
  });
});
