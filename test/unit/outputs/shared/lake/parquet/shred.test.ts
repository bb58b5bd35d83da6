import { describe, expect, it } from 'vitest';
import type { Column, LeafType } from '../../../../../../core/sdk/index.ts';
import { RecordError } from '../../../../../../outputs/shared/lake/parquet/shred.ts';
import { createParquetWriter } from '../../../../../../outputs/shared/lake/parquet/writer.ts';

const leaf = (name: string, type: LeafType): Column => ({ name, shape: { kind: 'leaf', type } });
const columns: Column[] = [
  leaf('text', 'utf8'),
  leaf('small', 'int32'),
  leaf('large', 'int64'),
  leaf('when', 'timestamp'),
  leaf('real', 'double'),
  leaf('flag', 'boolean'),
  { name: 'map', shape: { kind: 'map' } },
  { name: 'list', shape: { kind: 'list', element: { kind: 'leaf', type: 'int32' } } },
  {
    name: 'group',
    shape: {
      kind: 'group',
      columns: [
        leaf('inner', 'int32'),
        { name: 'more', shape: { kind: 'group', columns: [leaf('deep', 'utf8')] } },
      ],
    },
  },
  {
    name: 'groups',
    shape: { kind: 'list', element: { kind: 'group', columns: [leaf('a', 'utf8')] } },
  },
];

/** No compression: what is refused is refused before it. */
function writer() {
  const parts: Uint8Array[] = [];
  const sink = { write: (part: Uint8Array) => parts.push(part) };
  const made = createParquetWriter({
    columns,
    sink,
    compress: (bytes) => Uint8Array.from(bytes),
    createdBy: 'x',
  });
  return { ...made, append: made.append };
}

describe('a record that does not fit', () => {
  it.each<[unknown, string]>([
    [undefined, 'record: expected an object, got undefined'],
    [null, 'record: expected an object, got object'],
    [[], 'record: expected an object, got a list'],
    ['x', 'record: expected an object, got string'],
    [{ text: 1 }, 'text: expected a text, got 1'],
    [{ small: 2 ** 31 }, 'small: expected a 32-bit integer, got 2147483648'],
    [{ small: -(2 ** 31) - 1 }, 'small: expected a 32-bit integer, got -2147483649'],
    [{ small: 0.5 }, 'small: expected a 32-bit integer, got 0.5'],
    [{ small: '1' }, 'small: expected a 32-bit integer, got string'],
    [
      { large: 2 ** 53 },
      'large: expected a 64-bit integer, got 9007199254740992, which is beyond 2^53: write a bigint',
    ],
    [
      { large: 2n ** 63n },
      'large: expected a 64-bit integer, got the bigint 9223372036854775808, which is beyond 64 bits',
    ],
    [{ large: -(2n ** 63n) - 1n }, 'large: expected'],
    [{ large: 1.5 }, 'large: expected a 64-bit integer, got 1.5'],
    [{ when: 1.5 }, 'when: expected epoch milliseconds, got 1.5'],
    [{ when: '2026-01-01' }, 'when: expected'],
    [{ when: 1783762698682419669n }, 'which is beyond the year 9999 and looks like nanoseconds'],
    [{ when: 1783762698682419 }, 'which is beyond the year 9999 and looks like microseconds'],
    [{ when: 253_402_300_800_000 }, 'which is beyond the year 9999'],
    [{ when: -62_135_596_800_001 }, 'which is before the year 1'],
    [{ real: '1' }, 'real: expected a number, got string'],
    [{ real: 5n }, 'real: expected a number, got the bigint 5'],
    [{ flag: 1 }, 'flag: expected true or false, got 1'],
    [{ map: 'x' }, 'map: expected a map, got string'],
    [{ map: ['x'] }, 'map: expected a map, got a list'],
    [{ map: 7 }, 'map: expected a map, got 7'],
    [{ map: { a: 7 } }, 'map'],
    [{ list: 'x' }, 'list: expected a list, got string'],
    [{ list: {} }, 'list: expected a list, got object'],
    [{ list: [1, 'x'] }, 'list[]: expected a 32-bit integer'],
    [{ group: [] }, 'group: expected an object'],
    [{ group: 'x' }, 'group: expected an object, got string'],
    [{ group: { inner: 'x' } }, 'group.inner: expected a 32-bit integer'],
    [{ group: { more: { deep: 1 } } }, 'group.more.deep: expected a text, got 1'],
    [{ groups: [{ a: 'x' }, 'y'] }, 'groups[]: expected an object, got string'],
    [{ groups: [{ a: 1 }] }, 'groups[].a: expected'],
    [{ text: 'x', unknown: 1 }, 'unknown: is not in the schema'],
    [{ group: { inner: 1, more: { deep: 'x', other: '' } } }, 'group.more.other: is not in the schema'],
    [{ groups: [{ b: 1 }] }, 'groups[].b: is not in the schema'],
  ])('is refused with its path: case %#', (record, message) => {
    const { append } = writer();
    expect(() => append(record)).toThrow(RecordError);
    expect(() => append(record)).toThrow(message);
  });

  it.each<[unknown]>([
    [{}],
    [{ unknown: undefined, other: null }],
    [{ text: '', small: 2 ** 31 - 1, large: 2 ** 53 - 1, when: 0, real: Number.NaN, flag: false }],
    [{ small: -(2 ** 31), large: -(2n ** 63n), when: -1 }],
    [{ large: 2n ** 63n - 1n, real: 1 }],
    [{ text: null, map: null, list: null, group: null, groups: null }],
    [{ map: {}, list: [], group: {}, groups: [] }],
    [{ map: { a: null }, list: [null, 1], group: { more: null }, groups: [null, {}] }],
  ])('is none of these: case %#', (record) => {
    expect(() => writer().append(record)).not.toThrow();
  });
});
