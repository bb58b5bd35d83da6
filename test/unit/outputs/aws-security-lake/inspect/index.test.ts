import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parquetMetadata, type SchemaElement } from 'hyparquet';
import { type ColumnSource, parquetWriteBuffer } from 'hyparquet-writer';
import { describe, expect, it } from 'vitest';
import { columnsOf } from '../../../../../core/sdk/index.ts';
import { mappingOf } from '../../../../../mappers/ocsf/finding/mapping.ts';
import ocsf from '../../../../../mappers/ocsf/index.ts';
import { inspectCommand } from '../../../../../outputs/aws-security-lake/inspect/command.ts';
import { inspect, RULES } from '../../../../../outputs/aws-security-lake/inspect/index.ts';
import { decoded } from '../../../../support/decoded.ts';
import { encode, type Records, scratch } from '../../shared/lake/support.ts';
import { DAY, row } from './row.ts';

const PLACE = 'ext/falco/1.0/region=eu-west-1/accountId=123456789012/eventDay=20260102';

const columns = columnsOf(mappingOf(decoded(ocsf, { version: '1.1.0' })).schema);
const file = (records: Records) => encode(columns, records);

/** Writes files below a folder, looks at it, and gives the rules that are broken. */
async function brokenBy(files: Readonly<Record<string, Uint8Array>>, at = ''): Promise<string[]> {
  const folder = scratch();
  for (const [name, bytes] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), bytes);
  }
  const found: string[] = [];
  for await (const { violations } of inspect(join(folder, at), { region: 'eu-west-1' })) {
    found.push(...violations.map(({ rule }) => rule));
  }
  return [...new Set(found)].sort();
}

