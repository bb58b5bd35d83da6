import { randomUUID } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';
import { open, readFile, rename, stat, unlink, utimes } from 'node:fs/promises';
import { hostname } from 'node:os';
import { dirname, join } from 'node:path';
import { type Permissions, permissionsFor } from './permissions.ts';

/** The right to write in a directory. */
export interface Lock {
  /** Calls back when somebody else has taken the lock over: this process must not write any more. */
  onLost(call: (reason: string) => void): void;
  release(): Promise<void>;
}

/** The directory is in use by another process. */
export class JournalLockedError extends Error {
  override readonly name = 'JournalLockedError';
}

interface Holder {
  readonly token: string;
  readonly pid: number;
  readonly host: string;
  /** This boot of this kernel; `''` where the system does not tell. */
  readonly boot: string;
  /** Which numbering of processes `pid` belongs to; `''` where the system does not tell. */
  readonly namespace: string;
  /** When the process started, in the system's own unit: tells a pid from a later one of the same number. */
  readonly started: string;
}

/** The holder touches its lock this often. */
const BEAT = 1000;
/** A lock whose holder cannot be looked up is stale when it was not touched for this long. */
const PATIENCE = 3500;

/**
 * Takes the single-writer lock of a directory. node:fs has no `flock`, so the lock is a file that says who holds it:
 *
 * - A holder in the same pid namespace of the same boot is looked up: it lives if its pid does and started when the
 *   file says. After a kill, the lock is free at once, also when the pid has been given to another process.
 * - Any other (another container or another machine on the same volume, an earlier boot, a system without /proc) is
 *   watched for {@link PATIENCE}: a live one touches the file every second. Clocks need not agree.
 *
 * A holder that was stopped for longer than that may lose the lock; it notices at its next beat and is told.
 *
 * @throws JournalLockedError naming the holder.
 */
export async function acquireLock(
  directory: string,
  permissions: Permissions = permissionsFor({}),
): Promise<Lock> {
  const path = join(directory, 'lock');
  const self: Holder = { token: randomUUID(), ...identify() };
  for (let attempt = 0; attempt < 5; attempt++) {
    if (await create(path, self, permissions)) return hold(path, self, permissions);
    const found = await readHolder(path);
    if (found === undefined) continue;
    if (await isAlive(path, found)) throw new JournalLockedError(describe(directory, found.holder));
    await takeAway(path, found.text, self.token);
  }
  throw new JournalLockedError(`${directory}: other processes take the lock again and again`);
}

async function create(path: string, holder: Holder, { file: mode, isShared }: Permissions): Promise<boolean> {
  const text = `${JSON.stringify(holder)}\n`;
  try {
    const file = await open(path, 'wx', mode);
    try {
      if (isShared) await file.chmod(mode).catch(() => {});
      await file.writeFile(text);
    } catch {
      // A full disk must not keep the process that could empty it from starting: the reserve is for that.
      await unlink(join(dirname(path), 'reserve')).catch(() => {});
      await file.truncate(0);
      await file.write(text, 0);
    } finally {
      await file.close();
    }
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

interface Found {
  readonly text: string;
  /** Undefined while the holder is writing it, or when it died then. */
  readonly holder: Holder | undefined;
}

/** Undefined when there is no lock. @throws the system's error when nobody can say: no file descriptors left, say */
async function readHolder(path: string): Promise<Found | undefined> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (text === undefined) return undefined;
  try {
    return { text, holder: JSON.parse(text) as Holder };
  } catch {
    return { text, holder: undefined };
  }
}

async function isAlive(path: string, { text, holder }: Found): Promise<boolean> {
  const self = identify();
  if (holder !== undefined && self.boot !== '' && holder.boot === self.boot && holder.started !== '') {
    if (holder.namespace === self.namespace) return startOf(holder.pid) === holder.started;
  }
  // Where there is no /proc, a pid that is gone is gone; one that is there may be another's.
  if (holder !== undefined && self.boot === '' && holder.host === self.host && !exists(holder.pid))
    return false;
  const before = await beatOf(path);
  for (let waited = 0; waited < PATIENCE; waited += BEAT / 4) {
    await new Promise((resolve) => setTimeout(resolve, BEAT / 4));
    const now = await beatOf(path);
    if (now === undefined) return false;
    if (now !== before || (await readHolder(path))?.text !== text) return true;
  }
  return false;
}

async function beatOf(path: string): Promise<number | undefined> {
  return stat(path).then(
    ({ mtimeMs }) => mtimeMs,
    () => undefined,
  );
}

/** Removes a stale lock, and nothing but that one: two that want it may have found it stale at once. */
async function takeAway(path: string, stale: string, token: string): Promise<void> {
  const aside = `${path}.${token}`;
  try {
    await rename(path, aside);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw error;
  }
  if ((await readFile(aside, 'utf8')) === stale) await unlink(aside);
  // It was somebody's fresh lock: give it back. Should a third have come in between, the owner notices at its beat.
  else await rename(aside, path);
}

function hold(path: string, self: Holder, permissions: Permissions): Lock {
  let lost: ((reason: string) => void) | undefined;
  let released = false;

  const timer = setInterval(async () => {
    const found = await readHolder(path).catch(() => 'unknown' as const);
    // What cannot be looked up now is looked up at the next beat: it is not lost.
    if (released || found === 'unknown') return;
    if (found?.holder?.token === self.token) {
      const now = new Date();
      await utimes(path, now, now).catch(() => {});
      return;
    }
    if (found === undefined && (await create(path, self, permissions).catch(() => true))) return;
    clearInterval(timer);
    lost?.(
      found?.holder === undefined
        ? 'the lock file was removed'
        : `process ${found.holder.pid} on ${found.holder.host} took the lock over`,
    );
  }, BEAT);
  timer.unref();

  return {
    onLost(call) {
      lost = call;
    },
    async release() {
      released = true;
      clearInterval(timer);
      const found = await readHolder(path).catch(() => undefined);
      if (found?.holder?.token === self.token) await unlink(path).catch(() => {});
    },
  };
}

function describe(directory: string, holder: Holder | undefined): string {
  const who = holder === undefined ? 'another process' : `process ${holder.pid} on ${holder.host}`;
  return (
    `${directory} is in use by ${who}. One process writes a journal: stop that one, or give this one ` +
    'a directory of its own (journal.path).'
  );
}

function identify(): Omit<Holder, 'token'> {
  return {
    pid: process.pid,
    host: hostname(),
    boot: attempt(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()),
    namespace: attempt(() => readlinkSync('/proc/self/ns/pid')),
    started: startOf(process.pid),
  };
}

/** When a process started, in clock ticks since boot (proc(5), field 22 of /proc/pid/stat); `''` when it is not there. */
function startOf(pid: number): string {
  return attempt(() => {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The second field is the program's name and may hold anything; the third follows its last parenthesis.
    const [state, ...fields] = text.slice(text.lastIndexOf(')') + 2).split(' ');
    return state === 'Z' || state === 'X' ? '' : fields[18]!;
  });
}

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function attempt(read: () => string): string {
  try {
    return read();
  } catch {
    return '';
  }
}
