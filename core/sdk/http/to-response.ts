import type { IncomingMessage } from 'node:http';
import { pipeline, Readable, Transform } from 'node:stream';
import type { ReadableStream } from 'node:stream/web';

/** The longest answer that is read, bytes: one that never ends must not fill the memory. */
const LONGEST_ANSWER = 16 * 1024 * 1024;

/**
 * An answer as the platform's `Response`, for outputs that read it.
 *
 * @throws RangeError when it cannot be one: a status below 200 or above 599
 */
export function toResponse(incoming: IncomingMessage): Response {
  const { statusCode: status = 0, statusMessage: statusText = '' } = incoming;
  const headers = new Headers();
  for (const [name, value] of Object.entries(incoming.headers)) {
    for (const one of Array.isArray(value) ? value : [value ?? '']) headers.append(name, one);
  }
  const empty = status === 204 || status === 205 || status === 304;
  if (empty) incoming.resume();
  const stream = empty
    ? null
    : (Readable.toWeb(bounded(incoming)) as ReadableStream<Uint8Array<ArrayBuffer>>);
  return new Response(stream, { status, statusText, headers });
}

/** The answer up to {@link LONGEST_ANSWER}; beyond, the stream fails and the connection is closed. */
function bounded(incoming: IncomingMessage): Readable {
  let length = 0;
  const limit = new Transform({
    transform(chunk: Buffer, _, done) {
      length += chunk.byteLength;
      if (length <= LONGEST_ANSWER) done(null, chunk);
      else done(new Error(`the answer is longer than ${LONGEST_ANSWER / 1024 / 1024} MiB`));
    },
  });
  return pipeline(incoming, limit, () => {}) as Readable;
}
