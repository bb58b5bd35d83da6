import fc from 'fast-check';
import { parquetMetadata } from 'hyparquet';
import { describe, expect, it } from 'vitest';
import { RecordError } from '../../../../lake/parquet/shred.ts';
import type { Column, Shape } from '../../../../lake/schema/columns.ts';
import { arrayBuffer, encode, normal, query, readWithDuckDB, readWithHyparquet } from '../support.ts';

const leafTypes = ['utf8', 'int32', 'int64', 'double', 'boolean'] as const;

/** A shape together with what makes values of it. */
interface Sample {
  readonly shape: Shape;
  readonly values: fc.Arbitrary<unknown>;
}

const texts = fc.oneof(
  fc.constantFrom('', 'a', 'critical', '😀', 'ﬁ', 'é'),
  fc.string({ unit: 'grapheme', maxLength: 40 }),
);

const leafValues: Record<(typeof leafTypes)[number], fc.Arbitrary<unknown>> = {
  utf8: texts,
  int32: fc.integer(),
  int64: fc.oneof(fc.maxSafeInteger(), fc.maxSafeInteger().map(BigInt)),
  double: fc.double({ noNaN: true, noDefaultInfinity: true }),
  boolean: fc.boolean(),
};

const optional = (values: fc.Arbitrary<unknown>) => fc.option(values, { nil: undefined, freq: 4 });

const samples: fc.Arbitrary<Sample> = fc.letrec<{ sample: Sample; group: Sample }>((tie) => ({
  sample: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc
      .constantFrom(...leafTypes)
      .map((type): Sample => ({ shape: { kind: 'leaf', type }, values: leafValues[type] })),
    fc.constant<Sample>({
      shape: { kind: 'map' },
      values: fc.dictionary(texts, texts, { maxKeys: 4, noNullPrototype: true }),
    }),
    tie('sample').map(
      ({ shape, values }): Sample => ({
        shape: { kind: 'list', element: shape },
        values: fc.array(optional(values), { maxLength: 4 }),
      }),
    ),
    tie('group'),
  ),
  group: fc.array(tie('sample'), { minLength: 1, maxLength: 4 }).map(
    (members): Sample => ({
      shape: {
        kind: 'group',
        columns: members.map(({ shape }, index): Column => ({ name: `c${index}`, shape })),
      },
      values: fc.record(
        Object.fromEntries(members.map(({ values }, index) => [`c${index}`, optional(values)])),
      ),
    }),
  ),
})).group;

const tables = samples.chain(({ shape, values }) =>
  fc.record({
    columns: fc.constant(shape.kind === 'group' ? shape.columns : []),
    records: fc.array(values as fc.Arbitrary<Record<string, unknown>>, { minLength: 1, maxLength: 60 }),
    limits: fc.record({
      rowGroupRows: fc.constantFrom(7, 100),
      pageBytes: fc.constantFrom(40, 300, 960_000),
    }),
  }),
);

describe('createParquetWriter', () => {
  it('writes what hyparquet and DuckDB read back, whatever the schema and the records', async () => {
    await fc.assert(
      fc.asyncProperty(tables, async ({ columns, records, limits }) => {
        const bytes = await encode(columns, records, { limits });
        const expected = records.map(normal);
        expect(await readWithHyparquet(bytes)).toEqual(expected);
        expect(await readWithDuckDB(bytes)).toEqual(expected);
      }),
      { numRuns: Number(process.env.TIERCEL_FUZZ ?? 120) },
    );
  });
});
