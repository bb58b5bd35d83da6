// Runs a command in a temporary folder of its own, and leaves nothing of either, however the command ends.
import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';

const PREFIX = 'tiercel-chaos-';
/** Names the folder to the command and to everything that it starts: by this variable they are found. */
const VARIABLE = 'CHAOS_FOLDER';
/** How long the command has to end after a signal, milliseconds. */
const GRACE = 10_000;
const SIGNALS = /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP']);

/**
 * Runs it with CHAOS_FOLDER and TMPDIR set. When it has ended, every process that was started with this folder is
 * killed, its mounts are removed, and the folder is deleted. Folders of guards that were killed themselves are deleted first.
 *
 * @param {string} command
 * @param {readonly string[]} args
 * @param {NodeJS.ProcessEnv} env
 * @returns {Promise<number>} the exit code; 128 and the signal's number when a signal ended it
 */
export async function runGuarded(command, args, env) {
  for (const name of readdirSync(tmpdir())) {
    if (name.startsWith(PREFIX) && isAbandoned(join(tmpdir(), name))) clean(join(tmpdir(), name));
  }
  const folder = mkdtempSync(join(tmpdir(), PREFIX));
  process.on('exit', () => clean(folder));
  writeFileSync(join(folder, 'owner'), `${process.pid} ${startOf(process.pid)}`);
  const temporary = join(folder, 'tmp');
  mkdirSync(temporary);
  const child = spawn(command, args, {
    stdio: 'inherit',
    env: { ...env, [VARIABLE]: folder, TMPDIR: temporary },
  });
  for (const signal of SIGNALS) {
    process.on(signal, () => {
      child.kill(signal);
      setTimeout(() => child.kill('SIGKILL'), GRACE).unref();
    });
  }
  return new Promise((resolve) => {
    child.once('error', () => resolve(127));
    child.once('exit', (code, signal) => resolve(code ?? 128 + (signal ? constants.signals[signal] : 0)));
  });
}

/** @param {string} folder */
function clean(folder) {
  killAll(folder);
  // The innermost mount first.
  for (const mount of mountsUnder(folder).reverse()) spawnSync('umount', ['-l', mount]);
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
}

/**
 * Kills every process that was started with this folder in its environment, frozen ones too. Only where there is /proc.
 *
 * @param {string} folder
 */
function killAll(folder) {
  for (const name of entries('/proc')) {
    const pid = Number(name);
    if (!Number.isInteger(pid) || pid === process.pid) continue;
    if (!read(`/proc/${pid}/environ`).split('\0').includes(`${VARIABLE}=${folder}`)) continue;
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It has just ended.
    }
  }
}

/** @param {string} folder */
function mountsUnder(folder) {
  const mounts = read('/proc/self/mounts')
    .split('\n')
    .map((line) => line.split(' ')[1] ?? '');
  return mounts.filter((mount) => mount.startsWith(`${folder}/`));
}

/** Whether the guard of a folder does not run any more. @param {string} folder */
function isAbandoned(folder) {
  const [pid, started] = read(join(folder, 'owner')).split(' ');
  // Without an owner it is not a guard's, and without /proc nothing can be said.
  return !!pid && !!started && startOf(Number(pid)) !== started;
}

/** When a process started; `''` when it does not run. @param {number} pid */
function startOf(pid) {
  const text = read(`/proc/${pid}/stat`);
  // The second field is the name and may hold anything; the third follows its last parenthesis.
  return text.slice(text.lastIndexOf(')') + 2).split(' ')[19] ?? '';
}

/** @param {string} path */
function read(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

/** @param {string} path */
function entries(path) {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}
