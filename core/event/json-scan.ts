// Scans of JSON texts for what JSON.parse lacks: bounds on its work, and exact numbers.

import { exactNumber } from './decimal.ts';
import type { FieldValue } from './event.ts';

const QUOTE = 0x22;
const COMMA = 0x2c;
const MINUS = 0x2d;
const ZERO = 0x30;
const NINE = 0x39;
const OPEN_ARRAY = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_ARRAY = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

/** Objects and arrays inside one another, the event itself included. Falco's own reach 3. */
export const MAX_DEPTH = 100;

/**
 * Commas and opening brackets of one event, those in its texts not counted. Falco's own reach a few hundred. A text of
 * nothing but small values takes JSON.parse up to 30 times as long as a text of the same size with real events.
 */
export const MAX_VALUES = 65_536;

/** Which bound a text exceeds: the depth, with the top-level member at fault if it has a name, or the number of values. */
export type BoundsFault =
  | { readonly kind: 'depth'; readonly member: string | undefined }
  | { readonly kind: 'values' };

/**
 * Checks a text before JSON.parse reads it: nested brackets keep JSON.parse busy for seconds, even if the text is not JSON.
 * Takes linear time. An ordinary event is not scanned, because it has few brackets and is short (bench/cases/event.ts).
 */
export function boundsFault(text: string): BoundsFault | undefined {
  const few = count(text, '{') + count(text, '[') <= MAX_DEPTH;
  return few && text.length <= MAX_VALUES ? undefined : scanBounds(text);
}

/** How often a character occurs; stops after MAX_DEPTH. */
function count(text: string, character: string): number {
  let found = 0;
  for (let i = text.indexOf(character); i >= 0 && found <= MAX_DEPTH; i = text.indexOf(character, i + 1))
    found++;
  return found;
}

function scanBounds(text: string): BoundsFault | undefined {
  let depth = 0;
  let values = 0;
  // The last string at the top level: before a value it is the name of the value.
  let nameStart = 0;
  let nameEnd = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === QUOTE) {
      const end = closingQuote(text, i);
      // The text ends inside a string: JSON.parse stops there too, and what is before is within bounds.
      if (end < 0) return undefined;
      if (depth === 1) {
        nameStart = i + 1;
        nameEnd = end;
      }
      i = end;
    } else if (code === OPEN_OBJECT || code === OPEN_ARRAY) {
      if (++depth > MAX_DEPTH) {
        return { kind: 'depth', member: nameEnd > 0 ? nameOf(text.slice(nameStart, nameEnd)) : undefined };
      }
      if (++values > MAX_VALUES) return { kind: 'values' };
    } else if (code === COMMA) {
      if (++values > MAX_VALUES) return { kind: 'values' };
    } else if (code === CLOSE_OBJECT || code === CLOSE_ARRAY) {
      depth--;
    }
  }
  return undefined;
}

/** A name as it was written, in a length that fits an error message. */
function nameOf(written: string): string {
  return written.length > 100 ? `${written.slice(0, 100)}…` : written;
}

/** An object or array that JSON.parse made. */
export type Container = Record<string, FieldValue> | FieldValue[];

/** A number that a double may not give back: sixteen digits or more, a point, an exponent, a negative zero. */
const SUSPECT = /(?:^|[[:,\s])-?(?:\d{16}|\d+[.eE]|0(?=[\]},\s]))/;

/**
 * Puts the exact numbers of a text into what JSON.parse made of it, in place.
 *
 * JSON.parse is several times faster than any parser in JavaScript (bench/cases/event.ts), and only wrong where a number does
 * not fit a double. So JSON.parse does the work, and this walks its result and the text together, skips the strings and
 * looks for numbers in between. Of duplicate keys the last one counts, as in JSON.parse.
 *
 * @param text valid JSON of an object or array
 * @param root what `JSON.parse(text)` returned
 */
