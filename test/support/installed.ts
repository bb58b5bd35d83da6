import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { run } from './cli.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/**
 * Packs a package as `npm publish` would and unpacks it where `npm install` would put it: what the list of files
 * leaves out is missing there. Nothing is built and no registry is asked.
 *
 * @param source the folder of the package
 * @param folder where it is installed
 * @returns the folder it is in now
 */
export function install(source: string, folder: string): string {
  const { name } = JSON.parse(readFileSync(join(source, 'package.json'), 'utf8')) as { name: string };
  const target = join(folder, 'node_modules', name);
  const packed = mkdtempSync(join(tmpdir(), 'tiercel-pack-'));
  try {
    const pack = run('npm', ['pack', '--silent', '--ignore-scripts', '--pack-destination', packed], source);
    if (pack.status !== 0) throw new Error(`npm pack failed in ${source}: ${pack.stderr}`);
    mkdirSync(target, { recursive: true });
    const [tarball] = readdirSync(packed);
    const untar = run('tar', ['-xzf', join(packed, tarball!), '-C', target, '--strip-components=1']);
    if (untar.status !== 0) throw new Error(`tar failed: ${untar.stderr}`);
    return target;
  } finally {
    rmSync(packed, { recursive: true, force: true });
  }
}

/** Installs Tiercel itself, as built in dist, with the dependencies that this repository has. */
export function installTiercel(folder: string): { readonly main: string } {
  const target = install(ROOT, folder);
  symlinkSync(join(ROOT, 'node_modules'), join(target, 'node_modules'));
  // Deno looks into node_modules only beside a package.json.
  writeFileSync(join(folder, 'package.json'), '{ "type": "module", "dependencies": { "tiercel": "*" } }\n');
  return { main: join(target, 'dist', 'main.js') };
}
