import { describe, expect, it } from 'vitest';
import { createdBy } from '../../../../../../outputs/shared/lake/index.ts';

/** How parquet-mr takes it apart (VersionParser). */
const PARQUET_MR = /^(.*?)\s+version\s*([^(]*?)\s*\(\s*build\s*([^)]*?)\s*\)$/;

describe('createdBy', () => {
  const manifest = { name: 'my-lake', version: '1.2.0', dependencies: { a: '1' } };

  it('is the application, its version and a build, as parquet-mr reads them', () => {
    const [, application, version, build] = PARQUET_MR.exec(createdBy(manifest))!;
    expect([application, version]).toEqual(['my-lake', '1.2.0']);
    expect(build).toMatch(/^[0-9a-f]{16}$/);
  });

  it('is the same for the same release, and another for another', () => {
    const others = [
      { ...manifest, version: '1.2.1' },
      { ...manifest, dependencies: { a: '2' } },
    ];
    expect(createdBy(structuredClone(manifest))).toBe(createdBy(manifest));
    for (const other of others) expect(createdBy(other)).not.toBe(createdBy(manifest));
  });
});