export function restoreNumbers(text: string, root: Container): void {
  if (!SUSPECT.test(text)) return;
  const outer: { container: Container | undefined; index: number }[] = [];
  let here: Container | undefined;
  // Where the next value goes: inside an array its index, else -1 and the string met last.
  let index = -1;
  let nameStart = 0;
  let nameEnd = 0;
  // After a number was replaced, a later duplicate of its key must be checked too, even a simple number.
  let restored = false;

  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === QUOTE) {
      nameStart = i + 1;
      i = nameEnd = closingQuote(text, i);
    } else if (code === COMMA) {
      if (index >= 0) index++;
    } else if (code === OPEN_OBJECT || code === OPEN_ARRAY) {
      const child: unknown =
        outer.length === 0 ? root : member(here, index >= 0 ? index : unquote(text, nameStart, nameEnd));
      outer.push({ container: here, index });
      // An earlier duplicate of a key may have another type: then there is nothing to restore in it.
      const array = code === OPEN_ARRAY;
      const matches = typeof child === 'object' && child !== null && Array.isArray(child) === array;
      here = matches ? (child as Container) : undefined;
      index = array ? 0 : -1;
    } else if (code === CLOSE_OBJECT || code === CLOSE_ARRAY) {
      ({ container: here, index } = outer.pop()!);
    } else if (code === MINUS || (code >= ZERO && code <= NINE)) {
      const end = digitsEnd(text, i);
      // Most numbers are short integers, which are exact.
      const simple = end - i < 16 && code !== MINUS && !isNumberPart(text.charCodeAt(end));
      if (!simple || restored) {
        const literal = text.slice(i, simple ? end : numberEnd(text, end));
        restored = restore(here, index >= 0 ? index : unquote(text, nameStart, nameEnd), literal) || restored;
        i += literal.length - 1;
      } else i = end - 1;
    }
  }
}

/** The index of the quote that closes the string opened at `start`, -1 when none does. */
export function closingQuote(text: string, start: number): number {
  let end = text.indexOf('"', start + 1);
  while (text.charCodeAt(end - 1) === BACKSLASH && escaped(text, end)) end = text.indexOf('"', end + 1);
  return end;
}

/** Whether an odd number of backslashes precedes the character at `index`. */
function escaped(text: string, index: number): boolean {
  let first = index;
  while (text.charCodeAt(first - 1) === BACKSLASH) first--;
  return (index - first) % 2 === 1;
}

/** The name written between two places of a text. */
function unquote(text: string, start: number, end: number): string {
  const name = text.slice(start, end);
  return name.includes('\\') ? (JSON.parse(`"${name}"`) as string) : name;
}

/** The index after the digits that start at `start`, or after one character if it is not a digit. */
function digitsEnd(text: string, start: number): number {
  let end = start + 1;
  while (isDigit(text.charCodeAt(end))) end++;
  return end;
}

/** The index after the rest of a number. */
function numberEnd(text: string, start: number): number {
  let end = start;
  while (isNumberPart(text.charCodeAt(end))) end++;
  return end;
}

function isDigit(code: number): boolean {
  return code >= ZERO && code <= NINE;
}

/** A digit or one of `. + - e E`. */
function isNumberPart(code: number): boolean {
  return isDigit(code) || code === 0x2e || code === 0x2b || code === MINUS || (code | 0x20) === 0x65;
}

function member(container: Container | undefined, key: string | number): FieldValue | undefined {
  if (container === undefined || !Object.hasOwn(container, key)) return undefined;
  return (container as Record<string | number, FieldValue>)[key];
}

/** Replaces one number by its exact value; false when nothing had to change. */
function restore(container: Container | undefined, key: string | number, literal: string): boolean {
  const holder = container as Record<string | number, FieldValue> | undefined;
  const current = holder?.[key];
  // Not a number, or another number: this is an earlier duplicate of the key, whose value does not count.
  if (typeof current === 'string' || typeof current === 'boolean' || current == null) return false;
  if (Number(current) !== Number(literal)) return false;
  const exact = exactNumber(literal);
  if (exact === current) return false;
  holder![key] = exact;
  return true;
}
