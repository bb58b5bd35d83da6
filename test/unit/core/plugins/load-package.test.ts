import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createLoadPackage } from '../../../../core/plugins/load-package.ts';

const NAME = '@acme/wire';
const absent = (name: string) => () =>
  Promise.reject<{ from: string }>(
    Object.assign(new Error(`Cannot find package '${name}' imported from /app/${NAME}/x.js`), {
      code: 'ERR_MODULE_NOT_FOUND',
    }),
  );

/** A new folder with these files. */
function folderWith(files: Record<string, string>): string {
  const folder = mkdtempSync(join(tmpdir(), 'tiercel-load-'));
  for (const [path, text] of Object.entries(files)) {
    const file = join(folder, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  }
  return folder;
}

describe('context.load', () => {
  it('takes the library that was passed in, and imports nothing', async () => {
    const load = createLoadPackage({
      packages: { [NAME]: '^1.0.0' },
      configDir: '/',
      given: { [NAME]: { from: 'passed in' } },
    });
    const never = () => Promise.reject<{ from: string }>(new Error('imported'));
    expect(await load(NAME, never)).toEqual({ from: 'passed in' });
  });

  it('takes what the import gives, although the folder of the configuration has another', async () => {
    const configDir = folderWith(manifest({ main: './index.js' }, 'export const from = "beside";'));
    const load = createLoadPackage({ packages: { [NAME]: '^1.0.0' }, configDir });
    expect(await load(NAME, async () => ({ from: 'import' }))).toEqual({ from: 'import' });
  });

  it.each([
    ['a main', { main: './index.js' }, NAME],
    ['an exports map', { exports: { '.': { require: './no.cjs', import: './index.js' } } }, NAME],
    ['an entry point', { exports: { './client': './index.js' } }, `${NAME}/client`],
  ])('takes the package beside the configuration, found by %s', async (_, entry, name) => {
    const inner = manifest(entry, 'export const from = "beside";');
    const configDir = join(folderWith(inner), 'etc');
    const load = createLoadPackage({ packages: { [NAME]: '^1.0.0' }, configDir });
    expect((await load(name, absent(NAME))).from).toBe('beside');
  });

  it('says what to install where, with the range, and only what is not there', async () => {
    const configDir = folderWith({
      'node_modules/there/package.json': '{"name":"there","version":"1.0.0","main":"./index.js"}',
    });
    const packages = { [NAME]: '>=1.2.0 <=1.9.0', there: '^1.0.0', other: '~2.0.0' };
    const load = createLoadPackage({ packages, configDir });
    await expect(load(NAME, absent(NAME))).rejects.toThrow(
      `this output needs the package ${NAME} >=1.2.0 <=1.9.0, which is not installed: run  npm install "${NAME}@>=1.2.0 <=1.9.0" "other@~2.0.0"  in ${configDir}`,
    );
  });

  it('says what Deno says of an absent package in the same words', async () => {
    const load = createLoadPackage({ packages: { [NAME]: '^1.0.0' }, configDir: '/' });
    const error = Object.assign(new Error(`Import "${NAME}" not a dependency`), {
      code: 'ERR_MODULE_NOT_FOUND',
    });
    await expect(load(NAME, () => Promise.reject(error))).rejects.toThrow('which is not installed');
  });

  it('passes on why a package that is there cannot be imported', async () => {
    const load = createLoadPackage({ packages: { [NAME]: '^1.0.0' }, configDir: '/' });
    await expect(load(NAME, () => Promise.reject(new Error('broken')))).rejects.toThrow(/^broken$/);
    // A package that it needs itself is absent.
    await expect(load(NAME, absent('tslib'))).rejects.toThrow(/^Cannot find package 'tslib'/);
  });

  it('refuses a package that the definition does not declare', async () => {
    const load = createLoadPackage({ packages: { other: '^1.0.0' }, configDir: '/' });
    await expect(load(NAME, async () => 1)).rejects.toThrow(
      `this output does not declare the package ${NAME}: add it to \`packages\``,
    );
  });
});

function manifest(entry: object, code: string): Record<string, string> {
  const text = JSON.stringify({ name: NAME, version: '1.0.0', type: 'module', ...entry });
  return { [`node_modules/${NAME}/package.json`]: text, [`node_modules/${NAME}/index.js`]: code };
}
