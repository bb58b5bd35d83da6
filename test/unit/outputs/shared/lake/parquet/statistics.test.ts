import fc from 'fast-check';
import { parquetMetadata } from 'hyparquet';
import { describe, expect, it } from 'vitest';
import type { LeafType } from '../../../../../../core/sdk/index.ts';
import { compareUtf8 } from '../../../../../../outputs/shared/lake/parquet/statistics.ts';
import { runs } from '../../../../../support/runs.ts';
import { arrayBuffer, encode } from '../support.ts';

/** Every UTF-16 unit that matters, surrogates without a partner among them. */
const texts = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 6 }),
  fc
    .array(fc.constantFrom('a', 'b', 'é', '\ud83d', '\ude00', '😀', '\ue000', '\ufffd', 'ﬁ'), {
      maxLength: 5,
    })
    .map((parts) => parts.join('')),
);

const statisticsOf = async (type: LeafType, values: readonly unknown[]) => {
  const bytes = await encode(
    [{ name: 'a', shape: { kind: 'leaf', type } }],
    values.map((a) => ({ a })),
  );
  return parquetMetadata(arrayBuffer(bytes)).row_groups[0]!.columns[0]!.meta_data!.statistics!;
};

describe('compareUtf8', () => {
  it('agrees with the bytes that are written', () => {
    fc.assert(
      fc.property(texts, texts, (a, b) => {
        expect(Math.sign(compareUtf8(a, b))).toBe(Buffer.compare(Buffer.from(a), Buffer.from(b)));
      }),
      {
        numRuns: runs(2000),
        examples: [
          ['', ''],
          ['', 'a'],
          ['a', 'ab'],
          ['\uffff', '😀'],
          ['\ud83d', '\ufffd'],
        ],
      },
    );
  });
});

describe('statistics', () => {
  it('bounds texts in byte order and says where they were cut', async () => {
    const statistics = await statisticsOf('utf8', ['ﬁ', '😀', 'é', undefined, 'a'.repeat(40)]);
    expect(statistics).toMatchObject({
      min_value: 'a'.repeat(16),
      max_value: '😀',
      null_count: 1n,
      is_min_value_exact: false,
    });
  });

  it('holds every value between the bounds', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(texts, { minLength: 1, maxLength: 30 }), async (values) => {
        const { min_value, max_value } = await statisticsOf('utf8', values);
        for (const value of values) {
          expect(Buffer.compare(Buffer.from(String(min_value)), Buffer.from(value))).toBeLessThanOrEqual(0);
          expect(Buffer.compare(Buffer.from(String(max_value)), Buffer.from(value))).toBeGreaterThanOrEqual(
            0,
          );
        }
      }),
      {
        numRuns: runs(100),
        // A bound is cut at 16 bytes, between characters, and must then be a bound still.
        examples: [15, 16, 17].flatMap((length) =>
          ['a', '\x7f', 'é', '😀', '\u{10ffff}'].map((letter): [string[]] => [[letter.repeat(length), '']]),
        ),
      },
    );
  });

  it('bounds numbers, and leaves NaN out', async () => {
    expect(await statisticsOf('int32', [3, -7, undefined])).toMatchObject({ min_value: -7, max_value: 3 });
    expect(await statisticsOf('int64', [2n ** 62n, -5])).toMatchObject({
      min_value: -5n,
      max_value: 2n ** 62n,
    });
    expect(await statisticsOf('double', [0, Number.NaN, 2.5])).toMatchObject({
      min_value: -0,
      max_value: 2.5,
    });
    expect(await statisticsOf('boolean', [true, true])).toMatchObject({ min_value: true, max_value: true });
  });

  it('gives no bounds to nulls alone', async () => {
    const statistics = await statisticsOf('utf8', [undefined, undefined]);
    expect(statistics).toMatchObject({ null_count: 2n });
    expect(statistics.min_value).toBeUndefined();
  });
});
