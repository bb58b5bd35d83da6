import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  indentJson,
  renderBytes,
  renderFacts,
  renderTable,
  renderTree,
} from '../../../../core/cli/render.ts';
import { oneLine } from '../../../../core/sdk/contract/printable.ts';

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

test('facts stand below one another', () => {
  expect(
    renderFacts([
      ['state', 'ok'],
      ['dead letters', '3'],
    ]),
  ).toBe('state         ok\ndead letters  3');
});

test('indented JSON says the same, every number and text as it was written', () => {
  expect(indentJson('{"a":[1,{}],"b":9007199254740993.10,"c":"x, {y}: \\"z\\""}')).toBe(
    '{\n  "a": [\n    1,\n    {}\n  ],\n  "b": 9007199254740993.10,\n  "c": "x, {y}: \\"z\\""\n}',
  );
  fc.assert(
    fc.property(fc.json(), (text) => {
      expect(indentJson(text)).toBe(JSON.stringify(JSON.parse(text), null, 2));
    }),
    { examples: [['{}'], ['[]'], ['""'], ['0'], ['[[],{}]'], ['{"":[{}]}'], ['["\\"","\\\\","{,}"]']] },
  );
});

test('text from outside cannot move the cursor of a terminal', () => {
  const esc = String.fromCharCode(0x1b);
  expect(oneLine(`a${esc}[2J\nb\u009b1m`)).toBe('a\\u{1b}[2J b\\u{9b}1m');
  expect(indentJson(`["\u009b1m\u007f\u202e"]`)).toBe('[\n  "\\u009b1m\\u007f\\u202e"\n]');
  expect(renderTable(['x'], [[`a${esc}b`]])).toContain('a\\u{1b}b');
});
