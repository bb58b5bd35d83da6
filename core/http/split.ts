import { boundsFault } from '../event/bounds.ts';

const QUOTE = 0x22;
const COMMA = 0x2c;
const BACKSLASH = 0x5c;
const NEWLINE = 0x0a;

/**
 * Why a body cannot be cut. `broken`: an array of which nobody can say where its elements are; `crumbs`: more elements
 * than a body of that size can hold events.
 */
export type SplitFault = 'broken' | 'crumbs';

/** No event is smaller: the members that it must have, all of them empty, take more. */
const LEAST_BYTES = 48;
/** So many elements may be anything: a short request is told of each one that is wrong. */
const ALWAYS = 10_000;

/**
 * Cuts a body of `POST /events` into the bytes of its events, without copying: a JSON array, NDJSON, or one object
 * (over several lines, too).
 *
 * Only where the events begin and end is looked at; whether they are events is found out one by one. What is kept of
 * each takes more memory than a crumb of two bytes, so the number is bounded by what could be events.
 */
export function splitEvents(body: Uint8Array): readonly Uint8Array[] | SplitFault {
  const content = trim(body, startOf(body), body.length);
  if (content.length === 0) return [];
  const most = ALWAYS + Math.floor(content.length / LEAST_BYTES);
  if (content[0] === 0x5b) return splitArray(content, most);
  const lines = splitLines(content, most);
  if (lines === 'crumbs') return lines;
  // A line of NDJSON ends in a brace; the first line of an object laid out over several does not.
  if (lines.length > 1 && lines[0]!.at(-1) !== 0x7d && isObject(content)) return [content];
  return lines;
}

function splitLines(body: Uint8Array, most: number): Uint8Array[] | 'crumbs' {
  const lines: Uint8Array[] = [];
  for (let start = 0; start < body.length; ) {
    const newline = body.indexOf(NEWLINE, start);
    const end = newline < 0 ? body.length : newline;
    const line = trim(body, start, end);
    if (line.length > 0 && lines.push(line) > most) return 'crumbs';
    start = end + 1;
  }
  return lines;
}

function splitArray(body: Uint8Array, most: number): Uint8Array[] | SplitFault {
  const items: Uint8Array[] = [];
  let depth = 0;
  let start = 1;
  for (let i = 0; i < body.length; i++) {
    const byte = body[i]!;
    if (byte === QUOTE) {
      i = closingQuote(body, i);
      if (i < 0) return 'broken';
    } else if (byte === 0x5b || byte === 0x7b) {
      depth++;
    } else if (byte === 0x5d || byte === 0x7d) {
      depth--;
      if (depth === 0) {
        const item = trim(body, start, i);
        if (item.length > 0) items.push(item);
        // Nothing may follow the array, and it may not end in a comma.
        const complete = byte === 0x5d && i === body.length - 1 && (item.length > 0 || items.length === 0);
        return complete ? items : 'broken';
      }
    } else if (byte === COMMA && depth === 1) {
      const item = trim(body, start, i);
      if (item.length === 0) return 'broken';
      if (items.push(item) > most) return 'crumbs';
      start = i + 1;
    }
  }
  return 'broken';
}

function closingQuote(body: Uint8Array, start: number): number {
  for (let i = start + 1; i < body.length; i++) {
    if (body[i] === BACKSLASH) i++;
    else if (body[i] === QUOTE) return i;
  }
  return -1;
}

/** Behind a byte order mark, if there is one. */
function startOf(body: Uint8Array): number {
  return body[0] === 0xef && body[1] === 0xbb && body[2] === 0xbf ? 3 : 0;
}

function trim(body: Uint8Array, start: number, end: number): Uint8Array {
  let first = start;
  let last = end;
  while (first < last && isBlank(body[first]!)) first++;
  while (last > first && isBlank(body[last - 1]!)) last--;
  return body.subarray(first, last);
}

function isBlank(byte: number): boolean {
  return byte === 0x20 || byte === 0x09 || byte === NEWLINE || byte === 0x0d;
}

/** Is it one object? What is nested too deep is none: parsing it would take seconds. */
function isObject(body: Uint8Array): boolean {
  if (body[0] !== 0x7b || body.at(-1) !== 0x7d) return false;
  const text = Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('utf8');
  if (boundsFault(text) !== undefined) return false;
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
