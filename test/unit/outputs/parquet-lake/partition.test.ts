import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { FieldValue } from '../../../../core/sdk/index.ts';
import ocsf from '../../../../mappers/ocsf/index.ts';
import lake from '../../../../outputs/parquet-lake/index.ts';
import {
  checkFields,
  columnOf,
  fieldSegments,
  NO_VALUE,
  segment,
} from '../../../../outputs/parquet-lake/partition.ts';
import { decoded } from '../../../support/decoded.ts';
import { query } from '../shared/lake/support.ts';
import { AT, compiledMapper, eventText, filesBelow, streamOf } from '../streams.ts';
import { contextOf, eventOf, neverAborts, recordingLogger } from '../support.ts';

const DAY = 'day=2026-01-02';
const anyText = fc.string({ unit: 'binary' });
const eventIn = (namespace: FieldValue | undefined) =>
  eventOf({ time: AT, fields: namespace === undefined ? {} : { 'k8s.ns.name': namespace } });

describe('the segment of a field', () => {
  it('is one safe folder name, from which the value comes back', () => {
    fc.assert(
      fc.property(anyText, (value) => {
        const [column, text = '', ...more] = segment('k8s.ns.name', value).split('=');
        expect([column, more]).toEqual(['k8s_ns_name', []]);
        // biome-ignore lint/suspicious/noControlCharactersInRegex: none may be in a name
        expect(text).toMatch(/^[^/\\:*?"#'[\]{}^\u0000-\u001f\u007f]+$/);
        expect(Buffer.byteLength(text)).toBeLessThanOrEqual(180);
        const back = text.replace(/%([0-9A-F]{2})/g, (_, code) => String.fromCharCode(parseInt(code, 16)));
        const given = value === '' || Buffer.byteLength(value) > 60 ? [value, NO_VALUE] : [value];
        expect(given).toContain(back);
      }),
      {
        examples: ['', '.', '..', '%', '%41', NO_VALUE, 'CON', 'a ']
          .map((value): [string] => [value])
          .concat(
            [59, 60, 61].map((length) => ['%'.repeat(length)]),
            [29, 30, 31].map((length) => ['é'.repeat(length)]),
          ),
      },
    );
  });

  it('is that of no value for what has none', () => {
    const segments = fieldSegments(['k8s.ns.name'], 100);
    for (const value of [undefined, null, '', '<NA>', 'N/A', ['prod'], { a: 'b' }, 'x'.repeat(181)]) {
      expect(segments(eventIn(value), DAY)).toBe(`k8s_ns_name=${NO_VALUE}`);
    }
    expect(segments(eventIn(1507591916746609046n), DAY)).toBe('k8s_ns_name=1507591916746609046');
    expect(segments(eventIn(false), DAY)).toBe('k8s_ns_name=false');
  });

  it('has a column that engines take, whatever the field is called', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[A-Za-z_][^/=]{0,49}$/), (name) => {
        expect(columnOf(name)).toMatch(/^[a-z0-9_]+$/);
      }),
      { examples: [['A'], ['_'], ['a'.repeat(50)], ['aé'], ['a[0]']] },
    );
  });
});

describe('fieldSegments', () => {
  it('never makes more partitions of a day than it may, and the first ones stay', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 40 })),
        fc.integer({ min: 1, max: 10 }),
        (values, most) => {
          const segments = fieldSegments(['k8s.ns.name', 'priority'], most);
          const made = values.map((value) => segments(eventIn(`ns-${value}`), DAY));
          const first = [...new Set(values)].slice(0, most);
          for (const [index, value] of values.entries()) {
            const kept = first.includes(value);
            expect(made[index]).toContain(kept ? `k8s_ns_name=ns-${value}/` : `k8s_ns_name=${NO_VALUE}/`);
          }
        },
      ),
      {
        examples: [
          [[], 1],
          [[0], 1],
          [[0, 1, 0], 1],
          [[0, 1, 2, 1], 2],
          [Array.from({ length: 11 }, (_, n) => n), 10],
        ],
      },
    );
  });

  it('counts each day by itself', () => {
    const segments = fieldSegments(['k8s.ns.name'], 1);
    expect(segments(eventIn('a'), DAY)).toBe('k8s_ns_name=a');
    expect(segments(eventIn('b'), DAY)).toBe(`k8s_ns_name=${NO_VALUE}`);
    expect(segments(eventIn('b'), 'day=2026-01-03')).toBe('k8s_ns_name=b');
  });
});

describe('checkFields', () => {
  it('refuses what would be one column with another', () => {
    expect(() => checkFields(['a.b', 'a-b'], [])).toThrow(/a-b would be the column a_b/);
    expect(() => checkFields(['Severity'], ['severity'])).toThrow(/Severity would be the column severity/);
    expect(() => checkFields(['day'], ['day'])).toThrow(/choose another field/);
    expect(() => checkFields(['rule', 'priority'], ['time'])).not.toThrow();
  });
});

it('parquet_lake writes partitions that an engine reads as the columns they are', async () => {
  const mapperRef = { type: 'ocsf', module: compiledMapper('ocsf/index.js'), options: decoded(ocsf, {}) };
  const context = {
    ...contextOf<unknown>(ocsf.create(decoded(ocsf, {}), { log: recordingLogger() })),
    mapperRef,
  };
  const output = lake.create(
    decoded(lake, { directory: 'lake', partition_fields: ['k8s.ns.name', 'priority'] }),
    context,
  );
  const namespaces = ['team/a=b %1 "é"', undefined];
  for (const [index, namespace] of namespaces.entries()) {
    const partition = output.partition!(eventIn(namespace)) as string;
    const batch = streamOf([eventText(AT, { output_fields: { 'k8s.ns.name': namespace } })], partition);
    const delivery = await output.deliver({ ...batch, id: `b${index}` }, neverAborts());
    expect(delivery).toMatchObject({ status: 'delivered' });
  }
  await output.stop?.(neverAborts());
  expect(filesBelow(join(context.configDir, 'lake')).sort()).toEqual([
    `day=2026-01-02/k8s_ns_name=${NO_VALUE}/priority=Warning/b1.parquet`,
    'day=2026-01-02/k8s_ns_name=team%2Fa%3Db %251 %22é%22/priority=Warning/b0.parquet',
  ]);
  const files = join(context.configDir, 'lake/**/*.parquet');
  const rows = await query(
    `SELECT k8s_ns_name, priority FROM read_parquet('${files}', hive_partitioning = true) ORDER BY 1 NULLS LAST`,
  );
  expect(rows).toEqual([
    { k8s_ns_name: namespaces[0], priority: 'Warning' },
    { k8s_ns_name: null, priority: 'Warning' },
  ]);
});
