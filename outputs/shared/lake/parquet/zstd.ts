import * as zlib from 'node:zlib';
import type { Compress } from './page.ts';

/** What newer runtimes have in `node:zlib`; the types of Node 20 do not know it. */
interface ZlibWithZstd {
  zstdCompressSync?(bytes: Uint8Array, options: { params: Record<number, number> }): Uint8Array;
  readonly constants: { readonly ZSTD_c_compressionLevel?: number };
}

/**
 * A zstd compressor: the runtime's own where `node:zlib` has one (Node from 22.15, Deno, Bun), else one compiled to
 * WebAssembly, loaded only then.
 *
 * @param level 1 to 22; 3 costs little and level 6 gains 6 % for four times the work
 * @example
 * const compress = await createZstd();
 * const page = compress(new TextEncoder().encode('a page of a Parquet file'));
 */
export async function createZstd(level = 3): Promise<Compress> {
  return builtin(level) ?? (await webAssembly(level));
}

function builtin(level: number): Compress | undefined {
  const { zstdCompressSync, constants } = zlib as unknown as ZlibWithZstd;
  const parameter = constants.ZSTD_c_compressionLevel;
  if (zstdCompressSync === undefined || parameter === undefined) return undefined;
  const options = { params: { [parameter]: level } };
  return (bytes) => zstdCompressSync(bytes, options);
}

/** Exported for the tests: the way of a runtime without zstd. */
export async function webAssembly(level: number): Promise<Compress> {
  const { default: zstd } = await import('@foxglove/wasm-zstd');
  await zstd.isLoaded;
  return (bytes) => zstd.compress(bytes, level);
}
