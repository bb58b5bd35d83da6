import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import type { ColumnMetaData } from 'hyparquet';
import { parquetMetadata } from 'hyparquet';
import { deserializeTCompactProtocol } from 'hyparquet/src/thrift.js';
import { describe, expect, it } from 'vitest';
import type { Column, Shape } from '../../../../../../core/sdk/index.ts';
import { RecordError } from '../../../../../../outputs/shared/lake/parquet/shred.ts';
import { createParquetWriter } from '../../../../../../outputs/shared/lake/parquet/writer.ts';
import { createZstd } from '../../../../../../outputs/shared/lake/parquet/zstd.ts';
import { runs } from '../../../../../support/runs.ts';
import {
  arrayBuffer,
  encode,
  normal,
  query,
  readWithDuckDB,
  readWithHyparquet,
  scratch,
} from '../support.ts';

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

/** hyparquet makes an object of a map by assigning to it, which this key does not survive. */
const keys = texts.filter((text) => text !== '__proto__');

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
      values: fc.dictionary(keys, texts, { maxKeys: 4, noNullPrototype: true }),
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

type TableCase = typeof tables extends fc.Arbitrary<infer T> ? T : never;
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

/** Row groups and pages that are just full, and the limits of the number types. */
const edges = [1, 6, 7, 8, 14, 15].map((count): [TableCase] => [
  {
    columns: [
      { name: 'c0', shape: { kind: 'leaf', type: 'utf8' } },
      { name: 'c1', shape: { kind: 'leaf', type: 'int64' } },
      { name: 'c2', shape: { kind: 'leaf', type: 'int32' } },
    ],
    records: Array.from({ length: count }, (_, n) => ({
      c0: 'x'.repeat([0, 1, 35, 36, 40, 41, 300][n % 7]!),
      c1: [0, -1, 2 ** 53 - 1, -(2 ** 53) + 1, 2n ** 53n, 2n ** 63n - 1n, -(2n ** 63n)][n % 7],
      c2: [0, -1, 2 ** 31 - 1, -(2 ** 31)][n % 4],
    })),
    limits: { rowGroupRows: 7, pageBytes: 40 },
  },
]);

/** Uncompressed size of every page of a column chunk, header included, from the headers themselves. */
function pagesOf(bytes: Buffer, chunk: ColumnMetaData): number[] {
  const start = Number(chunk.dictionary_page_offset ?? chunk.data_page_offset);
  const end = start + Number(chunk.total_compressed_size);
  const reader = { view: new DataView(arrayBuffer(bytes.subarray(start, end))), offset: 0 };
  const sizes: number[] = [];
  while (reader.offset < end - start) {
    const at = reader.offset;
    const header = deserializeTCompactProtocol(reader) as { field_2: number; field_3: number };
    sizes.push(reader.offset - at + header.field_2);
    reader.offset += header.field_3;
  }
  return sizes;
}

