/** A point in time as an event wrote it. */
export interface EventTime {
  /** RFC 3339, with all the digits that were written. */
  readonly text: string;
  /** Floored to epoch milliseconds. */
  readonly milliseconds: number;
}

/** The text after the seconds: an optional fraction, then `Z` or an offset. */
const TAIL = /^(?:\.(\d+))?(?:[Zz]|([+-])(\d\d):?(\d\d))$/;
const DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/**
 * Reads a `time`: RFC 3339 with or without fraction, in UTC or with an offset; also the `{seconds, nanos}` that
 * Falco's gRPC clients print.
 *
 * @returns undefined for anything else and for dates that do not exist
 * @example parseTime('2026-07-11T09:44:58.682419669+02:00')?.milliseconds // 1783755898682
 */
export function parseTime(value: unknown): EventTime | undefined {
  if (typeof value === 'object' && value !== null) return fromTimestamp(value);
  if (typeof value !== 'string') return undefined;
  const seconds = readSeconds(value);
  if (seconds === undefined) return undefined;
  // The format of Falco: nine digits and Z. Faster than the regular expression (bench/cases/event.ts).
  if (value.length === 30 && value[19] === '.' && value[29] === 'Z') {
    const nanos = digits(value, 20, 9);
    return nanos < 0 ? undefined : { text: value, milliseconds: seconds * 1000 + Math.floor(nanos / 1e6) };
  }
  const tail = TAIL.exec(value.slice(19));
  if (tail === null) return undefined;
  const [, fraction = '', sign, hours = '0', minutes = '0'] = tail;
  if (Number(hours) > 23 || Number(minutes) > 59) return undefined;
  const offset = (Number(hours) * 60 + Number(minutes)) * (sign === '-' ? -60 : 60);
  return {
    text: value,
    milliseconds: (seconds - offset) * 1000 + Number(fraction.slice(0, 3).padEnd(3, '0')),
  };
}

/** Epoch seconds of the first 19 characters, `2026-07-11T09:44:58`; a leap second is the first of the next minute. */
function readSeconds(text: string): number | undefined {
  const year = digits(text, 0, 4);
  const month = digits(text, 5, 2);
  const day = digits(text, 8, 2);
  const hour = digits(text, 11, 2);
  const minute = digits(text, 14, 2);
  const second = digits(text, 17, 2);
  const marks = text[4] === '-' && text[7] === '-' && text[13] === ':' && text[16] === ':';
  if (!marks || !/[Tt ]/.test(text[10]!) || year < 0 || hour < 0 || minute < 0 || second < 0)
    return undefined;
  if (month < 1 || month > 12 || day < 1 || day > daysOf(year, month)) return undefined;
  if (hour > 23 || minute > 59 || second > 60) return undefined;
  return ((daysSinceEpoch(year, month, day) * 24 + hour) * 60 + minute) * 60 + second;
}

/** A decimal number at a place in a text; -1 when there are other characters. */
function digits(text: string, start: number, count: number): number {
  let value = 0;
  for (let i = start; i < start + count; i++) {
    const digit = text.charCodeAt(i) - 0x30;
    if (!(digit >= 0 && digit <= 9)) return -1;
    value = value * 10 + digit;
  }
  return value;
}

function isLeap(year: number): boolean {
  return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
}

function daysOf(year: number, month: number): number {
  return month === 2 && isLeap(year) ? 29 : DAYS[month - 1]!;
}

/** Days from 1970-01-01; the year is counted from March, so that the leap day is its last. */
function daysSinceEpoch(year: number, month: number, day: number): number {
  const y = month > 2 ? year : year - 1;
  const dayOfYear = Math.floor((153 * (month > 2 ? month - 3 : month + 9) + 2) / 5) + day - 1;
  return 365 * y + Math.floor(y / 4) - Math.floor(y / 100) + Math.floor(y / 400) + dayOfYear - 719_468;
}

/** protobuf's Timestamp. */
function fromTimestamp(value: object): EventTime | undefined {
  const { seconds, nanos = 0 } = value as { seconds?: unknown; nanos?: unknown };
  if (!Number.isSafeInteger(seconds) || !Number.isInteger(nanos)) return undefined;
  if (Math.abs(seconds as number) > 8e12 || (nanos as number) < 0 || (nanos as number) > 999_999_999) {
    return undefined;
  }
  const date = new Date((seconds as number) * 1000);
  if (date.getUTCFullYear() < 0 || date.getUTCFullYear() > 9999) return undefined;
  return {
    text: `${date.toISOString().slice(0, 19)}.${String(nanos).padStart(9, '0')}Z`,
    milliseconds: date.getTime() + Math.floor((nanos as number) / 1e6),
  };
}

/**
 * The time of an event in nanoseconds since 1970, exact.
 *
 * @example nanosecondsOf({ time: 1783755898682, timeText: '2026-07-11T09:44:58.682419669+02:00' }) // 1783755898682419669n
 */
export function nanosecondsOf({
  time,
  timeText,
}: {
  readonly time: number;
  readonly timeText: string;
}): bigint {
  const belowMilliseconds = /\.\d{3}(\d{1,6})/.exec(timeText)?.[1] ?? '';
  return BigInt(time) * 1_000_000n + BigInt(belowMilliseconds.padEnd(6, '0'));
}
