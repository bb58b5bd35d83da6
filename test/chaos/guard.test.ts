import { spawn } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, expect, it } from 'vitest';
import { until } from '../support/until.ts';

const GUARD = new URL('../../scripts/guard.js', import.meta.url).href;
const scratch = mkdtempSync(join(tmpdir(), 'tiercel-guard-'));
const report = join(scratch, 'report');
const temporary = join(scratch, 'tmp');
afterAll(() => rmSync(scratch, { recursive: true, force: true }));
beforeEach(() => {
  rmSync(temporary, { recursive: true, force: true });
  rmSync(report, { force: true });
  mkdirSync(temporary);
});

/** Starts a process that outlives it, writes its pid and its own to the report, mounts what it can, and goes on. */
const COMMAND = `
const { spawn, spawnSync } = await import('node:child_process');
const { mkdirSync, writeFileSync } = await import('node:fs');
const orphan = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { detached: true, stdio: 'ignore' });
const folder = process.env.CHAOS_FOLDER;
mkdirSync(folder + '/disk');
spawnSync('mount', ['-t', 'tmpfs', 'tmpfs', folder + '/disk']);
writeFileSync(folder + '/disk/file', 'text');
writeFileSync(process.env.TMPDIR + '/file', 'text');
writeFileSync(process.env.REPORT, [process.pid, orphan.pid].join(' '));
orphan.unref();
`;

/** Runs the command under a guard; what it started is known when the promise resolves. */
async function start(end: string) {
  const script = `const { runGuarded } = await import(${JSON.stringify(GUARD)});
process.exit(await runGuarded(process.execPath, ['--input-type=module', '-e', ${JSON.stringify(COMMAND + end)}], process.env));`;
  const { CHAOS_FOLDER: _, ...env } = process.env;
  const guard = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: 'ignore',
    env: { ...env, TMPDIR: temporary, REPORT: report },
  });
  const code = new Promise<number | null>((resolve) => guard.once('exit', resolve));
  await until('the command to run', () => existsSync(report) && readFileSync(report, 'utf8').includes(' '));
  const [pid, orphan] = readFileSync(report, 'utf8').split(' ').map(Number) as [number, number];
  return { guard, code, pid, orphan };
}

function runs(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

it('removes the folder, its mounts and every process of a command that ended, and gives its code', async () => {
  const { code, orphan } = await start('process.exit(3);');
  expect(await code).toBe(3);
  expect(readdirSync(temporary)).toEqual([]);
  await until('the orphan to be gone', () => !runs(orphan));
});

it('does so after SIGINT, and after a crash of the command', async () => {
  const interrupted = await start('setInterval(() => {}, 1000);');
  interrupted.guard.kill('SIGINT');
  expect(await interrupted.code).toBe(130);
  expect(readdirSync(temporary)).toEqual([]);
  rmSync(report);
  const crashed = await start('setInterval(() => {}, 1000);');
  process.kill(crashed.pid, 'SIGKILL');
  expect(await crashed.code).toBe(137);
  expect(readdirSync(temporary)).toEqual([]);
  await until('the orphans to be gone', () => !runs(interrupted.orphan) && !runs(crashed.orphan));
});

it('removes what a guard that was killed left, and nothing else', async () => {
  mkdirSync(join(temporary, 'tiercel-chaos-of-another'));
  writeFileSync(join(temporary, 'tiercel-chaos-of-another', 'file'), 'text');
  const killed = await start('setInterval(() => {}, 1000);');
  killed.guard.kill('SIGKILL');
  await killed.code;
  expect(readdirSync(temporary)).toHaveLength(2);
  rmSync(report);
  const next = await start('process.exit(0);');
  expect(await next.code).toBe(0);
  expect(readdirSync(temporary)).toEqual(['tiercel-chaos-of-another']);
  await until('what it started to be gone', () => !runs(killed.pid) && !runs(killed.orphan));
});
