import { crc32 } from 'node:zlib';
import type { PositionSet } from '../positions.ts';
import { UnknownVersionError } from './unknown-version.ts';

/** The content of a small file of the journal: a JSON head and a list of numbers, checked by a CRC. */
export interface CheckedContent {
  readonly head: unknown;
  /** Safe integers, none negative. */
  readonly numbers: readonly number[];
}

/**
 * `TCN` and the digit of the version | crc32 u32 (of all that follows) | bytes of the head u32 | bytes of the numbers u32 |
 * head | numbers. Later versions keep magic, CRC and the two lengths where they are.
 */
const FIXED = 16;
const MAGIC = 0x00_4e_43_54;
const VERSION = 1;
const DIGIT_0 = 0x30;
/** Digits that differ from each other in two bits at least: one flipped bit is damage and not another version. */
const LATER_VERSIONS: readonly number[] = [2, 4, 7, 8];

export function encodeChecked({ head, numbers }: CheckedContent): Uint8Array {
  const text = new TextEncoder().encode(JSON.stringify(head));
  let size = 0;
  for (const number of numbers) size += varintSize(number);
  const bytes = new Uint8Array(FIXED + text.length + size);
  bytes.set(text, FIXED);
  let at = FIXED + text.length;
  for (let number of numbers) {
    for (; number > 127; number = Math.floor(number / 128)) bytes[at++] = (number % 128) | 128;
    bytes[at++] = number;
  }
  const view = new DataView(bytes.buffer);
  view.setUint32(0, MAGIC, true);
  view.setUint8(3, DIGIT_0 + VERSION);
  view.setUint32(8, text.length, true);
  view.setUint32(12, size, true);
  view.setUint32(4, crc32(bytes.subarray(8)), true);
  return bytes;
}

/**
 * The content that starts at an offset, and its length in bytes; undefined when it is damaged or not whole.
 *
 * @param path of the file, for the error
 * @throws UnknownVersionError when a later version wrote it
 */
export function decodeChecked(
  bytes: Uint8Array,
  path: string,
  offset = 0,
): (CheckedContent & { readonly length: number }) | undefined {
  if (bytes.length - offset < FIXED) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset + offset, bytes.length - offset);
  if ((view.getUint32(0, true) & 0xff_ff_ff) !== MAGIC) return undefined;
  const text = view.getUint32(8, true);
  const length = FIXED + text + view.getUint32(12, true);
  if (length > view.byteLength) return undefined;
  if (crc32(bytes.subarray(offset + 8, offset + length)) !== view.getUint32(4, true)) return undefined;
  const version = view.getUint8(3) - DIGIT_0;
  if (LATER_VERSIONS.includes(version)) throw new UnknownVersionError({ path, version, known: VERSION });
  const body = bytes.subarray(offset + FIXED, offset + length);
  const head: unknown = JSON.parse(new TextDecoder().decode(body.subarray(0, text)));
  return { head, numbers: varints(body.subarray(text)), length };
}

/** Ascending runs as numbers: how far each starts after the end of the one before, and how long it is. */
export function numbersOfRuns(runs: Iterable<readonly [first: number, last: number]>): number[] {
  const numbers: number[] = [];
  let end = 0;
  for (const [first, last] of runs) {
    numbers.push(first - end, last - first);
    end = last;
  }
  return numbers;
}

/** The inverse of {@link numbersOfRuns}. */
export function* runsOfNumbers(
  numbers: readonly number[],
): Generator<readonly [first: number, last: number]> {
  let end = 0;
  for (let i = 0; i + 1 < numbers.length; i += 2) {
    const first = end + numbers[i]!;
    end = first + numbers[i + 1]!;
    yield [first, end];
  }
}

/** A set of positions as numbers. */
export function numbersOf(positions: PositionSet): number[] {
  return numbersOfRuns(positions.runs());
}

function varintSize(number: number): number {
  let size = 1;
  for (let rest = number; rest > 127; rest = Math.floor(rest / 128)) size++;
  return size;
}

function varints(bytes: Uint8Array): number[] {
  const numbers: number[] = [];
  let number = 0;
  let scale = 1;
  for (const byte of bytes) {
    number += (byte & 127) * scale;
    if (byte > 127) scale *= 128;
    else {
      numbers.push(number);
      number = 0;
      scale = 1;
    }
  }
  return numbers;
}
