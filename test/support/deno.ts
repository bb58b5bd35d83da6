import { fileURLToPath } from 'node:url';
import { run } from './cli.ts';

const CACHED = fileURLToPath(new URL('../../.cache/runtimes/deno/node_modules/@deno', import.meta.url));

/** Deno of the runtime tier's cache, or of this machine; undefined where there is none. */
export function findDeno(): string | undefined {
  const found = run('sh', ['-c', `find '${CACHED}' -type f -name deno 2>/dev/null; command -v deno`]);
  return found.stdout.split('\n').find((path) => path !== '');
}
