import type { Parsed } from './duration.ts';

const UNITS: Readonly<Record<string, number>> = {
  B: 1,
  kB: 1e3,
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
  TiB: 2 ** 40,
};
const UNITS_IN_WORDS = 'units are B, KiB, MiB, GiB and TiB (1024), kB, MB, GB and TB (1000)';

/**
 * Parses a size: a number with a unit: `512B`, `64KiB`, `256MiB`, `1.5GiB` (1024), `10MB` (1000).
 * `KB` is read as `kB`. `M` and `Mi` are rejected, because they are ambiguous.
 *
 * @returns whole bytes
 * @example parseSize('256MiB') // { ok: true, value: 268435456 }
 */
export function parseSize(text: string): Parsed<number> {
  const match = /^(\d+(?:\.\d+)?) ?([a-zA-Z]*)$/.exec(text);
  if (match === null) return fail(`is not a size such as 64KiB or 256MiB (${UNITS_IN_WORDS})`);
  const number = match[1]!;
  const unit = match[2]!;
  if (unit === '') return fail(`has no unit: did you mean ${number}B or ${number}MiB? (${UNITS_IN_WORDS})`);
  const scale = unit === 'KB' ? 1e3 : Object.hasOwn(UNITS, unit) ? UNITS[unit]! : undefined;
  if (scale === undefined) {
    const meant = guessUnit(unit);
    return fail(
      `has the unknown unit "${unit}"${meant ? `: did you mean ${number}${meant}?` : ''} (${UNITS_IN_WORDS})`,
    );
  }
  const bytes = Number(number) * scale;
  const rounded = Math.round(bytes);
  if (Math.abs(rounded - bytes) > 1e-6 * Math.max(1, rounded)) return fail('is not a whole number of bytes');
  if (!Number.isSafeInteger(rounded)) return fail('is too large');
  return { ok: true, value: rounded };
}

/**
 * Writes bytes the way {@link parseSize} reads them, in the largest unit that divides them.
 *
 * @example formatSize(268_435_456) // '256MiB'
 */
export function formatSize(bytes: number): string {
  if (bytes === 0) return '0B';
  const [unit, scale] = Object.entries(UNITS)
    .sort(([, a], [, b]) => b - a)
    .find(([, size]) => bytes % size === 0) as [string, number];
  return `${bytes / scale}${unit}`;
}

function guessUnit(unit: string): string | undefined {
  const lower = unit.toLowerCase();
  const exact = Object.keys(UNITS).find((name) => name.toLowerCase() === lower);
  if (exact !== undefined) return exact;
  // k, M, Mi …: by the first letter, in powers of 1024, as memory and files are counted.
  return Object.keys(UNITS).find((name) => name.endsWith('iB') && name[0]!.toLowerCase() === lower[0]);
}

function fail(reason: string): { readonly ok: false; readonly reason: string } {
  return { ok: false, reason };
}
