import { promisify } from 'node:util';
import zlib from 'node:zlib';
import { Problem } from './problem.ts';

type Inflate = (body: Uint8Array, options: object) => Promise<Uint8Array>;

/** Present from Node 22.15 and in Deno and Bun; the types are those of Node 20. */
const { zstdDecompress } = zlib as unknown as { zstdDecompress?: Parameters<typeof promisify>[0] };

const gunzip = promisify(zlib.gunzip) as Inflate;
const unzstd = zstdDecompress === undefined ? undefined : (promisify(zstdDecompress) as Inflate);

/** What `Content-Encoding` may say on this runtime. */
export const ENCODINGS: readonly string[] = unzstd === undefined ? ['gzip'] : ['gzip', 'zstd'];

/**
 * Decompresses a body, at most to `maxBody` bytes: a bomb ends there and has used no more memory than that.
 *
 * @throws Problem 415 for another encoding, 413 when there is more, 400 when the bytes are damaged
 */
export async function decompress(body: Uint8Array, encoding: string, maxBody: number): Promise<Uint8Array> {
  const name = encoding.trim().toLowerCase();
  const options = { maxOutputLength: maxBody };
  try {
    if (name === 'gzip' || name === 'x-gzip') return await gunzip(body, options);
    if (name === 'zstd' && unzstd !== undefined)
      return await unzstd(body, { ...options, params: windowOf(maxBody) });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') {
      const reason = `the body is larger than ${maxBody} bytes when decompressed`;
      const hint = 'send fewer events in one request, or raise server.max_body';
      throw new Problem(413, { code: 'body_too_large', reason, hint });
    }
    const reason = `is not ${name}: ${(error as Error).message}`;
    throw new Problem(400, { code: 'invalid_body', field: 'body', reason });
  }
  const reason = `Content-Encoding ${JSON.stringify(name.slice(0, 40))} cannot be read here`;
  const hint = `send one of ${ENCODINGS.join(', ')}, or no Content-Encoding${unzstd === undefined ? '; zstd needs Node 22.15, Deno or Bun' : ''}`;
  throw new Problem(
    415,
    { code: 'unsupported_encoding', reason, hint },
    { 'accept-encoding': ENCODINGS.join(', ') },
  );
}

/** A zstd frame says how large a window its reader must allocate (up to 2 GiB): no more than the output may be. */
function windowOf(maxBody: number): Record<number, number> {
  const key = (zlib.constants as Record<string, number>).ZSTD_d_windowLogMax;
  if (key === undefined) return {};
  return { [key]: Math.min(27, Math.max(10, Math.ceil(Math.log2(maxBody)))) };
}
