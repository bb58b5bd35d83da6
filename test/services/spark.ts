import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { run } from '../support/child.ts';
import { findJava } from './java.ts';
import { CACHE } from './servers/server.ts';

const PROGRAM = fileURLToPath(new URL('./spark/ReadParquet.java', import.meta.url));

/** What Spark asks for. */
export const SPARK_JAVA = 17;

/** Spark reaches into these; its own launchers say so too. */
const OPENED = ['lang', 'lang.invoke', 'lang.reflect', 'io', 'net', 'nio', 'util', 'util.concurrent'].map(
  (name) => `java.base/java.${name}`,
);
const SUN = ['nio.ch', 'nio.cs', 'security.action', 'util.calendar'].map((name) => `java.base/sun.${name}`);

/** The rows of a Parquet file as Spark's two readers see them. */
export async function readWithSpark(path: string): Promise<Record<'vectorized' | 'parquet-mr', unknown[]>> {
  const options = [...OPENED, ...SUN].map((each) => `--add-opens=${each}=ALL-UNNAMED`);
  const text = await run(findJava(SPARK_JAVA) ?? 'java', [
    '-Xmx768m',
    '-XX:TieredStopAtLevel=1',
    ...options,
    '-cp',
    join(CACHE, 'spark', '*'),
    PROGRAM,
    path,
  ]);
  const rows = { vectorized: [] as unknown[], 'parquet-mr': [] as unknown[] };
  for (const line of text.split('\n').filter(Boolean)) {
    const cut = line.indexOf('\t');
    rows[line.slice(0, cut) as keyof typeof rows].push(JSON.parse(line.slice(cut + 1)));
  }
  return rows;
}
