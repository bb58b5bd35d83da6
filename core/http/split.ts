const QUOTE = 0x22;
const COMMA = 0x2c;
const BACKSLASH = 0x5c;
const NEWLINE = 0x0a;

/**
 * Cuts a body of `POST /events` into the bytes of its events, without copying: a JSON array, NDJSON, or one object
 * (over several lines, too).
 *
 * Only where the events begin and end is looked at; whether they are events is found out one by one.
 *
 * @returns undefined for an array that is broken, so that nobody can say where its elements are
 */
export function splitEvents(body: Uint8Array): readonly Uint8Array[] | undefined {
  const content = trim(body, startOf(body), body.length);
  if (content.length === 0) return [];
  if (content[0] === 0x5b) return splitArray(content);
  const lines = splitLines(content);
  // A line of NDJSON ends in a brace; the first line of an object laid out over several does not.
  if (lines.length > 1 && lines[0]!.at(-1) !== 0x7d && isJson(content)) return [content];
  return lines;
}

function splitLines(body: Uint8Array): Uint8Array[] {
  const lines: Uint8Array[] = [];
  for (let start = 0; start < body.length; ) {
    const newline = body.indexOf(NEWLINE, start);
    const end = newline < 0 ? body.length : newline;
    const line = trim(body, start, end);
    if (line.length > 0) lines.push(line);
    start = end + 1;
  }
  return lines;
}

function splitArray(body: Uint8Array): Uint8Array[] | undefined {
  const items: Uint8Array[] = [];
  let depth = 0;
  let start = 1;
  for (let i = 0; i < body.length; i++) {
    const byte = body[i]!;
    if (byte === QUOTE) {
      i = closingQuote(body, i);
      if (i < 0) return undefined;
    } else if (byte === 0x5b || byte === 0x7b) {
      depth++;
    } else if (byte === 0x5d || byte === 0x7d) {
      depth--;
      if (depth === 0) {
        const item = trim(body, start, i);
        if (item.length > 0) items.push(item);
        // Nothing may follow the array, and it may not end in a comma.
        const complete = byte === 0x5d && i === body.length - 1 && (item.length > 0 || items.length === 0);
        return complete ? items : undefined;
      }
    } else if (byte === COMMA && depth === 1) {
      const item = trim(body, start, i);
      if (item.length === 0) return undefined;
      items.push(item);
      start = i + 1;
    }
  }
  return undefined;
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

function isJson(body: Uint8Array): boolean {
  try {
    JSON.parse(Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('utf8'));
    return true;
  } catch {
    return false;
  }
}
