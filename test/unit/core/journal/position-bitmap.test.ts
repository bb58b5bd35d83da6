import fc from 'fast-check';
import { expect, test } from 'vitest';
import { PositionBitmap } from '../../../../core/journal/position-bitmap.ts';

/** Around the edges of words and chunks. */
const position = fc.oneof(
  fc.integer({ min: 1, max: 200 }),
  fc.integer({ min: 65_500, max: 65_600 }),
  fc.integer({ min: 3 * 65_536 - 40, max: 3 * 65_536 + 40 }),
);
interface Change {
  readonly add: boolean;
  readonly first: number;
  readonly length: number;
}
const change: fc.Arbitrary<Change> = fc.record({
  add: fc.boolean(),
  first: position,
  length: fc.nat({ max: 100 }),
});

test('is a set of positions', () => {
  fc.assert(
    fc.property(fc.array(change, { maxLength: 30 }), position, (changes, probe) => {
      const bits = new PositionBitmap();
      const model = new Set<number>();
      for (const { add, first, length } of changes) {
        const before = model.size;
        for (let p = first; p <= first + length; p++) add ? model.add(p) : model.delete(p);
        const changed = add ? bits.addRun(first, first + length) : bits.deleteRun(first, first + length);
        expect(changed).toBe(Math.abs(model.size - before));
        expect(bits.count).toBe(model.size);
      }
      const sorted = [...model].sort((a, b) => a - b);
      expect(bits.first).toBe(sorted[0]);
      expect(bits.next(probe)).toBe(sorted.find((p) => p >= probe));
      expect(bits.has(probe)).toBe(model.has(probe));
      expect(
        [...bits.runs(probe)].flatMap(([a, b]) => Array.from({ length: b - a + 1 }, (_, i) => a + i)),
      ).toEqual(sorted.filter((p) => p <= probe));
    }),
    {
      examples: [
        [[], 1],
        [[{ add: true, first: 1, length: 0 }], 1],
        // Whole chunks, and the words at their edges.
        ...[65_535, 65_536, 65_537].map((edge): [Change[], number] => [
          [
            { add: true, first: 1, length: 3 * 65_536 },
            { add: false, first: edge, length: 0 },
            { add: false, first: edge + 32, length: 65_536 },
          ],
          edge,
        ]),
      ],
    },
  );
});

test('positions far beyond 32 bits, and clearing everything', () => {
  const bits = new PositionBitmap();
  const far = 2 ** 45 + 12_345;
  expect(bits.addRun(far, far + 200_000)).toBe(200_001);
  expect([...bits.runs()]).toEqual([[far, far + 200_000]]);
  expect(bits.deleteRun(1, Number.MAX_SAFE_INTEGER)).toBe(200_001);
  expect(bits.first).toBeUndefined();
});

const CHUNK = 65_536;

test.each([
  [CHUNK - 6, CHUNK - 1],
  [CHUNK - 1, CHUNK - 1],
  [CHUNK, CHUNK],
  [CHUNK, 2 * CHUNK - 1],
  [1, 3 * CHUNK - 1],
  [CHUNK - 1, CHUNK],
  [31, 31],
  [32, 63],
])('a run at the edge of a chunk or word ends where it ends: %i to %i', (first, last) => {
  const bits = new PositionBitmap();
  expect(bits.addRun(first, last)).toBe(last - first + 1);
  expect([...bits.runs()]).toEqual([[first, last]]);
  expect([bits.has(first - 1), bits.has(first), bits.has(last), bits.has(last + 1)]).toEqual([
    false,
    true,
    true,
    false,
  ]);
  expect([bits.next(first), bits.next(last), bits.next(last + 1)]).toEqual([first, last, undefined]);
  expect([...bits.runs(last - 1)]).toEqual(first < last ? [[first, last - 1]] : []);
  expect(bits.deleteRun(last)).toBe(1);
  expect([...bits.runs()]).toEqual(first < last ? [[first, last - 1]] : []);
});

test('chunks at both ends can go, and others come', () => {
  const bits = new PositionBitmap();
  for (const id of [2, 5, 9]) bits.addRun(id * CHUNK + 7);
  expect(bits.deleteRun(2 * CHUNK + 7)).toBe(1);
  expect([bits.first, bits.next(5 * CHUNK + 8)]).toEqual([5 * CHUNK + 7, 9 * CHUNK + 7]);
  expect(bits.deleteRun(9 * CHUNK + 7)).toBe(1);
  expect([...bits.runs()]).toEqual([[5 * CHUNK + 7, 5 * CHUNK + 7]]);
  expect(bits.deleteRun(1, 10 * CHUNK)).toBe(1);
  expect([bits.first, bits.count, bits.deleteRun(1, 10 * CHUNK)]).toEqual([undefined, 0, 0]);
  bits.addRun(3 * CHUNK + 1);
  expect([...bits.runs()]).toEqual([[3 * CHUNK + 1, 3 * CHUNK + 1]]);
});
