import { describe, expect, it } from 'vitest';
import {
  type FileReport,
  RULES,
  renderFile,
  renderSummary,
} from '../../../../../outputs/aws-security-lake/inspect/index.ts';

const TIME = Date.UTC(2026, 0, 2, 3, 4, 5, 6);
const REPORT: FileReport = {
  file: 'ext/falco/a.parquet',
  key: { source: 'ext/falco/1.0', region: 'eu-west-1', account: '123456789012', day: '20260102' },
  bytes: 999_999,
  rows: 3,
  createdBy: 'tiercel 1',
  metadata: { schema_hash: 'abc' },
  columns: 95,
  codecs: ['ZSTD', 'SNAPPY'],
  rowGroups: [
    { rows: 2, compressed: 500, uncompressed: 900 },
    { rows: 1, compressed: 1_000_000, uncompressed: 1 },
  ],
  pages: { count: 7, largest: 12_345_678, largestColumn: 'message' },
  first: TIME,
  last: TIME + 1,
  severities: { Medium: 2, Fatal: 1 },
  classes: [2004, 2001],
  versions: ['1.1.0', '1.3.0'],
  violations: [{ rule: 'order', detail: 'row 2' }],
};

describe('renderFile', () => {
  it('shows what is known of a file, and the rules it breaks', () => {
    expect(renderFile(REPORT).split('\n')).toEqual([
      'ext/falco/a.parquet',
      '  source      ext/falco/1.0 in eu-west-1',
      '  account     123456789012',
      '  day         20260102',
      '  rows        3 in 1000.0 kB',
      '  time        2026-01-02T03:04:05.006Z to 2026-01-02T03:04:05.007Z',
      '  severities  Medium 2, Fatal 1',
      '  class       2004, 2001 at OCSF 1.1.0, 1.3.0',
      '  schema      95 columns (schema_hash abc), written by tiercel 1',
      '  codec       ZSTD, SNAPPY',
      '  row groups  2, the largest 1.00 MB compressed',
      '  pages       7, the largest 12.35 MB uncompressed (message)',
      '  BROKEN order: row 2',
      `         rule: ${RULES.order}`,
    ]);
  });

  it('leaves out what is not known', () => {
    expect(renderFile({ file: 'a', violations: [{ rule: 'readable', detail: 'is empty' }] })).toBe(
      `a\n  BROKEN readable: is empty\n         rule: ${RULES.readable}`,
    );
    const bare = {
      file: 'a',
      rows: 0,
      bytes: 1234,
      createdBy: '',
      classes: [],
      versions: [],
      violations: [],
    };
    expect(renderFile(bare).split('\n')).toEqual([
      'a',
      '  rows        0 in 1.2 kB',
      '  severities  none',
      '  class        at OCSF ',
      '  schema      0 columns, written by unknown',
      '  codec       ',
      '  row groups  0, the largest 0.0 kB compressed',
    ]);
  });

  it('shows a time that is no date as a number', () => {
    expect(renderFile({ ...REPORT, first: 1e17, last: 1e17 })).toContain(
      'time        100000000000000000 to 100000000000000000',
    );
  });
});

describe('renderSummary', () => {
  const all = Object.keys(RULES).length;
  it.each([
    [0, 0, 0, 'There is no .parquet file here.'],
    [1, 3, 0, `1 file, 3 rows: all ${all} rules are kept.`],
    [2, 3, 0, `2 files, 3 rows: all ${all} rules are kept.`],
    [2, 3, 1, '2 files, 3 rows: 1 file breaks a rule.'],
    [3, 3, 2, '3 files, 3 rows: 2 files break a rule.'],
  ])('%i files, %i rows, %i broken', (files, rows, broken, text) => {
    expect(renderSummary(files, rows, broken)).toBe(text);
  });
});

it.each(Object.entries(RULES))('the rule %s has a text', (_, text) => {
  expect(text).toMatch(/^[a-z].{15,}[^.]$/);
});
