import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startChild } from '../../support/child.ts';
import { createPatience } from '../../support/patience.ts';
import { freePort } from '../../support/port.ts';
import { UNSET } from '../../support/process.ts';
import type { Fault, Stage } from './fault.ts';

const MAIN = fileURLToPath(new URL('../../../dist/main.js', import.meta.url));
/** How long the second process may take to refuse, milliseconds of the time it had. */
const REFUSAL = 15_000;
/** A lock whose holder gives no sign of life is free after 3.5 s. */
const LEASE = 3500;

export const secondProcess: Fault = {
  name: 'second process on the same directory',
  needs: ['process'],
  weight: 2,
  act: (stage) => refuse(stage),
};

/** The lock is removed by hand; the program goes on and protects its directory again. */
export const lockRemoved: Fault = {
  name: 'lock file removed',
  needs: ['process'],
  weight: 2,
  ready: ({ state }) => locksOf(state).length > 0,
  async act(stage, random) {
    for (const lock of locksOf(stage.state)) await rm(lock, { force: true });
    await stage.pause(1500, 4000, random);
    if (!stage.tiercel.running()) stage.findings.add('the program ends when its lock file is removed');
    await refuse(stage);
  },
};

/** As before, and a second process starts at once. */
export const lockRemovedAndTaken: Fault = {
  name: 'lock file removed, then a second process at once',
  needs: ['process'],
  weight: 2,
  ready: ({ state }) => locksOf(state).length > 0,
  async act(stage) {
    for (const lock of locksOf(stage.state)) await rm(lock, { force: true });
    await refuse(stage);
  },
};

/** The holder is paused for longer than the lease, and a second process starts meanwhile. */
export const longFreeze: Fault = {
  name: 'SIGSTOP for longer than the lease, with a second process',
  needs: ['process', 'disk'],
  weight: 2,
  async act(stage, random) {
    const { tiercel, state, findings } = stage;
    tiercel.send('SIGSTOP');
    try {
      const frozen = performance.now();
      const before = await contentOf(state);
      await stage.pause(0, 1000, random);
      await refuse(stage);
      await stage.pause(Math.max(0, LEASE + 500 - (performance.now() - frozen)), LEASE + 1000, random);
      const after = await contentOf(state);
      const changed = [...new Set([...before.keys(), ...after.keys()])].filter(
        (file) => before.get(file) !== after.get(file),
      );
      for (const file of changed)
        findings.add(
          'a second process changes files of the directory',
          `${file}: ${before.get(file)} is now ${after.get(file)}`,
        );
    } finally {
      tiercel.send('SIGCONT');
    }
    await stage.pause(2000, 2500, random);
    if (!tiercel.running()) findings.add('the program ends after SIGSTOP and SIGCONT');
  },
};

/** Starts a second process with the same configuration on another port: it must say why it does not start, and end. */
async function refuse({ tiercel, clock, findings }: Stage): Promise<void> {
  const first = await readFile(join(tiercel.directory, 'tiercel.yaml'), 'utf8');
  const file = join(tiercel.directory, 'second.yaml');
  const url = `127.0.0.1:${await freePort()}`;
  await writeFile(file, first.replace(/listen: "[^"]*"/, `listen: "${url}"`));
  const second = startChild(process.execPath, [MAIN, 'run', '-c', file], {
    cwd: tiercel.directory,
    env: { ...UNSET, ...clock.env, AWS_ACCESS_KEY_ID: 'chaos', AWS_SECRET_ACCESS_KEY: 'chaos' },
  });
  const patience = createPatience(() => second.pid);
  const timer = setInterval(async () => {
    const ready = await fetch(`http://${url}/readyz`, { signal: AbortSignal.timeout(1000) }).catch(
      () => undefined,
    );
    if (!ready?.ok && patience.elapsed() < REFUSAL) return;
    second.send('SIGKILL');
  }, 200);
  const { code, signal } = await second.exited;
  clearInterval(timer);
  await rm(file, { force: true });
  const said = second.output().slice(-1000);
  if (code === 0 || signal !== null)
    findings.add(
      'a second process on the same directory is not refused',
      `code ${code}, signal ${signal}: ${said}`,
    );
  else if (!/in use|lock/i.test(said))
    findings.add('a second process does not say why it does not start', said);
}

/** The locks of a state directory: files or sockets. */
function locksOf(state: string): string[] {
  const folders = ['', 'journal', 'dead-letters'];
  const places = folders.flatMap((name) => ['lock', 'lock.sock'].map((lock) => join(state, name, lock)));
  return places.filter((path) => existsSync(path));
}

/** Size and digest of each file of a directory. */
async function contentOf(directory: string): Promise<Map<string, string>> {
  const content = new Map<string, string>();
  for (const name of await readdir(directory, { recursive: true })) {
    const path = join(directory, name);
    const stats = await stat(path).catch(() => undefined);
    if (!stats?.isFile()) continue;
    const digest = createHash('sha256')
      .update(await readFile(path))
      .digest('hex')
      .slice(0, 16);
    content.set(name, `${stats.size} bytes, sha256 ${digest}`);
  }
  return content;
}
