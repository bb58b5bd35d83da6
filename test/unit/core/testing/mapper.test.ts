import { describe, expect, it } from 'vitest';
import { defineMapper, int64, type TSchema, Type, timestampMillis } from '../../../../core/sdk/index.ts';
import { type MapperContract, testMapper } from '../../../../core/testing/index.ts';

const row = (properties: Record<string, TSchema>) => Type.Object(properties);

/** The failures of the contract, by the name of the test. */
async function failures(
  record: TSchema | undefined,
  map: (rule: string, options: Record<string, unknown>) => unknown,
  contract: Partial<MapperContract> = {},
): Promise<Record<string, string>> {
  const definition = defineMapper({
    apiVersion: 1,
    type: 'probe',
    summary: 'A mapper.',
    options: Type.Object({ name: Type.String({ description: 'A name.', default: 'x' }) }),
    create: (options) => ({
      ...(record !== undefined && { record }),
      map: ({ rule }) => map(rule, options) as { ok: true; record: unknown },
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
      'a: 1099511627776 is beyond 32 bits; write int64()',
    ],
    [
      'unsafe',
      row({ a: Type.Array(int64()) }),
      { a: [1, 2 ** 60] },
      'a[1]: 1152921504606847000 is no safe integer',
    ],
    [
      '64 bits',
      row({ a: row({ b: int64() }) }),
      { a: { b: 2n ** 63n } },
      'a.b: 9223372036854775808 is beyond 64',
    ],
    ['no object', row({ a: Type.String() }), 'x', 'record: must be object'],
  ])('fails on a record that does not fit, with path and reason: %s', async (_, schema, record, reason) => {
    const { maps } = await failures(schema, ok(record));
    expect(maps).toContain('does not fit its schema: ');
    expect(maps).toContain(reason);
    expect(maps).toContain('contract-mark-0000');
  });

  it.each<[string, () => unknown, string]>([
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
