import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { BatchSlice } from '../../../../core/delivery/batch-slice.ts';
import { withBisection } from '../../../../core/delivery/split.ts';
import { delivered, rejected, retry } from '../../../../core/sdk/contract/verdicts.ts';
import { never, recordsOf, sliceOf } from '../../../support/batch-slices.ts';

/** A destination that refuses a batch with a guilty record in it, and remembers what it took. */
function destination(guilty: ReadonlySet<unknown>) {
  const taken: unknown[] = [];
  const slices: BatchSlice[] = [];
  return {
    taken,
    slices,
    deliver: async (slice: BatchSlice) => {
      slices.push(slice);
      const records = recordsOf(slice);
      if (records.some((record) => guilty.has(record))) return rejected('it has a guilty record');
      taken.push(...records);
      return delivered({ bytes: records.length });
    },
  };
}

describe('bisection', () => {
  it('finds the one guilty record in few attempts', async () => {
    const { deliver, taken, slices } = destination(new Set(['r700']));
    const result = await withBisection(deliver)(sliceOf(1000), never);
    expect(result).toMatchObject({
      status: 'delivered',
      rejected: [{ index: 700, reason: 'it has a guilty record' }],
    });
    expect(taken).toHaveLength(999);
    expect(slices.length).toBeLessThanOrEqual(1 + 2 * Math.ceil(Math.log2(1000)));
  });

  it('gives each half an id of its own, the same in every search', async () => {
    const ids = async () => {
      const { deliver, slices } = destination(new Set(['r1']));
      await withBisection(deliver)(sliceOf(4), never);
      return slices.map(({ id }) => id);
    };
    const first = await ids();
    expect(new Set(first).size).toBe(first.length);
    expect(await ids()).toEqual(first);
  });

  it('delivers all that is not guilty, once, and names all that is', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.boolean(), { minLength: 1, maxLength: 40 }), async (guilt) => {
        const guilty = new Set(guilt.flatMap((bad, n) => (bad ? [`r${n}`] : [])));
        const { deliver, taken } = destination(guilty);
        const result = await withBisection(deliver)(sliceOf(guilt.length), never);
        expect(taken).toEqual(guilt.flatMap((bad, n) => (bad ? [] : [`r${n}`])));
        const found = result.status === 'delivered' ? (result.rejected ?? []) : [];
        expect(found.map(({ index }) => `r${index}`)).toEqual([...guilty]);
      }),
      {
        examples: [1, 2, 3, 4, 31, 32, 33].flatMap((count) =>
          [
            (_: unknown) => false,
            (_: unknown) => true,
            (n: number) => n === 0,
            (n: number) => n === count - 1,
            (n: number) => n === count >> 1,
          ].map((guilt): [boolean[]] => [Array.from({ length: count }, (_, n) => guilt(n))]),
        ),
      },
    );
  });

  it('hands on a retry in a half with all that is not settled', async () => {
    const calls: number[] = [];
    const deliver = withBisection(async (slice) => {
      calls.push(slice.count);
      if (slice.count === 4) return rejected('all of it');
      return calls.length === 2
        ? delivered({ rejected: [{ index: 1, reason: 'bad' }] })
        : retry('busy', { failed: [1], after: 9 });
    });
    expect(await deliver(sliceOf(4), never)).toMatchObject({
      status: 'retry',
      failed: [3],
      rejected: [{ index: 1, reason: 'bad' }],
      after: 9,
    });
    const early = withBisection(async (slice) => (slice.count === 4 ? rejected('all of it') : retry('busy')));
    expect(await early(sliceOf(4), never)).toMatchObject({ status: 'retry', failed: [0, 1, 2, 3] });
  });
});
