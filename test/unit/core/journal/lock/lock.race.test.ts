import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, unlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';

/** How long the processes compete, milliseconds. */
const DURATION = 2500;
const PROCESSES = 5;

/**
 * Takes the lock again and again and says when it held it. A time is from before the lock is confirmed: nobody else may
 * have had the lock between two times of one holder.
 */
const COMPETE = `
  import { writeSync } from 'node:fs';
  import { Server } from 'node:net';
  import { setTimeout as sleep } from 'node:timers/promises';
  const { acquireLock, JournalLockedError } = await import(${JSON.stringify(new URL('../../../../../dist/core/journal/lock/lock.js', import.meta.url).href)});
  const [directory, hasSockets] = process.argv.slice(1);
  if (hasSockets === 'false')
    Server.prototype.listen = function () {
      process.nextTick(() => this.emit('error', Object.assign(new Error(), { code: 'ENOTSUP' })));
    };
  for (let turn = 0; ; turn++) {
    const lock = await acquireLock(directory, { timing: { heartbeat: 30, staleAfter: 120 } }).catch((error) => {
      if (!(error instanceof JournalLockedError)) throw error;
    });
    const until = performance.now() + Math.random() * 200;
    while (lock !== undefined && performance.now() < until) {
      const now = process.hrtime.bigint();
      try {
        await lock.confirm();
      } catch {
        break;
      }
      writeSync(1, process.pid + '-' + turn + ' ' + now + '\\n');
      await sleep(Math.random() * 10);
    }
    await lock?.release();
    await sleep(Math.random() * 20);
  }
`;

interface Turn {
  readonly from: bigint;
  readonly to: bigint;
}

function turnsOf(output: string): Turn[] {
  const turns = new Map<string, Turn>();
  for (const [, name, text] of output.matchAll(/^(\S+) (\d+)\n/gm)) {
    const time = BigInt(text!);
    turns.set(name!, { from: turns.get(name!)?.from ?? time, to: time });
  }
  return [...turns.values()].sort((a, b) => (a.from < b.from ? -1 : 1));
}

test.skipIf(process.platform === 'win32').each([
  ['with sockets', true],
  ['on a file system without sockets', false],
])('of many processes that are paused and killed, one holds the lock, %s', async (_, hasSockets) => {
  const directory = await mkdtemp(join(tmpdir(), 'lock-race-'));
  await writeFile(join(directory, 'epoch'), '');
  const outputs: string[][] = [];
  const errors: string[] = [];

  function start() {
    const child = spawn(
      process.execPath,
      ['--input-type=module', '-e', COMPETE, directory, String(hasSockets)],
      { stdio: ['ignore', 'pipe', 'pipe'] },
    );
    const output: string[] = [];
    outputs.push(output);
    child.stdout.setEncoding('utf8').on('data', (text) => output.push(text));
    child.stderr.setEncoding('utf8').on('data', (text) => errors.push(text));
    return { child, closed: once(child, 'close') };
  }

  const running = Array.from({ length: PROCESSES }, start);
  const began = performance.now();
  while (performance.now() - began < DURATION) {
    const index = Math.floor(Math.random() * PROCESSES);
    const { child } = running[index]!;
    child.kill('SIGSTOP');
    await sleep(Math.random() * 250);
    if (Math.random() < 0.1) await unlink(join(directory, 'lock')).catch(() => {});
    child.kill('SIGCONT');
    await sleep(Math.random() * 50);
    if (Math.random() < 0.1) {
      child.kill('SIGKILL');
      running[index] = start();
    }
  }
  for (const { child } of running) child.kill('SIGKILL');
  await Promise.all(running.map(({ closed }) => closed));
  await rm(directory, { recursive: true });

  expect(errors.join('')).toBe('');
  const turns = outputs.flatMap((output) => turnsOf(output.join('')));
  turns.sort((a, b) => (a.from < b.from ? -1 : 1));
  expect(turns.length).toBeGreaterThan(2);
  for (const [i, turn] of turns.entries())
    if (i > 0) expect(turn.from, `turn ${i} of ${turns.length}`).toBeGreaterThan(turns[i - 1]!.to);
});
