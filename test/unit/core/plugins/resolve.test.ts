import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isPackageName, isPath, resolveModule } from '../../../../core/plugins/resolve.ts';

it.each([
  ['./a.js', true, false],
  ['../a.js', true, false],
  ['.\\a.js', true, false],
  ['/opt/a.js', true, false],
  ['file:///opt/a.js', true, false],
  ['.a/b.js', false, false],
  ['...', false, false],
  ['a', false, true],
  ['a/b.js', false, true],
  ['@s/a', false, true],
  ['@s/a/b/c.js', false, true],
  ['A-b_c.d~e', false, true],
  ['@s', false, false],
  ['a\\b', false, false],
  ['a/', false, false],
  ['a b', false, false],
  ['', false, false],
  ['fs', false, false],
  ['node:fs', false, false],
  ['_a', false, false],
])('%j: is it a path, is it a package', (type, path, name) => {
  expect([isPath(type), isPackageName(type)]).toEqual([path, name]);
});

describe('resolveModule', () => {
  let root: string;
  let config: string;
  const write = (path: string, content: unknown = '') => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), typeof content === 'string' ? content : JSON.stringify(content));
  };
  const pack = (name: string, manifest: object | string, ...files: string[]) => {
    write(`node_modules/${name}/package.json`, manifest);
    for (const file of files) write(`node_modules/${name}/${file}`);
  };
  /** Relative to the folder of packages, or undefined. */
  const found = (type: string) => {
    const url = resolveModule(type, config);
    return url?.replace(`${pathToFileURL(root).href}/`, '').replace('node_modules/', '');
  };

  beforeAll(() => {
    root = realpathSync(mkdtempSync(join(tmpdir(), 'tiercel-resolve-')));
    config = join(root, 'etc', 'tiercel');
    mkdirSync(config, { recursive: true });
    write('etc/tiercel/a.js');
    write('etc/b.js');
    mkdirSync(join(config, 'folder.js'));
    pack('by-default', {}, 'index.js', 'inside.js');
    pack('by-main', { main: './lib/x.js' }, 'lib/x.js', 'index.js');
    pack('main-without-end', { main: 'lib/x' }, 'lib/x.js');
    pack('main-folder', { main: 'lib' }, 'lib/index.js');
    pack('no-json', '{', 'index.js');
    pack('exports-text', { exports: './x.js', main: 'index.js' }, 'x.js', 'index.js', 'inside.js');
    pack(
      'exports-conditions',
      { exports: { require: './x.cjs', types: './x.d.ts', import: './x.mjs' } },
      'x.cjs',
      'x.mjs',
    );
    pack(
      'exports-order',
      { exports: { node: { require: './n.cjs', default: './n.js' }, import: './x.mjs' } },
      'n.js',
      'x.mjs',
    );
    pack('exports-list', { exports: [{ require: './x.cjs' }, null, './x.js'] }, 'x.js');
    pack(
      'exports-table',
      { exports: { '.': { import: './x.js' }, './y': './y.js', './p/*.js': './q/*/r-*.js', './null': null } },
      'x.js',
      'y.js',
      'q/z/r-z.js',
      'p/z.js',
    );
    pack('exports-gone', { exports: './gone.js' });
    pack('@s/a', { exports: { '.': './x.js', './deep/y': './y.js' } }, 'x.js', 'y.js');
    write('etc/node_modules/nearer/package.json', {});
    write('etc/node_modules/nearer/index.js');
    pack('nearer', {}, 'index.js');
  });
  afterAll(() => rmSync(root, { recursive: true, force: true }));

  it.each([
    ['./a.js', 'etc/tiercel/a.js'],
    ['../b.js', 'etc/b.js'],
    ['./gone.js', undefined],
    ['./folder.js', undefined],
    ['not a name', undefined],
    ['gone', undefined],
    ['by-default', 'by-default/index.js'],
    ['by-default/inside.js', 'by-default/inside.js'],
    ['by-default/gone.js', undefined],
    ['by-main', 'by-main/lib/x.js'],
    ['main-without-end', 'main-without-end/lib/x.js'],
    ['main-folder', 'main-folder/lib/index.js'],
    ['no-json', 'no-json/index.js'],
    ['exports-text', 'exports-text/x.js'],
    ['exports-text/inside.js', undefined],
    ['exports-conditions', 'exports-conditions/x.mjs'],
    ['exports-order', 'exports-order/n.js'],
    ['exports-list', 'exports-list/x.js'],
    ['exports-table', 'exports-table/x.js'],
    ['exports-table/y', 'exports-table/y.js'],
    ['exports-table/p/z.js', 'exports-table/q/z/r-z.js'],
    ['exports-table/p/z.mjs', undefined],
    ['exports-table/null', undefined],
    ['exports-table/other', undefined],
    ['exports-gone', undefined],
    ['@s/a', '@s/a/x.js'],
    ['@s/a/deep/y', '@s/a/y.js'],
    ['nearer', 'etc/nearer/index.js'],
  ])('%s is at %s', (type, path) => {
    expect(found(type)).toBe(path);
  });

  it('takes absolute paths and file URLs', () => {
    const file = join(config, 'a.js');
    const url = pathToFileURL(file).href;
    expect([resolveModule(file, '/'), resolveModule(url, '/')]).toEqual([url, url]);
  });
});
