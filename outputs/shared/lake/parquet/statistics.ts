import type { Statistics } from 'hyparquet';
import type { Value } from './value.ts';

/** The least and the greatest value of a column chunk; NaN is neither. */
export class Bounds {
  min: Value | undefined;
  max: Value | undefined;

  widen(value: Value): void {
    if (typeof value === 'string') {
      if (this.min === undefined || compareUtf8(value, this.min as string) < 0) this.min = value;
      if (this.max === undefined || compareUtf8(value, this.max as string) > 0) this.max = value;
    } else if (!Number.isNaN(value)) {
      if (this.min === undefined || value < this.min) this.min = value;
      if (this.max === undefined || value > this.max) this.max = value;
    }
  }
}

/** The footer's statistics; hyparquet-writer cuts long texts there and says that they are not exact. */
export function statisticsOf({ min, max }: Readonly<Bounds>, nulls: number): Statistics {
  // -0 and 0 are one value to readers: the bounds hold both, as the format asks for.
  return {
    null_count: BigInt(nulls),
    ...(min === undefined ? {} : { min_value: min === 0 ? -0 : min }),
    ...(max === undefined ? {} : { max_value: max === 0 ? 0 : max }),
  };
}

/**
 * Compares texts as their UTF-8 bytes compare. JavaScript's `<` compares UTF-16 units, which puts U+1F600
 * before U+FB01; a reader that trusts such bounds skips rows that match.
 */
export function compareUtf8(left: string, right: string): number {
  const length = Math.min(left.length, right.length);
  let i = 0;
  while (i < length && left.charCodeAt(i) === right.charCodeAt(i)) i++;
  if (i === length) {
    // A surrogate at the cut is only whole in the longer text.
    return left.length - right.length;
  }
  const a = left.charCodeAt(i);
  const b = right.charCodeAt(i);
  return a < 0xd800 && b < 0xd800 ? a - b : compareCodePoints(left, right, startOfCharacter(left, i));
}

/** Steps back when the unit before is the first half of the same character. */
function startOfCharacter(text: string, index: number): number {
  const before = index > 0 ? text.charCodeAt(index - 1) : 0;
  return before >= 0xd800 && before <= 0xdbff ? index - 1 : index;
}

/** Character by character from a common start; a lone surrogate counts as U+FFFD, which is what is written for it. */
function compareCodePoints(left: string, right: string, start: number): number {
  let i = start;
  while (i < left.length && i < right.length) {
    const a = written(left.codePointAt(i)!);
    const b = written(right.codePointAt(i)!);
    if (a !== b) return a - b;
    i += a > 0xffff ? 2 : 1;
  }
  return left.length - right.length;
}

function written(codePoint: number): number {
  return codePoint >= 0xd800 && codePoint <= 0xdfff ? 0xfffd : codePoint;
}
