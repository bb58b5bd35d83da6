/** What reading a text came to: a value, or a sentence that says what is wrong and what would be right. */
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
const UNITS_IN_WORDS = 'units are ms, s, m, h and d';

/** What people write for the units; only to be told the right one. */
const MISSPELT: Readonly<Record<string, string>> = {
  msec: 'ms',
  millis: 'ms',
  milliseconds: 'ms',
  sec: 's',
  secs: 's',
  second: 's',
  seconds: 's',
  min: 'm',
  mins: 'm',
  minute: 'm',
  minutes: 'm',
  hr: 'h',
  hrs: 'h',
  hour: 'h',
  hours: 'h',
  day: 'd',
  days: 'd',
};

/**
 * Reads a span of time: numbers with a unit, largest first: `500ms`, `30s`, `1h30m`, `1.5s`, `7d`.
 *
 * @returns whole milliseconds
 * @example parseDuration('1h30m') // { ok: true, value: 5400000 }
 */
export function parseDuration(text: string): Parsed<number> {
  if (/^\d+(\.\d+)?$/.test(text)) return fail(`has no unit: did you mean ${text}s? (${UNITS_IN_WORDS})`);
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)([a-zA-Zµ]+)/g)];
  if (parts.length === 0 || parts.map(([part]) => part).join('') !== text) {
    const meant = guess(text);
    return fail(`is not a duration such as 500ms, 30s, 5m or 7d${meant} (${UNITS_IN_WORDS})`);
  }
  let total = 0;
  let previous = Number.POSITIVE_INFINITY;
  for (const [part, number, unit] of parts as unknown as [string, string, string][]) {
    const scale = Object.hasOwn(UNITS, unit) ? UNITS[unit]! : undefined;
    if (scale === undefined) {
      const meant = guessUnit(unit);
      return fail(
        `has the unknown unit "${unit}"${meant ? `: did you mean ${number}${meant}?` : ''} (${UNITS_IN_WORDS})`,
      );
    }
    if (scale >= previous)
      return fail(`must have its units from the largest to the smallest: "${part}" comes too late`);
    previous = scale;
    total += Number(number) * scale;
  }
  // 1.1s is 1100.0000000000002 in doubles; anything farther off was not whole milliseconds.
  const rounded = Math.round(total);
  if (Math.abs(rounded - total) > 1e-6 * Math.max(1, rounded)) return fail('is finer than a millisecond');
  if (!Number.isSafeInteger(rounded)) return fail('is longer than any clock can count');
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

/** `5 min`, `00:05:00`, `PT5M`: durations elsewhere. */
function guess(text: string): string {
  const clock = /^(\d{1,2}):(\d{2}):(\d{2})$/.exec(text)?.slice(1).map(Number);
  const pieces = [...text.matchAll(/(\d+(?:\.\d+)?) *([a-zA-Z]+)/g)];
  const isSpaced = pieces.map(([piece]) => piece).join('') === text.replace(/(?<=[a-zA-Z]) +/g, '');
  const spaced = isSpaced ? pieces.map(([, number, unit]) => `${number}${guessUnit(unit!) ?? '?'}`) : [];
  const iso = /^P(?:(\d+)D)?T?(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?$/i.exec(text)?.slice(1);
  const meant =
    (clock && formatDuration((clock[0]! * 3600 + clock[1]! * 60 + clock[2]!) * 1000)) ||
    (iso && ['d', 'h', 'm', 's'].flatMap((unit, at) => (iso[at] ? `${iso[at]}${unit}` : [])).join('')) ||
    spaced.join('');
  return meant !== '' && parseDuration(meant).ok ? `: did you mean ${meant}?` : '';
}

function guessUnit(unit: string): string | undefined {
  const lower = unit.toLowerCase();
  if (Object.hasOwn(UNITS, lower)) return lower;
  return Object.hasOwn(MISSPELT, lower) ? MISSPELT[lower] : undefined;
}

function fail(reason: string): { readonly ok: false; readonly reason: string } {
  return { ok: false, reason };
}
