import { describe, expect, it } from 'vitest';
import {
  defineMapper,
  type Event,
  int64,
  jsonText,
  type TSchema,
  Type,
  timestampMillis,
} from '../../../../core/sdk/index.ts';
import { type MapperContract, testMapper } from '../../../../core/testing/index.ts';

const row = (properties: Record<string, TSchema>) => Type.Object(properties);

/** The failures of the contract, by the name of the test. */
async function failures(
  record: TSchema | undefined,
  map: (rule: string, options: Record<string, unknown>, event: Event) => unknown,
  contract: Partial<MapperContract> = {},
): Promise<Record<string, string>> {
  const definition = defineMapper({
    apiVersion: 1,
    type: 'probe',
    summary: 'A mapper.',
    options: Type.Object({ name: Type.String({ description: 'A name.', default: 'x' }) }),
    create: (options) => ({
      ...(record !== undefined && { record }),
      map: (event) => map(event.rule, options, event) as { ok: true; record: unknown },
    }),
  });
  const tests: [string, () => Promise<void>][] = [];
  testMapper(definition, { test: (name, run) => tests.push([name, run]), ...contract });
  expect(tests.length).toBeGreaterThan(3);
  const failed: Record<string, string> = {};
  for (const [name, run] of tests)
    await run().catch((error: Error) => {
      failed[name.replace('probe: ', '').split(' ')[0]!] = error.message;
    });
  return failed;
}

const self: Record<string, unknown> = {};
self.self = self;
/** A record that contains itself. */
const endless = { a: self };

const ok = (record: unknown) => () => ({ ok: true, record });

