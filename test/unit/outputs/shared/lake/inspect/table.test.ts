import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { Column } from '../../../../../../core/sdk/index.ts';
import { readTable } from '../../../../../../outputs/shared/lake/inspect/table.ts';
import { encode, scratch } from '../support.ts';

const leaf = (name: string, type: 'utf8' | 'int64' | 'timestamp' = 'utf8'): Column => ({
  name,
  shape: { kind: 'leaf', type },
});
const columns: Column[] = [
  leaf('time', 'timestamp'),
  leaf('n', 'int64'),
  { name: 'info', shape: { kind: 'group', columns: [leaf('title'), leaf('size', 'int64')] } },
  leaf('d'),
  leaf('e'),
  leaf('f'),
];
const TIME = Date.UTC(2026, 0, 2, 3, 4, 5);
const records = [
  { time: TIME, n: 1, info: { title: 'a', size: 7 }, d: 'd', e: 'e', f: 'f' },
  { n: 2, info: {}, d: 'x' },
  { n: 3, f: 'last' },
];

async function table(rows: number, preferred?: string[]) {
  const path = join(scratch(), 'a.parquet');
  writeFileSync(path, await encode(columns, records));
  return readTable(path, rows, preferred);
}

it('shows the first five columns, and what is absent as nothing', async () => {
  expect(await table(10)).toEqual({
    header: ['time', 'n', 'info', 'd', 'e'],
    cells: [
      ['2026-01-02T03:04:05.000Z', '1', '{"title":"a","size":"7"}', 'd', 'e'],
      ['', '2', '{}', 'x', ''],
      ['', '3', '', '', ''],
    ].map((row, index) => (index === 1 ? [row[0], row[1], expect.any(String), row[3], row[4]] : row)),
    total: 3,
  });
});

it('shows preferred columns where a row has them, and as many rows as asked', async () => {
  expect(await table(2, ['info.title', 'f', 'absent', 'info.absent'])).toEqual({
    header: ['info.title', 'f'],
    cells: [
      ['a', 'f'],
      ['', ''],
    ],
    total: 3,
  });
  // Of the rows shown none has it.
  expect((await table(1, ['absent', 'n'])).header).toEqual(['n']);
  expect((await table(2, ['absent'])).header).toEqual(['time', 'n', 'info', 'd', 'e']);
});

it('shows no row when none is asked for', async () => {
  expect(await table(0)).toEqual({ header: [], cells: [], total: 3 });
  expect((await table(1)).cells).toHaveLength(1);
});
