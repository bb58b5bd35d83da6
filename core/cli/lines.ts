import { StringDecoder } from 'node:string_decoder';

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
