/** The result of parsing a text: the value, or the reason why it is not valid. */
export type Parsed<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly reason: string };

const UNITS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};
const EXAMPLES = '500ms, 30s, 5m or 7d (units are ms, s, m, h and d)';

/**
 * Parses a duration: numbers with units, the largest first: `500ms`, `30s`, `1h30m`, `1.5s`, `7d`.
 *
 * @returns whole milliseconds
 * @example parseDuration('1h30m') // { ok: true, value: 5400000 }
 */
export function parseDuration(text: string): Parsed<number> {
  if (/^\d+(\.\d+)?$/.test(text)) return fail(`has no unit; write a duration such as ${EXAMPLES}`);
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)([a-zA-Zµ]+)/g)];
  if (parts.length === 0 || parts.map(([part]) => part).join('') !== text) {
    return fail(`is not a duration such as ${EXAMPLES}`);
  }
  let total = 0;
  let previous = Number.POSITIVE_INFINITY;
  for (const [part, number, unit] of parts as unknown as [string, string, string][]) {
    const scale = Object.hasOwn(UNITS, unit) ? UNITS[unit]! : undefined;
    if (scale === undefined)
      return fail(`has the unknown unit "${unit}"; write a duration such as ${EXAMPLES}`);
    if (scale >= previous) return fail(`must have its units in descending order: "${part}" is out of order`);
    previous = scale;
    total += Number(number) * scale;
  }
  // 1.1s is 1100.0000000000002 in doubles; a larger difference is a fraction of a millisecond.
  const rounded = Math.round(total);
  if (Math.abs(rounded - total) > 1e-6 * Math.max(1, rounded))
    return fail('is not a whole number of milliseconds');
  if (!Number.isSafeInteger(rounded)) return fail('is too large');
  return { ok: true, value: rounded };
}

/**
 * Writes milliseconds the way {@link parseDuration} reads them, in the fewest parts.
 *
 * @example formatDuration(90_000) // '1m30s'
 */
export function formatDuration(milliseconds: number): string {
  let rest = milliseconds;
  let text = '';
  for (const [unit, scale] of Object.entries(UNITS).reverse()) {
    const count = Math.floor(rest / scale);
    if (count > 0) text += `${count}${unit}`;
    rest -= count * scale;
  }
  return text === '' ? '0s' : text;
}

function fail(reason: string): { readonly ok: false; readonly reason: string } {
  return { ok: false, reason };
}
