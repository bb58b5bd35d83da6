import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { didYouMean, distance, suggest } from '../../../../../core/config/explain/suggest.ts';

it.each([
  ['buckt', ['bucket', 'region'], 'bucket'],
  ['maxBody', ['max_body'], 'max_body'],
  ['minimumpriority', ['minimum_priority'], 'minimum_priority'],
  ['regoin', ['region', 'reason'], 'region'],
  ['xyz', ['bucket', 'region'], undefined],
  ['on', ['or', 'off', 'in'], undefined],
  ['', ['a'], undefined],
  ['-_ ', ['a'], undefined],
  // One typo up to three letters, two up to eight, then a third of them.
  ['abd', ['abc'], 'abc'],
  ['axy', ['abc'], undefined],
  ['abxy', ['abcd'], 'abcd'],
  ['axyz', ['abcd'], undefined],
  ['abcdexyz', ['abcdefgh'], undefined],
  ['abcdefxy', ['abcdefgh'], 'abcdefgh'],
  ['abcdefxyz', ['abcdefghi'], 'abcdefghi'],
  ['abcdewxyz', ['abcdefghi'], undefined],
  ['abcd', ['abcdef'], 'abcdef'],
  ['abcd', ['bcdefghi'], undefined],
  // The nearest, and of equals the first.
  ['teams', ['beams', 'teams2', 'teamx'], 'beams'],
  ['timeot', ['time', 'timeout'], 'timeout'],
  // Something must be left of a short word.
  ['ab', ['ac'], undefined],
  ['abc', ['ab'], 'ab'],
  ['a', ['b'], undefined],
  // Cut short, or spun out.
  ['crit', ['critical', 'error'], 'critical'],
  ['CRIT', ['Critical'], 'Critical'],
  ['inf', ['informational', 'infinite'], undefined],
  ['cr', ['critical'], undefined],
  ['maximum_age_of', ['max', 'min'], undefined],
  ['maximumbytes', ['max', 'min'], 'max'],
  ['emergencyness', ['emergency', 'em'], 'emergency'],
  ['emission', ['em'], undefined],
  ['max12345', ['max'], undefined],
] as [string, string[], string | undefined][])('%s among %j is %s', (word, candidates, expected) => {
  expect(suggest(word, candidates)).toBe(expected);
});

it('makes a question of it', () => {
  expect(didYouMean('buckt', ['bucket'])).toEqual({ suggestion: 'bucket', text: '; did you mean "bucket"?' });
  expect(didYouMean('xyz', ['bucket'])).toEqual({ text: '' });
});

describe('distance', () => {
  it.each([
    ['', '', 0],
    ['', 'abc', 3],
    ['abc', '', 3],
    ['abc', 'abc', 0],
    ['abc', 'ac', 1],
    ['abc', 'abxc', 1],
    ['abc', 'axc', 1],
    ['abc', 'acb', 1],
    ['ab', 'ba', 1],
    ['abcd', 'badc', 2],
    // A swapped pair is not edited again (optimal string alignment).
    ['ca', 'abc', 3],
    ['kitten', 'sitting', 3],
    ['xab', 'xba', 1],
    ['aba', 'bab', 2],
  ])('of %j and %j is %i', (a, b, expected) => {
    expect(distance(a, b)).toBe(expected);
    expect(distance(b, a)).toBe(expected);
  });

  it('is what its definition says', () => {
    const word = fc.string({ unit: fc.constantFrom('a', 'b', 'c'), maxLength: 6 });
    fc.assert(
      fc.property(word, word, (a, b) => {
        expect(distance(a, b)).toBe(defined(a, b));
      }),
      { numRuns: 300 },
    );
  });
});

/** The recursive definition, from the end. */
function defined(a: string, b: string): number {
  if (a === '' || b === '') return a.length + b.length;
  const [shortA, shortB] = [a.slice(0, -1), b.slice(0, -1)];
  const ways = [
    defined(shortA, b) + 1,
    defined(a, shortB) + 1,
    defined(shortA, shortB) + (a.at(-1) === b.at(-1) ? 0 : 1),
  ];
  if (a.length > 1 && b.length > 1 && a.at(-1) === b.at(-2) && a.at(-2) === b.at(-1))
    ways.push(defined(a.slice(0, -2), b.slice(0, -2)) + 1);
  return Math.min(...ways);
}
