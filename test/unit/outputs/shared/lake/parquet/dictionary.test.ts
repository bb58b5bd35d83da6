import { describe, expect, it } from 'vitest';
import { Dictionary } from '../../../../../../outputs/shared/lake/parquet/dictionary.ts';

/** Entries before the dictionary has to pay. */
const TRIAL = 4096;

describe('Dictionary', () => {
  it('gives each value the id of its turn, and its bytes back', () => {
    const dictionary = new Dictionary('utf8', 1000);
    expect(['a', 'bc', ''].map((value, index) => dictionary.add(value, index + 1))).toEqual([0, 1, 2]);
    expect([dictionary.size, dictionary.bytes]).toEqual([3, 5 + 6 + 4]);
    expect(['', 'a', 'a', 'bc', 'x'].map((value) => dictionary.find(value))).toEqual([2, 0, 0, 1, undefined]);
    expect([0, 1, 2].map((id) => Buffer.from(dictionary.entry(id)).toString('hex'))).toEqual([
      '0100000061',
      '020000006263',
      '00000000',
    ]);
    expect(Buffer.concat([0, 1, 2].map((id) => dictionary.entry(id)))).toEqual(
      Buffer.from(dictionary.view()),
    );
  });

  it('tells the value before the first from none', () => {
    const dictionary = new Dictionary('int32', 1000);
    expect([dictionary.find(0), dictionary.add(7, 1), dictionary.find(0), dictionary.find(7)]).toEqual([
      undefined,
      0,
      undefined,
      0,
    ]);
  });

  it('is full at its bytes, to the last', () => {
    const dictionary = new Dictionary('int64', 16);
    expect([dictionary.add(1, 1), dictionary.add(2, 2), dictionary.add(3, 3)]).toEqual([0, 1, undefined]);
    expect([dictionary.size, dictionary.bytes, dictionary.find(3)]).toEqual([2, 16, undefined]);
    expect(new Dictionary('int64', 7).add(1, 1)).toBeUndefined();
  });

  it('has to pay after its trial: half of the values at the most are new', () => {
    const filled = () => {
      const dictionary = new Dictionary('int32', 1e9);
      for (let n = 0; n < TRIAL; n++) expect(dictionary.add(n, n + 1)).toBe(n);
      return dictionary;
    };
    expect(filled().add(-1, TRIAL + 1)).toBeUndefined();
    expect(filled().add(-1, 2 * TRIAL)).toBeUndefined();
    expect(filled().add(-1, 2 * TRIAL + 1)).toBe(TRIAL);
  });
});
