import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  decodeChecked,
  encodeChecked,
  numbersOf,
  runsOfNumbers,
} from '../../../../../core/journal/files/checked-file.ts';
import { PositionSet } from '../../../../../core/journal/positions.ts';

const numbers = fc.array(fc.maxSafeNat());

test('the content comes back, wherever it stands', () => {
  fc.assert(
    fc.property(
      fc.jsonValue({ noUnicodeString: false }),
      numbers,
      fc.nat({ max: 20 }),
      (value, list, offset) => {
        const head = JSON.parse(JSON.stringify(value));
        const bytes = encodeChecked({ head, numbers: list });
        const all = new Uint8Array(offset + bytes.length + 3);
        all.set(bytes, offset);
        expect(decodeChecked(all, 'file', offset)).toEqual({ head, numbers: list, length: bytes.length });
      },
    ),
    {
      examples: [
        [null, [], 0],
        [{}, [0, 1, 127, 128, 16_383, 16_384, 2 ** 31, 2 ** 32 - 1, 2 ** 32, 2 ** 53 - 1], 1],
        ['é'.repeat(1000), [0], 20],
      ],
    },
  );
});

test('a damaged or shortened one is none', () => {
  fc.assert(
    fc.property(numbers, fc.nat(), (list, seed) => {
      const bytes = encodeChecked({ head: { a: 1 }, numbers: list });
      expect(decodeChecked(bytes.subarray(0, seed % bytes.length), 'file')).toBeUndefined();
      const at = seed % bytes.length;
      bytes[at]! ^= 1 << (seed % 8);
      // The digit of the version is not covered by the CRC: one flipped bit makes no other version of it.
      if (at === 3) expect(decodeChecked(bytes, 'file')?.numbers).toEqual(list);
      else expect(decodeChecked(bytes, 'file')).toBeUndefined();
    }),
    { examples: Array.from({ length: 24 }, (_, seed): [number[], number] => [[], seed]) },
  );
});

test('sets of positions as numbers', () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.integer({ min: 1, max: 2 ** 50 })), (list) => {
      const set = PositionSet.of(...list.sort((a, b) => a - b));
      expect([...PositionSet.fromRuns(runsOfNumbers(numbersOf(set)))]).toEqual([...set]);
    }),
    { examples: [[[]], [[1]], [[1, 2, 4]], [[2 ** 32 - 1, 2 ** 32, 2 ** 32 + 1]], [[1, 2 ** 50]]] },
  );
});
