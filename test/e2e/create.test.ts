import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { run, runHere } from '../support/cli.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
let dir: string;

beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'tiercel-create-'));
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

describe('create', () => {
  it.each([
    ['output', 'tickets', 'tiercel-tickets', []],
    ['output', 'gelf_tcp', 'tiercel-gelf-tcp', ['--typescript']],
    ['mapper', '@acme/tiercel-short-line', 'tiercel-short-line', []],
  ])(
    'writes a package with an %s %s in %s %j, whose test is green at once',
    async (kind, name, folder, flags) => {
      expect((await runHere(['create', kind, name, ...flags], dir)).status).toBe(0);
      const at = join(dir, folder);
      mkdirSync(join(at, 'node_modules'));
      symlinkSync(ROOT, join(at, 'node_modules', 'tiercel'));
      for (const tool of ['.bin', 'typescript', '@types'])
        symlinkSync(join(ROOT, 'node_modules', tool), join(at, 'node_modules', tool));
      const tested = run('npm', ['test', '--silent'], at);
      expect(tested.status, tested.stdout).toBe(0);
      expect(tested.stdout).toMatch(/# fail 0|ℹ fail 0/);
      const validated = await runHere(['validate'], at);
      expect(validated.status, validated.stderr).toBe(0);
      expect(await runHere(['create', kind, name], dir)).toMatchObject({
        status: 1,
        stderr: expect.stringContaining('exists already'),
      });
    },
    120_000,
  );
});
