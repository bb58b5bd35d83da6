import { compressors } from 'hyparquet-compressors';
import { describe, expect, it } from 'vitest';
import { createZstd, webAssembly } from '../../../../../../outputs/shared/lake/parquet/zstd.ts';

describe.each([
  ['of this runtime', createZstd],
  ['in WebAssembly', webAssembly],
])('zstd %s', (_name, create) => {
  it('gives back what went in, and keeps no hold on it', async () => {
    const compress = await create(3);
    const pages = [0, 1, 100, 70_000, 1_000_000].map((size) => Buffer.alloc(size, 'falco,'));
    const packed = pages.map((page) => compress(page));
    packed.forEach((bytes, index) => {
      const page = pages[index]!;
      expect(Buffer.compare(compressors.ZSTD!(bytes, page.length), page)).toBe(0);
    });
    expect(packed.at(-1)!.length).toBeLessThan(1000);
  });
});
