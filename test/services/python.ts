import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { run } from '../support/child.ts';
import { CACHE } from './servers/server.ts';

const FOLDER = fileURLToPath(new URL('./python/', import.meta.url));

/** A Parquet file as pyarrow reads it: a second, independent reader. */
export interface PyarrowFile {
  readonly path: string;
  readonly rows: number;
  readonly row_groups: number;
  readonly created_by: string;
  readonly metadata: Readonly<Record<string, string>>;
  /** `name: type` of every top-level column, in Arrow's words. */
  readonly schema: Readonly<Record<string, string>>;
  readonly codecs: readonly string[];
  /** The rows as JSON, maps as objects, when asked for. */
  readonly records?: readonly Readonly<Record<string, unknown>>[];
}

const python = (script: string, args: readonly string[]): Promise<string> =>
  run(join(CACHE, 'venv', 'bin', 'python'), [join(FOLDER, script), ...args]);

/** Reads Parquet files (or every one under a folder) with pyarrow. */
export async function readParquet(path: string, rows: 'rows' | 'no rows' = 'rows'): Promise<PyarrowFile[]> {
  return JSON.parse(await python('read_parquet.py', rows === 'rows' ? ['--rows', path] : [path]));
}

/** What check_lake.py found wrong, one sentence each; empty when the lake keeps every rule. */
export async function checkLake(root: string): Promise<string[]> {
  const { violations } = JSON.parse(await python('check_lake.py', ['--json', root])) as {
    violations: string[];
  };
  return violations;
}
