import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';

/** A package on this machine. */
export interface InstalledPackage {
  /** Where its `package.json` is. */
  readonly folder: string;
  readonly version: string;
}

/** The package of an entry point: `@acme/sdk` of `@acme/sdk/client`. */
export function packageOf(name: string): string {
  return /^(?:@[^/]+\/)?[^/]+/.exec(name)?.[0] ?? name;
}

/**
 * Finds the package that code in a folder would import: in `node_modules` of the folder or above it, or where Yarn's Plug'n'Play or
 * NODE_PATH puts it.
 *
 * @example findPackage('@nats-io/jetstream', '/etc/tiercel')?.version // '3.3.1'
 */
export function findPackage(name: string, from: string): InstalledPackage | undefined {
  for (const folder of upwards(resolve(from))) {
    const found = packageAt(join(folder, 'node_modules', name), name);
    if (found !== undefined) return found;
  }
  let entry: string;
  try {
    entry = createRequire(join(resolve(from), 'config.yaml')).resolve(name);
  } catch {
    return undefined;
  }
  for (const folder of upwards(dirname(entry))) {
    const found = packageAt(folder, name);
    if (found !== undefined) return found;
  }
  return undefined;
}

function packageAt(folder: string, name: string): InstalledPackage | undefined {
  const file = join(folder, 'package.json');
  if (!existsSync(file)) return undefined;
  try {
    const manifest = JSON.parse(readFileSync(file, 'utf8')) as { name?: unknown; version?: unknown };
    if (manifest.name !== name || typeof manifest.version !== 'string') return undefined;
    return { folder, version: manifest.version };
  } catch {
    return undefined;
  }
}

function* upwards(folder: string): Generator<string> {
  for (let current = folder; ; current = dirname(current)) {
    yield current;
    if (dirname(current) === current) return;
  }
}
