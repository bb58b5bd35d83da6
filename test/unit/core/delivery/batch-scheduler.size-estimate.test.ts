import { describe, expect, it } from 'vitest';
import { createSizeEstimate } from '../../../../core/delivery/batch-scheduler.ts';

const MIB = 1024 * 1024;

/** The ratio after one batch, from a ratio of 1. */
function ratioAfter(rawBytes: number, destinationBytes: number): number {
  const estimate = createSizeEstimate(1);
  estimate.learn(rawBytes, destinationBytes);
  return estimate.atDestination(1);
}

describe('the size estimate', () => {
  it('starts with the ratio given', () => {
    expect(createSizeEstimate(0.25).atDestination(1000)).toBe(250);
  });

  it('moves by 0.3 of the difference for a batch of 1 MiB or more', () => {
    expect(ratioAfter(MIB, MIB / 2)).toBeCloseTo(0.85, 10);
    expect(ratioAfter(64 * MIB, 32 * MIB)).toBeCloseTo(0.85, 10);
  });

  it('moves less for a smaller batch, in proportion to its bytes', () => {
    expect(ratioAfter(MIB / 2, MIB / 4)).toBeCloseTo(0.925, 10);
    expect(ratioAfter(MIB / 16, MIB / 32)).toBeCloseTo(1 - 0.15 / 16, 10);
  });

  it('takes a ratio between a thousandth and 10', () => {
    expect(ratioAfter(MIB, 0)).toBeCloseTo(1 - 0.3 * 0.999, 10);
    expect(ratioAfter(MIB, MIB / 5000)).toBeCloseTo(1 - 0.3 * 0.999, 10);
    expect(ratioAfter(MIB, 1000 * MIB)).toBeCloseTo(1 + 0.3 * 9, 10);
  });

  it('learns nothing from sizes that make no sense', () => {
    for (const [raw, written] of [
      [0, 5],
      [-1, 5],
      [Number.NaN, 5],
      [MIB, Number.NaN],
      [MIB, Number.POSITIVE_INFINITY],
    ] as const)
      expect(ratioAfter(raw, written)).toBe(1);
  });

  it('approaches what the destination says', () => {
    const estimate = createSizeEstimate(1);
    for (let i = 0; i < 50; i++) estimate.learn(4 * MIB, MIB);
    expect(estimate.atDestination(4000)).toBeCloseTo(1000, 3);
  });
});
