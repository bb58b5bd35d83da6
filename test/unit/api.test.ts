import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { readApi } from '../support/api.ts';
import { run } from '../support/cli.ts';
import { anchorsOf } from '../support/markdown.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const { exports, pages, entryPoints } = await readApi();
const names = new Map(exports.map(({ name, module, kind }) => [name, { module, kind }]));

/** What examples may use without declaring it: what stands around them in an output, a mapper or a test. */
const AROUND: Readonly<Record<string, string>> = {
  batch: "import('tiercel').Batch<unknown>",
  body: 'string',
  context: "import('tiercel').OutputContext",
  definition: "import('tiercel').OutputDefinition",
  event: "import('tiercel').Event",
  headline: "import('tiercel').MapperDefinition",
  http: "import('tiercel').HttpClient",
  index: 'number',
  lines: 'readonly Uint8Array[]',
  log: "import('tiercel').Logger",
  mapper: "import('tiercel').Mapper",
  options: 'any',
  records: 'readonly unknown[]',
  response: 'Response',
  signal: 'AbortSignal',
  streamed: "import('tiercel').StreamedBatch",
  test: "import('tiercel/testing').TestFunction",
  url: 'string',
};

describe('the public API', () => {
  it('is described: every export, type or value, has a docstring', () => {
    expect(exports.filter(({ text }) => text === '').map(({ name, file }) => `${file}: ${name}`)).toEqual([]);
  });

  it('has an example for everything that is no type', () => {
    const lacking = exports.filter(({ kind, examples }) => kind !== 'type' && examples.length === 0);
    expect(lacking.map(({ name, file }) => `${file}: ${name} has no @example`)).toEqual([]);
  });

  it('has examples that compile', () => {
    const directory = mkdtempSync(join(tmpdir(), 'tiercel-examples-'));
    onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
    const files = exports.flatMap(({ name, file, examples }) =>
      examples.map((example, index) => ({ path: `${name}-${index}.ts`, from: `${file}: ${name}`, example })),
    );
    for (const { path, example } of files) writeFileSync(join(directory, path), withImports(example));
    const globals = Object.entries(AROUND).map(([name, type]) => `declare const ${name}: ${type};\n`);
    writeFileSync(join(directory, 'around.d.ts'), globals.join(''));
    symlinkSync(join(ROOT, 'node_modules'), join(directory, 'node_modules'));
    writeFileSync(join(directory, 'package.json'), '{ "type": "module" }');
    writeFileSync(join(directory, 'tsconfig.json'), JSON.stringify(configOf(directory)));
    const compiler = join(ROOT, 'node_modules/typescript/bin/tsc');
    const { stdout } = run(process.execPath, [compiler, '-p', directory], directory);
    const problems = stdout.split('\n').filter((line) => /error TS/.test(line));
    const located = problems.map((line) => {
      const path = /^(\S+?)\(/.exec(line)?.[1];
      return `${files.find((file) => file.path === path)?.from ?? ''} ${line}`;
    });
    expect(located).toEqual([]);
  }, 120_000);

  it('links no source that the package does not hold', () => {
    for (const [path, text] of pages) expect(text, path).not.toMatch(/\]\(\.\.\/\.\.\//);
    expect(pages.get('docs/api/tiercel.md')).toMatch(/<sub>(`core\/|\[core\/.*\]\(https:)/);
  });

  it.each([
    [undefined, '`core/a.ts`'],
    ['tiercel', '`core/a.ts`'],
    ['github:owner/name', '[core/a.ts](https://github.com/owner/name/blob/HEAD/core/a.ts)'],
    ['owner/name', '[core/a.ts](https://github.com/owner/name/blob/HEAD/core/a.ts)'],
    [{ url: 'git+https://git.example/o/n.git' }, '[core/a.ts](https://git.example/o/n/blob/HEAD/core/a.ts)'],
    [
      { url: 'git+ssh://git@git.example/o/n.git' },
      '[core/a.ts](https://git.example/o/n/blob/HEAD/core/a.ts)',
    ],
  ])('links a source in the repository %j as %s', async (repository, link) => {
    const script = new URL('../../scripts/api-reference.js', import.meta.url).href;
    const { sourceLink } = (await import(script)) as { sourceLink(file: string, of: unknown): string };
    expect(sourceLink('core/a.ts', repository)).toBe(link);
  });

  it('has pages whose links lead somewhere', () => {
    for (const [path, text] of pages) {
      for (const [, target, anchor] of text.matchAll(/\]\(([\w-]*\.md)?#([^)]+)\)/g)) {
        const page = pages.get(target === undefined ? path : join(dirname(path), target));
        expect(page && [...anchorsOf(page)], `${path}: ${target}#${anchor}`).toContain(anchor);
      }
      expect(text).not.toContain('{@link');
    }
  });
});

/** The example as a module: what it uses of the API is imported unless it does so itself. */
function withImports(example: string): string {
  const imported = new Set(
    [...example.matchAll(/^import .*?\{(.*?)\}/gms)].flatMap(([, list]) => list!.match(/\w+/g) ?? []),
  );
  const declared = new Set(
    [...example.matchAll(/\b(?:const|let|function|class|type|interface) (\w+)/g)].map(([, name]) => name),
  );
  const used = new Set(example.replace(/\/\/.*$/gm, '').match(/\b[A-Za-z]\w*/g));
  const wanted = [...used].filter((name) => names.has(name) && !imported.has(name) && !declared.has(name));
  const imports = wanted.map((name) => {
    const { module, kind } = names.get(name)!;
    return `import ${kind === 'type' ? 'type ' : ''}{ ${name} } from '${module}';\n`;
  });
  const typebox = ['Static', 'TObject', 'TSchema'].filter(
    (name) => used.has(name) && !imported.has(name) && !declared.has(name),
  );
  return `${imports.join('')}import type { ${typebox.join(', ')} } from 'tiercel';\n${example}\nexport {};\n`;
}

function configOf(directory: string) {
  return {
    extends: join(ROOT, 'tsconfig.json'),
    compilerOptions: {
      rootDir: '/',
      typeRoots: [join(ROOT, 'node_modules/@types')],
      paths: Object.fromEntries(entryPoints.map(({ module, source }) => [module, [join(ROOT, source)]])),
    },
    include: [join(directory, '*.ts')],
    exclude: [],
  };
}
