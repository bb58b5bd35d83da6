import type { Decimal } from './event.ts';

/** A number as it was written in JSON; made by {@link exactNumber} only. */
class WrittenNumber implements Decimal {
  readonly literal: string;

  constructor(literal: string) {
    this.literal = literal;
  }

  valueOf(): number {
    return Number(this.literal);
  }

  toString(): string {
    return this.literal;
  }
}

/** Digits up to which an integer becomes a `bigint`: parsing one takes quadratic time. */
const LONGEST_INTEGER = 100;

/**
 * The value of a JSON number without loss: a `number` where a double prints as the literal was written, a
 * `bigint` for an integer beyond 2^53, else a {@link Decimal}.
 *
 * @example exactNumber('34816') // 34816
 * @example exactNumber('18446744073670260079') // 18446744073670260079n
 * @example String(exactNumber('0.0')) // '0.0'
 */
export function exactNumber(literal: string): number | bigint | Decimal {
  const nearest = Number(literal);
  const safe = Number.isSafeInteger(nearest) || !Number.isInteger(nearest);
  if (safe && String(nearest) === literal) return nearest;
  const integer = literal.length <= LONGEST_INTEGER && /^-?[1-9]\d*$/.test(literal);
  return integer ? BigInt(literal) : new WrittenNumber(literal);
}

/**
 * Whether a value is a {@link Decimal}. Checked by its shape, which works across two copies of the package: JSON has no
 * functions.
 *
 * @example
 * const value = event.fields['evt.latency.human'];
 * const number = isDecimal(value) ? value.valueOf() : value;
 */
export function isDecimal(value: unknown): value is Decimal {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const { literal, valueOf: numeric } = value as Partial<Decimal>;
  return typeof literal === 'string' && typeof numeric === 'function' && numeric !== Object.prototype.valueOf;
}
