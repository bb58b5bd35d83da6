import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MAIN, run } from '../support/cli.ts';
import { findDeno } from '../support/deno.ts';
import { install, installTiercel } from '../support/installed.ts';
import { startTiercel } from '../support/process.ts';
import { until } from '../support/until.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const PACKAGE = join(ROOT, 'test/fixtures/plugin-package');

const deno = findDeno();
if (deno === undefined) console.log('skipped: no Deno in .cache/runtimes and none on the PATH');

describe('an output published as a package', () => {
  let dir: string;
  let source: string;
  let installed: string;

  beforeAll(() => {
    dir = mkdtempSync(join(tmpdir(), 'tiercel-plugin-'));
    installed = installTiercel(dir).main;
    source = join(dir, 'source');
    cpSync(PACKAGE, source, { recursive: true });
    // What its author has installed to develop it.
    mkdirSync(join(source, 'node_modules'));
    symlinkSync(join(dir, 'node_modules/tiercel'), join(source, 'node_modules/tiercel'));
    for (const tool of ['.bin', 'typescript', '@types'])
      symlinkSync(join(ROOT, 'node_modules', tool), join(source, 'node_modules', tool));
    // Compiled against what is published, its types checked; the other way of resolving is that of `create --typescript`.
    const built = run('npm', ['run', '--silent', 'build'], source);
    if (built.status !== 0) throw new Error(`the package does not compile: ${built.stdout}`);
    install(source, dir);
  }, 120_000);
  afterAll(() => rmSync(dir, { recursive: true, force: true }));

  it('holds the contract with its own test', () => {
    const tested = run(process.execPath, ['--test', 'dist/index.test.js'], source);
    expect(tested.status, tested.stdout).toBe(0);
  }, 60_000);

  it.skipIf(deno === undefined)(
    'holds the contract on Deno too',
    () => {
      for (const test of ["import { test } from 'node:test';", 'const { test } = Deno;']) {
        writeFileSync(
          join(source, 'deno.test.js'),
          `${test}
import { testMapper, testOutput } from 'tiercel/testing';
import { readFile } from 'node:fs/promises';
import lines from './dist/index.js';
import shout from './dist/shout.js';
testOutput(lines, {
  test,
  destination: ({ directory }) => ({ arrived: () => readFile(directory + '/lines.txt', 'utf8') }),
  options: ({ directory }) => ({ path: directory + '/lines.txt' }),
});
testMapper(shout, { test });
`,
        );
        const tested = run(deno!, ['test', '--allow-all', '--no-check', 'deno.test.js'], source);
        expect(tested.status, tested.stdout + tested.stderr).toBe(0);
      }
    },
    60_000,
  );

  it('ships what it lists and nothing else', () => {
    const at = join(dir, 'node_modules/@acme/tiercel-lines');
    expect(existsSync(join(at, 'dist/index.js'))).toBe(true);
    expect(existsSync(join(at, 'dist/index.test.js'))).toBe(false);
    expect(existsSync(join(at, 'index.ts'))).toBe(false);
  });

  const programs: [runtime: string, command: () => string[]][] = [
    ['Node, installed beside it', () => [process.execPath, installed]],
    // As under npx: the program and the package each have a copy of Tiercel.
    ['Node, from elsewhere', () => [process.execPath, MAIN]],
    ...(deno === undefined
      ? []
      : [['Deno', () => [deno, 'run', '--allow-all', installed]] as [string, () => string[]]]),
  ];
  it.each(programs)(
    'is used by name on %s',
    async (_, command) => {
      rmSync(join(dir, 'lines.txt'), { force: true });
      const tiercel = await startTiercel({
        directory: dir,
        command: command(),
        config: `plugins: { allow: ["@acme/*"] }
journal: { type: memory }
outputs:
  lines:
    type: "@acme/tiercel-lines"
    path: ./lines.txt
    prefix: "> "
    mapper: { type: "@acme/tiercel-lines/shout", mark: "!!" }
`,
        ready: 60_000,
      });
      try {
        for (const rule of ['one', 'two']) {
          const event = { rule, priority: 'Notice', time: '2026-01-02T03:04:05Z' };
          expect((await tiercel.post('/', JSON.stringify(event))).status).toBe(200);
        }
        const lines = () => readFileSync(join(dir, 'lines.txt'), 'utf8');
        await until('both lines', () => lines().split('\n').length > 2);
        expect(lines()).toBe('> ONE!!\n> TWO!!\n');
        expect(await tiercel.stop()).toEqual({ code: 0, signal: null });
      } finally {
        await tiercel.remove();
      }
    },
    90_000,
  );
});