describe('createParquetWriter', () => {
  it('writes what hyparquet and DuckDB read back, whatever the schema and the records', async () => {
    await fc.assert(
      fc.asyncProperty(tables, async ({ columns, records, limits }) => {
        const bytes = await encode(columns, records, { limits });
        const expected = records.map(normal);
        expect(await readWithHyparquet(bytes)).toEqual(expected);
        expect(await readWithDuckDB(bytes)).toEqual(expected);
      }),
      { numRuns: runs(120), examples: edges },
    );
  });

  const text = (name: string): Column => ({ name, shape: { kind: 'leaf', type: 'utf8' } });

  it('keeps pages within 1 MB, whatever becomes of the dictionary, and row groups within their rows', async () => {
    const columns: Column[] = [
      text('unique'),
      text('long'),
      text('few'),
      { name: 'list', shape: { kind: 'list', element: { kind: 'leaf', type: 'utf8' } } },
      { name: 'n', shape: { kind: 'leaf', type: 'int64' } },
    ];
    const records = Array.from({ length: 30_000 }, (_, n) => ({
      unique: `${n}-${'u'.repeat(40)}`,
      // Repeats enough to stay in the dictionary, and is long enough to fill it.
      long: `${n % 3000}-${'é'.repeat(300)}`,
      few: `value ${n % 7}`,
      list: Array.from({ length: n % 9 }, (_, i) => `${n % 500}/${i}`),
      n,
    }));
    const bytes = await encode(columns, records, { limits: { rowGroupRows: 20_000 } });
    const { row_groups } = parquetMetadata(arrayBuffer(bytes));
    expect(row_groups.map(({ num_rows }) => num_rows)).toEqual([20_000n, 10_000n]);
    const sizes = row_groups.flatMap(({ columns }) =>
      columns.flatMap((column) => pagesOf(bytes, column.meta_data!)),
    );
    expect(Math.max(...sizes)).toBeLessThanOrEqual(1_000_000);
    const encodings = row_groups[0]!.columns.map(({ meta_data }) =>
      meta_data!.encoding_stats!.map(({ encoding }) => encoding),
    );
    expect(encodings).toEqual([
      ['PLAIN', 'RLE_DICTIONARY', 'PLAIN'],
      ['PLAIN', 'RLE_DICTIONARY', 'PLAIN'],
      ['PLAIN', 'RLE_DICTIONARY'],
      ['PLAIN', 'RLE_DICTIONARY'],
      ['PLAIN', 'RLE_DICTIONARY', 'PLAIN'],
    ]);
    expect(await readWithDuckDB(bytes)).toEqual(records.map(normal));
  });

  it('states in the footer what the column chunks and row groups contain', async () => {
    const columns: Column[] = [
      text('few'),
      text('unique'),
      { name: 'd', shape: { kind: 'leaf', type: 'double' } },
      { name: 'b', shape: { kind: 'leaf', type: 'boolean' } },
      text('absent'),
    ];
    const records = Array.from({ length: 450 }, (_, n) => ({
      few: `value ${n % 3}`,
      unique: `${n}${'u'.repeat(n % 50)}`,
      ...(n % 2 === 0 && { d: n / 7, b: n % 3 === 0 }),
    }));
    const bytes = await encode(columns, records, { limits: { rowGroupRows: 200, pageBytes: 500 } });
    const { row_groups, num_rows } = parquetMetadata(arrayBuffer(bytes));
    expect(num_rows).toBe(450n);
    expect(row_groups.map((group) => group.num_rows)).toEqual([200n, 200n, 50n]);
    let offset = 4n;
    for (const group of row_groups) {
      expect(group.file_offset).toBe(offset);
      const chunks = group.columns.map(({ meta_data }) => meta_data!);
      for (const [index, chunk] of chunks.entries()) {
        const pages = pagesOf(bytes, chunk);
        const label = chunk.path_in_schema.join('.');
        expect(chunk.total_uncompressed_size, label).toBe(BigInt(pages.reduce((a, b) => a + b, 0)));
        expect(chunk.num_values, label).toBe(group.num_rows);
        expect(group.columns[index]!.file_offset, label).toBe(offset);
        const dictionary = chunk.encoding_stats!.some(({ page_type }) => page_type === 'DICTIONARY_PAGE');
        expect(chunk.dictionary_page_offset, label).toBe(dictionary ? offset : undefined);
        if (!dictionary) expect(chunk.data_page_offset, label).toBe(offset);
        else expect(chunk.data_page_offset, label).toBeGreaterThan(offset);
        const counted = chunk.encoding_stats!.reduce((sum, { count }) => sum + count, 0);
        expect(counted, label).toBe(pages.length);
        expect(chunk.encodings, label).toEqual(
          dictionary ? ['PLAIN', 'RLE', 'RLE_DICTIONARY'] : ['PLAIN', 'RLE'],
        );
        offset += chunk.total_compressed_size;
      }
      const total = (of: (chunk: ColumnMetaData) => bigint) => chunks.reduce((sum, c) => sum + of(c), 0n);
      expect(group.total_byte_size).toBe(total((chunk) => chunk.total_uncompressed_size));
      expect(group.total_compressed_size).toBe(total((chunk) => chunk.total_compressed_size));
    }
    const nulls = row_groups[0]!.columns.map(({ meta_data }) => meta_data!.statistics!.null_count);
    expect(nulls).toEqual([0n, 0n, 100n, 100n, 200n]);
  });

  it.each([
    [0, []],
    [49, [49n]],
    [50, [50n]],
    [51, [50n, 1n]],
    [100, [50n, 50n]],
  ])('writes no row group without rows: %i rows in groups of 50', async (rows, groups) => {
    const records = Array.from({ length: rows }, (_, n) => ({ a: `${n}` }));
    const bytes = await encode([text('a')], records, { limits: { rowGroupRows: 50 } });
    const { row_groups } = parquetMetadata(arrayBuffer(bytes));
    expect(row_groups.map(({ num_rows }) => num_rows)).toEqual(groups);
    expect(await readWithHyparquet(bytes)).toEqual(records);
  });

  it('counts rows and bytes as it writes, and refuses to sort by a column that is absent', async () => {
    const parts: Uint8Array[] = [];
    const compress = await createZstd();
    const options = { sink: { write: (part: Uint8Array) => parts.push(part) }, compress, createdBy: 'x' };
    const writer = createParquetWriter({ ...options, columns: [text('a')] });
    expect([writer.rows, writer.bytes]).toEqual([0, 4]);
    writer.append({ a: 'x' });
    expect(writer.rows).toBe(1);
    writer.finish();
    expect(writer.bytes).toBe(Buffer.concat(parts).length);
    expect(() => createParquetWriter({ ...options, columns: [text('a')], sortedBy: 'b' })).toThrow(
      'no column "b" to sort by',
    );
  });

  it('keeps row groups within their bytes', async () => {
    const records = Array.from({ length: 4096 }, (_, n) => ({ a: `${n}${'x'.repeat(400)}` }));
    const bytes = await encode([text('a')], records, { limits: { rowGroupBytes: 500_000 } });
    const { row_groups } = parquetMetadata(arrayBuffer(bytes));
    // Every 256 rows take about 104 kB, and zstd compresses none of the four pages before they are full.
    for (const { num_rows } of row_groups.slice(0, -1)) expect(Number(num_rows) % 256).toBe(0);
    expect(row_groups.length).toBeGreaterThan(1);
    expect(await readWithHyparquet(bytes)).toEqual(records);
  });

  it('takes a record back that does not fit, wherever in it that shows', async () => {
    const columns: Column[] = [
      text('a'),
      { name: 'l', shape: { kind: 'list', element: { kind: 'leaf', type: 'utf8' } } },
      { name: 'n', shape: { kind: 'leaf', type: 'int32' } },
    ];
    const parts: Uint8Array[] = [];
    const writer = createParquetWriter({
      columns,
      sink: { write: (part) => parts.push(part) },
      compress: await createZstd(),
      createdBy: 'tiercel test',
      limits: { pageBytes: 60, rowGroupRows: 50 },
    });
    const kept: Record<string, unknown>[] = [];
    for (let i = 0; i < 200; i++) {
      const record = { a: `a${i}`, l: ['x', `y${i}`, `z${i % 5}`], n: i };
      const bad = {
        1: { ...record, n: 2 ** 31 },
        2: { ...record, l: ['x', 'long '.repeat(20), 7] },
        3: { ...record, a: 5 },
      };
      const row = i % 10;
      if (row in bad) expect(() => writer.append(bad[row as 1 | 2 | 3])).toThrow(RecordError);
      writer.append(record);
      kept.push(record);
    }
    writer.finish();
    expect(await readWithDuckDB(Buffer.concat(parts))).toEqual(kept.map(normal));
    expect(() => writer.append({ l: 'text' })).toThrow('l: expected a list, got string');
    expect(() => writer.append({ n: 1.5 })).toThrow('n: expected a 32-bit integer, got 1.5');
    expect(() => writer.append(null)).toThrow('record: expected an object');
  });

  it('writes instants, 64-bit integers and the footer as DuckDB knows them', async () => {
    const columns: Column[] = [
      { name: 'time', shape: { kind: 'leaf', type: 'int64' } },
      { name: 'time_dt', shape: { kind: 'leaf', type: 'timestamp' } },
      { name: 'm', shape: { kind: 'map' } },
    ];
    const time = Date.UTC(2026, 10, 23, 13, 30, 0, 123);
    const records = [
      { time, time_dt: time, m: { 'evt.type': 'execve' } },
      { time: 2n ** 63n - 1n, time_dt: -1 },
    ];
    const bytes = await encode(columns, records, { metadata: { product: 'x' }, sortedBy: 'time' });
    const file = join(scratch(), 'f.parquet');
    writeFileSync(file, bytes);
    const [first, second] = await query(
      `select time::varchar as t, typeof(time_dt) as k, epoch_ms(time_dt)::varchar as e, m['evt.type'] as v from '${file}'`,
    );
    expect(first).toMatchObject({ t: String(time), k: 'TIMESTAMP WITH TIME ZONE', e: String(time) });
    expect(second).toMatchObject({ t: '9223372036854775807', e: '-1' });
    const metadata = parquetMetadata(arrayBuffer(bytes));
    expect(metadata.created_by).toBe('tiercel test');
    expect(metadata.key_value_metadata).toEqual([{ key: 'product', value: 'x' }]);
    expect(metadata.row_groups[0]!.sorting_columns?.[0]?.column_idx).toBe(0);
  });

  it.each<[string, readonly (number | bigint | undefined)[], boolean]>([
    ['in order', [1, 1, 2n, 3], true],
    ['out of order', [1, 3, 2], false],
    ['absent at first', [undefined, 1], false],
    ['absent later', [1, undefined, 2], false],
  ])('says that rows are sorted only when they are: %s', async (_name, times, isSorted) => {
    const columns: Column[] = [{ name: 'time', shape: { kind: 'leaf', type: 'int64' } }];
    const bytes = await encode(
      columns,
      times.map((time) => ({ time })),
      { sortedBy: 'time' },
    );
    const [group] = parquetMetadata(arrayBuffer(bytes)).row_groups;
    expect(group!.sorting_columns !== undefined).toBe(isSorted);
  });
});
