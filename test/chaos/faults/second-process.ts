import { createHash } from 'node:crypto';
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { type Exit, startChild } from '../../support/child.ts';
import { createPatience } from '../../support/patience.ts';
import { freePort } from '../../support/port.ts';
import { UNSET } from '../../support/process.ts';
import { type Fault, restart, type Stage } from './fault.ts';

const MAIN = fileURLToPath(new URL('../../../dist/main.js', import.meta.url));
/** How long the second process may take to refuse, milliseconds of the time it had. */
const REFUSAL = 15_000;
/** How long two processes run at once before they are asked, milliseconds: longer than the first one needs to notice. */
const OVERLAP = 3000;
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

/**
 * The lock is removed again and again while a second process starts. It is refused, or it takes the directory over, and
 * the first one accepts no more events: two that write one journal destroy it.
 */
export const lockRemovedAndTaken: Fault = {
  name: 'lock file removed while a second process starts',
  needs: ['process', 'disk'],
  weight: 1,
  ready: ({ state }) => locksOf(state).length > 0,
  async act(stage) {
    const { tiercel, state, findings } = stage;
    const removing = setInterval(() => {
      for (const lock of locksOf(state)) rmSync(lock, { force: true });
    }, 20);
    let writers = 0;
    const second = await startSecond(stage, async (url) => {
      clearInterval(removing);
      if (url === undefined) return;
      await sleep(OVERLAP);
      const accepted = await Promise.all([accepts(stage, tiercel.url), accepts(stage, url)]);
      writers = accepted.filter(Boolean).length;
    });
    if (!second.ready) checkRefusal(stage, second);
    if (writers > 1) findings.add('two processes write the same directory', second.said);
    if (second.ready) await tiercel.kill();
    if (!tiercel.running()) await restart(stage);
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

interface Second {
  readonly exit: Exit;
  /** It came up. */
  readonly ready: boolean;
  readonly said: string;
}

/**
 * Starts a second process with the same configuration on another port, and waits for its end. One that comes up is
 * killed.
 *
 * @param onDecided it was refused, or it is ready and has this address
 */
async function startSecond(
  { tiercel, clock }: Stage,
  onDecided: (url?: string) => Promise<void> = async () => {},
): Promise<Second> {
  const first = await readFile(join(tiercel.directory, 'tiercel.yaml'), 'utf8');
  const file = join(tiercel.directory, 'second.yaml');
  const url = `127.0.0.1:${await freePort()}`;
  await writeFile(file, first.replace(/listen: "[^"]*"/, `listen: "${url}"`));
  const second = startChild(process.execPath, [MAIN, 'run', '-c', file], {
    cwd: tiercel.directory,
    env: { ...UNSET, ...clock.env, AWS_ACCESS_KEY_ID: 'chaos', AWS_SECRET_ACCESS_KEY: 'chaos' },
  });
  const patience = createPatience(() => second.pid);
  let ready = false;
  while (second.running() && !ready && patience.elapsed() < REFUSAL) {
    await sleep(100);
    const answer = await fetch(`http://${url}/readyz`, { signal: AbortSignal.timeout(1000) }).catch(
      () => undefined,
    );
    ready = answer?.ok ?? false;
  }
  await onDecided(ready ? `http://${url}` : undefined);
  second.send('SIGKILL');
  const exit = await second.exited;
  await rm(file, { force: true });
  return { exit, ready, said: second.output().slice(-1000) };
}

/** Whether a process accepts an event, which then must arrive. */
async function accepts({ oracle }: Stage, url: string): Promise<boolean> {
  const { id, text } = oracle.issue();
  const signal = AbortSignal.timeout(8000);
  const answer = await fetch(url, { method: 'POST', body: text, signal }).catch(() => undefined);
  if (answer?.ok) oracle.acknowledged(id);
  return answer?.ok ?? false;
}

/** A second process must say why it does not start, and end. */
async function refuse(stage: Stage): Promise<void> {
  checkRefusal(stage, await startSecond(stage));
}

function checkRefusal({ findings }: Stage, { exit: { code, signal }, said }: Second): void {
  if (code === 0 || signal !== null)
    findings.add('a second process is not refused', `code ${code}, signal ${signal}: ${said}`);
  else if (!/in use|lock/i.test(said))
    findings.add('a second process does not say why it does not start', said);
}

/** The locks of a state directory: files or sockets. */
function locksOf(state: string): string[] {
  const folders = ['', 'journal', 'dead-letters'];
  return folders
    .map((name) => join(state, name))
    .filter((folder) => existsSync(folder))
    .flatMap((folder) =>
      readdirSync(folder)
        .filter((name) => /^lock(\.[0-9a-f]+\.sock)?$/.test(name))
        .map((name) => join(folder, name)),
    );
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
