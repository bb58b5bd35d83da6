import { boundsFault } from '../event/json-scan.ts';

const QUOTE = 0x22;
const COMMA = 0x2c;
const BACKSLASH = 0x5c;
const NEWLINE = 0x0a;

/**
 * Why a body cannot be split. `broken`: an array that is cut off or not JSON; `too_many_elements`: more elements than a body
 * of that size can hold events.
 */
export type SplitFault = 'broken' | 'too_many_elements';

/** No event is smaller: its required members take more bytes, even with empty values. */
const MIN_EVENT_BYTES = 48;
/** Elements that are allowed in a body of any size, so that a short request is told each one that is not an event. */
const MIN_LIMIT = 10_000;

/**
 * Splits a body of `POST /events` into the bytes of its events, without copying: a JSON array, NDJSON, or one object
 * (over several lines, too).
 *
 * It finds where elements begin and end; the parser checks whether they are events. An element takes more memory than two
 * bytes of a body, so the number of elements is limited by the size of the body.
 */
export function splitEvents(body: Uint8Array): readonly Uint8Array[] | SplitFault {
  const content = trim(body, startOf(body), body.length);
  if (content.length === 0) return [];
  const most = MIN_LIMIT + Math.floor(content.length / MIN_EVENT_BYTES);
  if (content[0] === 0x5b) return splitArray(content, most);
  const lines = splitLines(content, most);
  if (lines === 'too_many_elements') return lines;
  // A line of NDJSON ends in a brace; the first line of an object laid out over several does not.
  if (lines.length > 1 && lines[0]!.at(-1) !== 0x7d && isObject(content)) return [content];
  return lines;
}

function splitLines(body: Uint8Array, most: number): Uint8Array[] | 'too_many_elements' {
  const lines: Uint8Array[] = [];
  for (let start = 0; start < body.length; ) {
    const newline = body.indexOf(NEWLINE, start);
    const end = newline < 0 ? body.length : newline;
    const line = trim(body, start, end);
    if (line.length > 0 && lines.push(line) > most) return 'too_many_elements';
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
      if (items.push(item) > most) return 'too_many_elements';
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

/** The index after a byte order mark, if there is one. */
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

/** Whether the body is one object. One that is nested too deeply does not count: parsing it would take seconds. */
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
