import { existsSync, readFileSync, statSync } from 'node:fs';
import { createRequire, isBuiltin } from 'node:module';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

/** True for a `type` that is a path and not a name: `./tickets.js`, `../x.js`, `/opt/x.js`, `file:///opt/x.js`. */
export function isPath(type: string): boolean {
  return /^\.{1,2}[/\\]/.test(type) || type.startsWith('file:') || isAbsolute(type);
}

/** True for the name of a package, with or without a path inside it. */
export function isPackageName(type: string): boolean {
  return /^(@[a-z0-9~-][a-z0-9._~-]*\/)?[a-z0-9~-][a-z0-9._~-]*(\/[^\\]+)?$/i.test(type) && !isBuiltin(type);
}

/**
 * The URL of the file of a plugin. It is resolved from the folder of the configuration: under `npx` this program runs from npm's
 * cache, which does not hold the plugins of the user.
 *
 * @returns undefined when there is none
 */
export function resolveModule(type: string, configDir: string): string | undefined {
  if (isPath(type)) {
    const path = type.startsWith('file:') ? fileURLToPath(type) : resolve(configDir, type);
    return isFile(path) ? pathToFileURL(path).href : undefined;
  }
  if (!isPackageName(type)) return undefined;
  return fromNodeModules(type, configDir) ?? fromRequire(type, configDir);
}

/**
 * `node_modules` upwards from the folder, by the `import` condition. `import.meta.resolve` would do it but ignores a parent
 * on Node and refuses one on Deno; `require.resolve` takes the CommonJS half of a package and none without one.
 */
function fromNodeModules(type: string, configDir: string): string | undefined {
  const [, name, inside] = /^((?:@[^/]+\/)?[^/]+)(?:\/(.+))?$/.exec(type)!;
  for (let folder = resolve(configDir); ; folder = dirname(folder)) {
    const root = join(folder, 'node_modules', name!);
    if (existsSync(join(root, 'package.json'))) {
      const file = entryOf(root, inside === undefined ? '.' : `./${inside}`);
      return file !== undefined && isFile(file) ? pathToFileURL(file).href : undefined;
    }
    if (dirname(folder) === folder) return undefined;
  }
}

/** Other layouts than `node_modules`: Yarn's Plug'n'Play, NODE_PATH. */
function fromRequire(type: string, configDir: string): string | undefined {
  try {
    return pathToFileURL(createRequire(join(resolve(configDir), 'config.yaml')).resolve(type)).href;
  } catch {
    return undefined;
  }
}

function entryOf(root: string, inside: string): string | undefined {
  const manifest = readManifest(join(root, 'package.json'));
  if (manifest.exports !== undefined) {
    const target = exported(manifest.exports, inside);
    return target === undefined ? undefined : join(root, target);
  }
  if (inside !== '.') return join(root, inside);
  const main = join(root, manifest.main ?? 'index.js');
  return [main, `${main}.js`, join(main, 'index.js')].find(isFile);
}

function readManifest(path: string): { exports?: unknown; main?: string } {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as { exports?: unknown; main?: string };
  } catch {
    return {};
  }
}

const CONDITIONS = new Set(['import', 'module-sync', 'default', runtimeCondition()]);

function runtimeCondition(): string {
  if ('Deno' in globalThis) return 'deno';
  return 'Bun' in globalThis ? 'bun' : 'node';
}

/** The target of an entry point: `exports` may be a string, conditions, or entry points with conditions in them. */
function exported(exports: unknown, inside: string): string | undefined {
  const isTable =
    typeof exports === 'object' &&
    exports !== null &&
    Object.keys(exports).some((key) => key.startsWith('.'));
  if (!isTable) return inside === '.' ? byCondition(exports) : undefined;
  const table = exports as Record<string, unknown>;
  if (inside in table) return byCondition(table[inside]);
  for (const [pattern, target] of Object.entries(table)) {
    const [before, after] = pattern.split('*');
    if (after === undefined || !inside.startsWith(before!) || !inside.endsWith(after)) continue;
    return byCondition(target)?.replaceAll('*', inside.slice(before!.length, inside.length - after.length));
  }
  return undefined;
}

function byCondition(target: unknown): string | undefined {
  if (typeof target === 'string') return target;
  if (Array.isArray(target)) return target.map(byCondition).find((found) => found !== undefined);
  if (typeof target !== 'object' || target === null) return undefined;
  for (const [condition, next] of Object.entries(target)) {
    if (!CONDITIONS.has(condition)) continue;
    const found = byCondition(next);
    if (found !== undefined) return found;
  }
  return undefined;
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
}
