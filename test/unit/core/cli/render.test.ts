import { expect, test } from 'vitest';
import { renderBytes, renderTable, renderTree } from '../../../../core/cli/render.ts';

test('a table pads its columns and cuts long cells', () => {
  expect(
    renderTable(
      ['name', 'n'],
      [
        ['lake', '12'],
        ['a much longer name', '3'],
      ],
      { maxCell: 10 },
    ),
  ).toBe(['name        n', '──────────  ──', 'lake        12', 'a much lo…  3'].join('\n'));
});

test('a tree nests what shares a folder', () => {
  const tree = renderTree('lake', [
    { path: 'ext/b.parquet', note: '1 kB' },
    { path: 'ext/a/x.parquet', note: '2 kB' },
  ]);
  expect(tree).toBe(
    ['lake', '└── ext', '    ├── a', '    │   └── x.parquet  2 kB', '    └── b.parquet  1 kB'].join('\n'),
  );
});

test('bytes are rounded to one place of the right unit', () => {
  expect([0, 999, 1000, 12_345, 999_960, 5_000_000_000].map(renderBytes)).toEqual([
    '0 B',
    '999 B',
    '1.0 kB',
    '12.3 kB',
    '1.0 MB',
    '5.0 GB',
  ]);
});
