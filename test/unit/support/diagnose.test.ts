import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Child, startChild } from '../../support/child.ts';
import { diagnose, reportingTo } from '../../support/diagnose.ts';
import { createPatience } from '../../support/patience.ts';
import { freePort } from '../../support/port.ts';
import { until } from '../../support/until.ts';

// What the tests say of a program that hangs has to be true: nobody looks at it before that night.

let folder: string;
let child: Child | undefined;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tiercel-hang-'));
});
afterEach(async () => {
  await child?.stop(0);
  rmSync(folder, { recursive: true });
});

async function run(source: string): Promise<Child> {
  const file = join(folder, 'program.mjs');
  writeFileSync(file, `${source}\nconsole.log('up');`.replace('SPIN', `console.log('up'); spin();`));
  child = startChild(process.execPath, [file], {
    env: { NODE_OPTIONS: reportingTo(folder, await freePort()) },
  });
  await until('it to be up', () => child!.output().includes('up'));
  return child;
}

const told = (pid: number, more: { reportWithin?: number } = {}) =>
  diagnose({ pid, url: 'http://127.0.0.1:9', reports: folder, printed: () => child!.output(), ...more });

test.skipIf(process.platform !== 'linux')(
  'a program that waits for ever: for what, and that it has no wish for a processor',
  async () => {
    const { pid } = await run(
      `import { createServer } from 'node:net'; createServer().listen(0, '127.0.0.1');`,
    );
    const patience = createPatience(() => pid);
    const failure = await until('what never comes', () => false, {
      timeout: 300,
      patience,
      diagnose: () => told(pid),
    }).catch((error: Error) => error.message);
    expect(failure).toMatch(/waited 300 ms \(\d+ ms, of which \d+ ms for a processor\) for what never comes/);
    expect(failure).toContain('/readyz: ');
    expect(failure).toMatch(/thread \d+ .*: S in .*, ran \d+ ms/);
    expect(failure).toContain('"type":"tcp"');
  },
);

test.skipIf(process.platform !== 'linux')('a program that spins: where', async () => {
  const { pid } = await run('function spin() { for (;;) Math.random(); }\nSPIN');
  const said = await told(pid, { reportWithin: 500 });
  expect(said).toMatch(/thread \d+ .*: R in /);
  expect(said).toMatch(/the event loop does not turn; its main thread ran [1-9]\d* ms of them/);
  expect(said).toMatch(/at spin \(.*program\.mjs:1:\d+\)/);
});

test('what gets on is waited for, what stands still is not', async () => {
  let step = 0;
  const options = { timeout: 200, interval: 20, progress: () => step };
  expect(await until('thirty steps', () => ++step === 30, options)).toBe(true);
  step = 0;
  const stuck = () => {
    step = Math.min(step + 1, 5);
    return false;
  };
  await expect(until('the end', stuck, options)).rejects.toThrow('nothing got on, the last was 5');
  const silent = () => new Promise<boolean>(() => {});
  await expect(until('an answer', silent, { timeout: 100 })).rejects.toThrow('gave no answer');
});

test('a stop that is not heeded is diagnosed before the program is killed', async () => {
  const running = await run(`process.on('SIGTERM', () => {}); setInterval(() => {}, 1000);`);
  const { signal } = await running.stop(200, () => told(running.pid));
  expect(signal).toBe('SIGKILL');
  expect(running.output()).toMatch(/it did not end within 200 ms/);
  expect(running.output()).toContain('"type":"timer"');
});
