import { readdirSync, readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { satisfies } from 'compare-versions';
import { describe, expect, it } from 'vitest';
import { AUTH_PACKAGES } from '../../../core/sdk/http/auth/options.ts';
import { outputs } from '../../../outputs/index.ts';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const read = (path: string) => readFileSync(join(root, path), 'utf8');
const manifest = JSON.parse(read('package.json')) as {
  dependencies: Record<string, string>;
  devDependencies: Record<string, string>;
  peerDependencies: Record<string, string>;
  peerDependenciesMeta: Record<string, { optional?: boolean }>;
};

const declared = new Map<string, string>();
for (const [type, { load }] of Object.entries(outputs))
  for (const [name, range] of Object.entries((await load()).packages ?? {})) {
    it(`${type} and the outputs before it agree on the versions of ${name}`, () =>
      expect(declared.get(name) ?? range).toBe(range));
    declared.set(name, range);
  }

for (const [name, range] of Object.entries(AUTH_PACKAGES)) {
  it(`outputs and the option auth agree on the versions of ${name}`, () =>
    expect(declared.get(name) ?? range).toBe(range));
  declared.set(name, range);
}

/** The packages that the sources of the outputs name in an import, a dynamic import or a `load`, with the file. */
function named(): { name: string; file: string }[] {
  const files = readdirSync(join(root, 'outputs'), { recursive: true, encoding: 'utf8' });
  return files
    .filter((file) => file.endsWith('.ts'))
    .flatMap((file) => {
      const source = read(join('outputs', file));
      const found = source.matchAll(
        /(?:\bfrom\s+|\bimport\(\s*|^import\s+|\bload\(\s*)['"]([^'".][^'"]*)['"]/gm,
      );
      return [...found].map(([, specifier]) => ({ name: /^(?:@[^/]+\/)?[^/]+/.exec(specifier!)![0], file }));
    })
    .filter(
      ({ name }) => !name.startsWith('node:') && !name.startsWith('#') && !builtinModules.includes(name),
    );
}

describe('a package that an output declares', () => {
  it.each([...declared])('%s %s is an optional peer with the same range', (name, range) => {
    expect(manifest.peerDependencies[name]).toBe(range);
    expect(manifest.peerDependenciesMeta[name]).toEqual({ optional: true });
    expect(manifest.dependencies[name]).toBeUndefined();
  });

  it.each([...declared])('%s %s is installed for the tests in a version of the range', (name, range) => {
    expect(manifest.devDependencies[name]).toBeDefined();
    const { version } = JSON.parse(read(`node_modules/${name}/package.json`)) as { version: string };
    expect([version, satisfies(version, range)]).toEqual([version, true]);
  });
});

it('every optional peer is declared by an output', () => {
  expect(Object.keys(manifest.peerDependencies).sort()).toEqual([...declared.keys()].sort());
  expect(Object.keys(manifest.peerDependenciesMeta).sort()).toEqual([...declared.keys()].sort());
});

it('every package that an output imports is a dependency, or declared', () => {
  const uses = named();
  expect(uses.map(({ name }) => name)).toContain('@nats-io/jetstream');
  const unknown = uses.filter(({ name }) => !(name in manifest.dependencies) && !declared.has(name));
  expect(unknown).toEqual([]);
});

it('no output imports an optional peer when it is loaded itself', () => {
  const eager = /^(?:import|export)\s+(?!type\b)[^;]*?from\s*['"]([^'".][^'"]*)['"]/gm;
  for (const file of readdirSync(join(root, 'outputs'), { recursive: true, encoding: 'utf8' })) {
    if (!file.endsWith('.ts')) continue;
    const names = [...read(join('outputs', file)).matchAll(eager)].map(([, name]) => name!);
    expect([file, names.filter((name) => declared.has(name))]).toEqual([file, []]);
  }
});