describe('inspect', () => {
  it('finds nothing in a lake that is right, and says what is in it', async () => {
    const bytes = await file([row(DAY), row(DAY + 5, { severity_id: 6, severity: 'Fatal' }), row(DAY + 5)]);
    expect(await brokenBy({ [`${PLACE}/a.parquet`]: bytes, [`${PLACE}/b.parquet`]: bytes })).toEqual([]);
    const path = join(scratch(), 'loose.parquet');
    writeFileSync(path, bytes);
    for await (const report of inspect(path, { region: 'eu-west-1' })) {
      expect(report).toMatchObject({
        rows: 3,
        bytes: bytes.length,
        first: DAY,
        last: DAY + 5,
        severities: { Medium: 2, Fatal: 1 },
        classes: [2004],
        versions: ['1.1.0'],
        codecs: ['ZSTD'],
        violations: [],
      });
      const { row_groups } = parquetMetadata(Uint8Array.from(bytes).buffer);
      const chunks = row_groups.flatMap((group) => group.columns.map(({ meta_data }) => meta_data!));
      const stats = chunks.flatMap(({ encoding_stats }) => encoding_stats!);
      expect(report.pages!.count).toBe(stats.reduce((sum, { count }) => sum + count, 0));
      expect(report.columns).toBe(chunks.length);
      const sizes = chunks.map((chunk) => Number(chunk.total_uncompressed_size));
      expect(report.pages!.largest).toBeLessThan(Math.max(...sizes));
      expect(chunks.map(({ path_in_schema }) => path_in_schema.join('.'))).toContain(
        report.pages!.largestColumn,
      );
      expect(report.rowGroups).toEqual([
        {
          rows: 3,
          compressed: chunks.reduce((sum, chunk) => sum + Number(chunk.total_compressed_size), 0),
          uncompressed: sizes.reduce((sum, size) => sum + size, 0),
        },
      ]);
    }
  });

  it.each<[string, Record<string, unknown>[], string[]]>([
    ['no rows', [], ['rows']],
    ['another day', [row(DAY), row(DAY + 86_400_000)], ['day']],
    ['the day before', [row(DAY - 1), row(DAY)], ['day']],
    ['disorder', [row(DAY + 1), row(DAY)], ['order']],
    ['no time', [row(DAY, { time: undefined })], ['time']],
    ['another instant', [row(DAY, { time_dt: DAY + 1 })], ['time_dt']],
    ['a version after 1.3', [row(DAY, { metadata: { version: '1.4.0' } })], ['version']],
    ['two versions', [row(DAY), row(DAY, { metadata: { version: '1.3.0' } })], ['version']],
    ['a foreign class', [row(DAY, { class_uid: 6003 })], ['class']],
    ['a wrong type_uid', [row(DAY, { type_uid: 200400 })], ['caption']],
    ['a wrong caption', [row(DAY, { severity: 'High' })], ['caption']],
    ['a wrong class name', [row(DAY, { class_name: 'detection_finding' })], ['caption']],
    ['no category name', [row(DAY, { category_name: undefined })], ['caption']],
    ['a severity that is none', [row(DAY, { severity_id: 7 })], ['caption']],
    ['no finding_info', [row(DAY, { finding_info: undefined })], ['required']],
    ['no severity_id', [row(DAY, { severity_id: undefined })], ['required']],
  ])('finds %s', async (_, records, rules) => {
    expect(await brokenBy({ [`${PLACE}/a.parquet`]: await file(records) })).toEqual(rules);
  });

  it('finds what is no Parquet file, and goes on', async () => {
    const good = await file([row(DAY)]);
    const files = { [`${PLACE}/a.parquet`]: Buffer.from('PAR1 not PAR1'), [`${PLACE}/b.parquet`]: good };
    expect(await brokenBy(files)).toEqual(['readable']);
    const torn = { [`${PLACE}/a.parquet`]: Buffer.concat([Buffer.alloc(200, 1), good.subarray(200)]) };
    expect(await brokenBy(torn)).toContain('readable');
  });

  it('says in plain words what is wrong with a file that cannot be read', async () => {
    const good = await file([row(DAY)]);
    const damaged = Buffer.from(good);
    damaged.fill(0xff, good.length - 400, good.length - 300);
    const said = async (bytes: Uint8Array) => {
      const path = join(scratch(), 'a.parquet');
      writeFileSync(path, bytes);
      const details: string[] = [];
      for await (const { violations } of inspect(path, { region: 'x' })) {
        details.push(...violations.map(({ detail }) => detail));
      }
      return details;
    };
    expect(await said(Buffer.alloc(0))).toEqual(['is empty']);
    expect(await said(Buffer.from('hello, I am no such file'))).toEqual([
      'is no Parquet file: it does not begin with PAR1',
    ]);
    expect(await said(good.subarray(0, good.length - 50))).toEqual([
      'was cut off: it begins as a Parquet file, but does not end as one',
    ]);
    expect(await said(damaged)).toEqual([expect.stringMatching(/^its footer is damaged \(/)]);
    const pages = Buffer.from(good);
    pages.fill(0xff, 4, 400);
    expect((await said(pages))[0]).toMatch(/^its data is damaged \(/);
  });

  it('passes over a folder that is called like a file', async () => {
    const bytes = await file([row(DAY)]);
    expect(await brokenBy({ 'table.parquet/part.parquet': bytes })).toEqual([]);
  });

  it('finds columns that changed between files of a source, but lets columns be added', async () => {
    const without = columns.filter(({ name }) => name !== 'message');
    const otherType = columns.map((column) =>
      column.name === 'message'
        ? { name: 'message', shape: { kind: 'leaf', type: 'int64' } as const }
        : column,
    );
    const right = await file([row(DAY)]);
    const fewer = await encode(without, [row(DAY)]);
    const other = await encode(otherType, [row(DAY)]);
    const put = (a: Uint8Array, b: Uint8Array) => ({ [`${PLACE}/a.parquet`]: a, [`${PLACE}/b.parquet`]: b });
    expect(await brokenBy(put(fewer, right))).toEqual([]);
    expect(await brokenBy(put(right, other))).toEqual(['schema']);
    const elsewhere = PLACE.replace('falco', 'other');
    expect(await brokenBy({ [`${PLACE}/a.parquet`]: right, [`${elsewhere}/b.parquet`]: other })).toEqual([]);
  });

  it('finds pages that are too large, but not a single value that is', async () => {
    const text = 'x'.repeat(400_000);
    const many = Array.from({ length: 4 }, (_, i) => row(DAY, { message: text + i }));
    const large = await encode(columns, many, { limits: { pageBytes: 10_000_000 } });
    expect(await brokenBy({ [`${PLACE}/a.parquet`]: large })).toEqual(['page']);
    const single = await file([row(DAY, { raw_data: 'x'.repeat(2_000_000) })]);
    expect(await brokenBy({ [`${PLACE}/a.parquet`]: single })).toEqual([]);
  });
});

/** Files of another writer, with a schema written out: the shapes that ours never makes. */
const foreign = (schema: SchemaElement[], columnData: ColumnSource[], codec: 'ZSTD' | 'SNAPPY' = 'SNAPPY') =>
  new Uint8Array(
    parquetWriteBuffer({
      schema: [{ name: 'schema', num_children: columnData.length }, ...schema],
      columnData,
      ...(codec === 'SNAPPY' && { codec }),
    }),
  );

describe('inspect of files of another writer', () => {
  const optional = { repetition_type: 'OPTIONAL' as const };
  const repeated = { repetition_type: 'REPEATED' as const };
  const utf8 = { type: 'BYTE_ARRAY' as const, converted_type: 'UTF8' as const };
  const has = async (rule: string, schema: SchemaElement[], data: ColumnSource[]) =>
    expect(await brokenBy({ [`${PLACE}/a.parquet`]: foreign(schema, data) })).toContain(rule);

  it('falcosecurity/falcosidekick#728: finds a bare REPEATED and a list of two levels', async () => {
    const list = { ...optional, converted_type: 'LIST' as const, num_children: 1 };
    const two: SchemaElement[] = [
      { name: 'types', ...list },
      { name: 'array', ...repeated, ...utf8 },
    ];
    const bare: SchemaElement[] = [{ name: 'types', ...repeated, ...utf8 }];
    // Without rows, because no writer here makes such columns; the footer alone is judged.
    const data = [{ name: 'types', data: [] }];
    await has('list', bare, data);
    await has('list', two, data);
  });

  it('finds a codec other than zstd, and missing columns', async () => {
    await has('codec', [{ name: 'time', ...optional, type: 'INT64' }], [{ name: 'time', data: [1n] }]);
    await has('required', [{ name: 'time', ...optional, type: 'INT64' }], [{ name: 'time', data: [1n] }]);
  });

  it('finds times and maps of another type', async () => {
    const stamp = { ...optional, type: 'INT64' as const, converted_type: 'TIMESTAMP_MILLIS' as const };
    await has('time', [{ name: 'time', ...stamp }], [{ name: 'time', data: [new Date(DAY)] }]);
    await has(
      'time_dt',
      [{ name: 'time_dt', ...optional, type: 'INT64' }],
      [{ name: 'time_dt', data: [1n] }],
    );
    await has('unmapped', [{ name: 'unmapped', ...optional, ...utf8 }], [{ name: 'unmapped', data: ['{}'] }]);
  });

  it('finds partition keys among the columns, and names that engines do not take', async () => {
    for (const name of ['region', 'accountId', 'eventday']) {
      await has('partition_column', [{ name, ...optional, ...utf8 }], [{ name, data: ['x'] }]);
    }
    await has('name', [{ name: 'evt.time', ...optional, ...utf8 }], [{ name: 'evt.time', data: ['x'] }]);
  });
});

describe('the command', () => {
  const run = async (target: string, json = false) => {
    const lines: string[] = [];
    const print = (text: string) => void lines.push(text);
    const code = await inspectCommand.run(target, { json }, { out: print, json: print });
    return { code, text: lines.join('\n') };
  };

  it('ends with 0 when all rules are kept, and with 1 when one is broken or nothing is there', async () => {
    const folder = scratch();
    expect(await run(folder)).toEqual({ code: 1, text: 'There is no .parquet file here.' });
    writeFileSync(join(folder, 'a.parquet'), await file([row(DAY)]));
    expect(await run(folder)).toMatchObject({
      code: 0,
      text: expect.stringMatching(/all \d+ rules are kept/),
    });
    writeFileSync(join(folder, 'b.parquet'), await file([row(DAY + 1), row(DAY)]));
    const { code, text } = await run(folder);
    expect(code).toBe(1);
    expect(text).toContain(`rule: ${RULES.order}`);
    const json = (await run(folder, true)).text.split('\n').map((line) => JSON.parse(line));
    expect(json.map(({ violations }) => violations.length)).toEqual([0, 1]);
    await expect(run(join(folder, 'absent'))).rejects.toThrow(/no file or folder/);
  });
});
