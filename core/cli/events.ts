import { createReadStream } from 'node:fs';
import { StringDecoder } from 'node:string_decoder';
import { splitEvents } from '../http/split.ts';

/** One event of a file: its bytes and where it stands there, `line 3` or `event 3` of an array. */
export interface FileEvent {
  readonly raw: Uint8Array;
  readonly place: string;
}

/**
 * The events of a file, or of standard input for `-`: NDJSON read line by line, a JSON array, or one object laid out
 * over several lines (those are read whole).
 *
 * @throws Error when the file cannot be read, or is a broken array
 */
export async function* readEvents(file: string): AsyncGenerator<FileEvent> {
  const source: AsyncIterable<Uint8Array> = file === '-' ? process.stdin : createReadStream(file);
  const name = file === '-' ? 'standard input' : file;
  const lines = readLines(source);
  let number = 0;
  /** The lines so far, once it is clear that it is no NDJSON. */
  let whole: string[] | undefined;
  for await (const text of lines) {
    number++;
    const line = number === 1 ? text.replace(/^\ufeff/, '') : text;
    if (whole !== undefined) whole.push(line);
    else if (line.trim() === '') continue;
    else if (line.trimStart().startsWith('{') && line.trimEnd().endsWith('}'))
      yield { raw: Buffer.from(line.trim()), place: `${name}, line ${number}` };
    else if (isFirst(number, line)) whole = [line];
    // Not an event, which whoever takes it will say.
    else yield { raw: Buffer.from(line.trim()), place: `${name}, line ${number}` };
  }
  if (whole === undefined) return;
  const events = splitEvents(Buffer.from(whole.join('\n')));
  if (events === 'broken') throw new Error(`${name} is a JSON array that is cut off or broken`);
  if (events === 'too_many_elements')
    throw new Error(`${name} holds more elements than events would fit in it`);
  for (const [index, raw] of events.entries()) yield { raw, place: `${name}, event ${index + 1}` };
}

function isFirst(number: number, line: string): boolean {
  return number === 1 && /^\s*[[{]/.test(line);
}

/**
 * The lines of a stream of UTF-8, without their ends; a last line that has no end counts. One line is held at a time,
 * and what has come of the next.
 *
 * Not node:readline: that loses the error of a stream that breaks off.
 */
export async function* readLines(source: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new StringDecoder('utf8');
  let pieces: string[] = [];
  for await (const chunk of source) {
    const parts = decoder.write(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength)).split('\n');
    if (parts.length === 1) {
      pieces.push(parts[0]!);
      continue;
    }
    yield withoutReturn(pieces.join('') + parts[0]!);
    for (const line of parts.slice(1, -1)) yield withoutReturn(line);
    pieces = [parts.at(-1)!];
  }
  const last = pieces.join('') + decoder.end();
  if (last !== '') yield withoutReturn(last);
}

function withoutReturn(line: string): string {
  return line.endsWith('\r') ? line.slice(0, -1) : line;
}
