import type { Transform } from 'node:stream';
import zlib from 'node:zlib';
import { Problem } from './problem.ts';
import { UNREADABLE } from './refusals.ts';

/** Present from Node 22.15 and in Deno and Bun; the types are those of Node 20. */
const { createZstdDecompress } = zlib as unknown as {
  createZstdDecompress?: (options: object) => Transform;
};

/** The values of `Content-Encoding` that this runtime can decompress. */
export const ENCODINGS: readonly string[] = createZstdDecompress === undefined ? ['gzip'] : ['gzip', 'zstd'];

/** Bytes that the state and the buffers of a decoder take. */
export const DECODER_BYTES = 64 << 10;

/**
 * Makes the streaming decoder of an encoding, so that its reader can stop at any size.
 *
 * @returns undefined when the body is not compressed
 * @throws Problem 415 for an encoding that this runtime cannot read
 */
export function decoderOf(encoding: string | undefined, maxBody: number): (() => Transform) | undefined {
  const name = (encoding ?? '').trim().toLowerCase();
  if (name === '' || name === 'identity') return undefined;
  if (name === 'gzip' || name === 'x-gzip') return () => zlib.createGunzip({ chunkSize: DECODER_BYTES });
  if (name === 'zstd' && createZstdDecompress !== undefined) {
    return () => createZstdDecompress({ chunkSize: DECODER_BYTES, params: windowOf(maxBody) });
  }
  const reason = `Content-Encoding ${JSON.stringify(name.slice(0, 40))} cannot be read here`;
  const hint = `send one of ${ENCODINGS.join(', ')}, or no Content-Encoding${createZstdDecompress === undefined ? '; zstd needs Node 22.15, Deno or Bun' : ''}`;
  const headers = { 'accept-encoding': ENCODINGS.join(', ') };
  throw new Problem(415, { code: 'unsupported_encoding', reason, hint }, headers, UNREADABLE);
}

/** A zstd frame names the window that its reader must allocate (up to 2 GiB): limited to the size of the largest body. */
function windowOf(maxBody: number): Record<number, number> {
  const key = (zlib.constants as Record<string, number>).ZSTD_d_windowLogMax;
  if (key === undefined) return {};
  return { [key]: Math.min(27, Math.max(10, Math.ceil(Math.log2(maxBody)))) };
}
