import { createHash } from 'node:crypto';
import { createRequire } from 'node:module';

/** What a package says of itself in its `package.json`. */
export interface Manifest {
  readonly name: string;
  readonly version: string;
}

const OWN = createRequire(import.meta.url)('tiercel/package.json') as Manifest;

/**
 * The footer's `created_by` in the form that Parquet specifies: application, version, build. parquet-mr, by which Hive and
 * Spark read, takes the statistics of a file for corrupt where it finds no version in it. The build is a hash over the
 * manifest: the same in every copy of a release, another where the release or its dependencies differ.
 *
 * @param manifest that of this package by default
 *
 * @example
 * createdBy({ name: 'tickets', version: '1.2.0' }); // 'tickets version 1.2.0 (build …)', with 16 hexadecimal digits
 */
export function createdBy(manifest: Manifest = OWN): string {
  const build = createHash('sha256').update(JSON.stringify(manifest)).digest('hex').slice(0, 16);
  return `${manifest.name} version ${manifest.version} (build ${build})`;
}
