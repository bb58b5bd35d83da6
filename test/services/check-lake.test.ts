import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { run } from '../support/child.ts';
import { describeWith } from './describe.ts';
import { CACHE } from './servers/server.ts';

const FOLDER = fileURLToPath(new URL('./python/', import.meta.url));

describeWith({ programs: ['../venv/bin/python'] }, 'check_lake.py', () => {
  it('finds each broken rule, and none in a lake that is right', async () => {
    const python = join(CACHE, 'venv', 'bin', 'python');
    await expect(run(python, ['-m', 'unittest', '--quiet'], { cwd: FOLDER })).resolves.toBe('');
  });
});