describe('testMapper', () => {
  it('passes a mapper whose records fit, with bigints, absent members and text of any kind', async () => {
    const record = row({
      a: int64(),
      b: Type.Optional(timestampMillis()),
      c: Type.Array(row({ d: Type.Optional(Type.String()) })),
    });
    expect(await failures(record, ok({ a: 2n ** 60n, b: undefined, c: [{ d: 'x' }, {}] }))).toEqual({});
    expect(await failures(Type.String(), ok('text'))).toEqual({});
    expect(await failures(undefined, ok({ anything: [1n] }))).toEqual({});
  });

  it('fails when a lake cannot write the records, and names every property', async () => {
    const record = row({ a: Type.Any(), b: row({ c: Type.Union([Type.String(), Type.Number()]) }) });
    expect(await failures(record, ok({ a: 1, b: { c: 'x' } }))).toEqual({
      declares: expect.stringMatching(
        /a lake cannot write its records.*\n {2}a: has no type.*\n {2}b\.c: combines/,
      ),
    });
  });

  it('fails on a schema that is none', async () => {
    const { declares } = await failures({ type: 'objekt' } as TSchema, ok({}));
    expect(declares).toContain('not a valid JSON Schema');
  });

  it.each<[string, TSchema, unknown, string]>([
    ['type', row({ a: row({ b: Type.String() }) }), { a: { b: 1 } }, 'a.b: must be string'],
    ['element', row({ a: Type.Array(Type.String()) }), { a: ['x', 2] }, 'a[1]: must be string'],
    ['missing', row({ a: Type.String() }), {}, 'a: is required and absent'],
    ['more', row({ a: Type.Optional(Type.String()) }), { b: 1 }, 'b: is not in the schema'],
    ['pattern', row({ a: Type.String({ pattern: '^x' }) }), { a: 'y' }, 'a: must match pattern "^x"'],
    [
      'constant',
      row({ a: Type.Enum(['x', 'y']) }),
      { a: 'z' },
      'a: must be equal to one of the allowed values: "x", "y"',
    ],
    [
      '32 bits',
      row({ a: Type.Integer() }),
      { a: 2 ** 40 },
      'a: expected a 32-bit integer, got 1099511627776; write int64()',
    ],
    [
      'unsafe',
      row({ a: Type.Array(int64()) }),
      { a: [1, 2 ** 60] },
      'a[1]: expected a 64-bit integer, got 1152921504606846976, which is beyond 2^53: write a bigint',
    ],
    [
      '64 bits',
      row({ a: row({ b: int64() }) }),
      { a: { b: 2n ** 63n } },
      'a.b: expected a 64-bit integer, got the bigint 9223372036854775808, which is beyond 64 bits',
    ],
    [
      'nanoseconds',
      row({ a: timestampMillis() }),
      { a: 1783762698682419669n },
      'a: expected epoch milliseconds, got the bigint 1783762698682419669, which is beyond the year 9999 and looks like nanoseconds',
    ],
    ['no JSON', row({ a: row({ b: jsonText() }) }), { a: { b: '{' } }, 'a.b: is no JSON: '],
    ['no object', row({ a: Type.String() }), 'x', 'record: must be object'],
  ])('fails on a record that does not fit, with path and reason: %s', async (_, schema, record, reason) => {
    const { maps } = await failures(schema, ok(record));
    expect(maps).toContain('does not fit its schema: ');
    expect(maps).toContain(reason);
    expect(maps).toContain('contract-mark-0000');
  });

  it.each<[string, unknown, string]>([
    ['a record that contains itself', endless, 'a.self: contains itself'],
    [
      'a getter that throws',
      {
        a: {
          get b() {
            throw new Error('no');
          },
        },
      },
      'a.b: cannot be read: no',
    ],
    ['a toJSON that throws', { a: [{ toJSON: () => JSON.parse('{') }] }, 'a[0]: toJSON failed: '],
    ['a Map', { a: new Map() }, 'a: is a Map, which has no JSON'],
    ['a promise', { a: Promise.resolve() }, 'a: is a Promise, which has no JSON'],
    ['a function', { a: () => 1 }, 'a: is a function, which has no JSON'],
    ['a symbol', [Symbol('x')], '[0]: is a symbol, which has no JSON'],
    ['no number', { a: Number.NaN }, 'a: is NaN, which JSON does not have'],
  ])('fails on a record that JSON cannot hold: %s', async (_, record, message) => {
    const { maps } = await failures(undefined, ok(record));
    expect(maps).toContain(`returned a record that cannot become JSON: ${message}`);
  });

  it('fails on a mapper that reads the clock', async () => {
    const { gives } = await failures(undefined, () => ({ ok: true, record: Math.floor(Date.now() / 1e8) }));
    expect(gives).toContain('depends on the clock');
    expect(await failures(undefined, () => ({ ok: true, record: new Date().getFullYear() }))).toHaveProperty(
      'gives',
    );
    expect(await failures(undefined, ok(new Date(5)))).toEqual({});
  });

  it('fails on a mapper that changes the event', async () => {
    const { maps } = await failures(undefined, (_, __, { tags }) => ({
      ok: true,
      record: (tags as string[]).push('mine'),
    }));
    expect(maps).toContain('object is not extensible');
  });

  it('has events with unsigned integers', async () => {
    const { maps } = await failures(row({ a: Type.Optional(int64()) }), (_, __, { fields }) => ({
      ok: true,
      record: { a: fields['thread.tid'] },
    }));
    expect(maps).toContain('unsigned numbers');
    expect(maps).toContain('got the bigint 18446744073709551615, which is beyond 64 bits');
  });

  it('says of a schema that contains itself no more than that', async () => {
    const inner: { properties: Record<string, unknown> } = { properties: {} };
    inner.properties.self = inner;
    const record = { type: 'object', properties: { a: inner } } as unknown as TSchema;
    const failed = await failures(record, ok({ a: {} }));
    expect(Object.keys(failed)).toEqual(['declares']);
    expect(failed.declares).toContain('contains itself');
  });

  it.each<[string, () => unknown, string]>([
    ['a promise', async () => ({ ok: true, record: 1 }), 'returned a promise; map must be synchronous'],
    ['no record', () => ({ ok: true }), 'returned { ok: true } without a record'],
    ['an object as its reason', () => ({ ok: false, reason: {} }), 'without a reason that is a text'],
    ['nothing', () => undefined, 'returned no { ok: true, record } or { ok: false, reason }'],
    ['no reason', () => ({ ok: false }), 'without a reason'],
    ['an empty reason', () => ({ ok: false, reason: '' }), 'without a reason'],
  ])('fails on a mapper that answers %s', async (_, map, message) => {
    expect((await failures(undefined, map)).maps).toContain(message);
  });

  it('fails on a mapper that depends on more than the event', async () => {
    let count = 0;
    expect(await failures(undefined, () => ({ ok: true, record: count++ }))).toHaveProperty('gives');
  });

  it('gives the mapper its options as a configuration does, with defaults', async () => {
    const seen: unknown[] = [];
    const note = (_: string, options: unknown) => ({ ok: true, record: seen.push(options) > 0 });
    expect(await failures(Type.Boolean(), note)).toEqual({});
    expect(seen[0]).toEqual({ name: 'x' });
    const { maps } = await failures(undefined, ok(1), { options: { nmae: 'y' } });
    expect(maps).toContain('the options of the contract are not valid: ');
    expect(maps).toContain('nmae');
  });
});
