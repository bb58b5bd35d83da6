import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { stat, unlink } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { codeOf, ensureDirectory, type FileSystem, isDiskFull } from '../files/filesystem.ts';
import { withOwner } from '../files/owner.ts';
import { type Permissions, permissionsFor } from '../files/permissions.ts';
import { reservePath } from '../files/reserve.ts';
import {
  createLease,
  type Holder,
  isAlive,
  type Lease,
  type LockTiming,
  RELEASED,
  readLease,
  releaseLease,
  removeLease,
  touchLease,
  trustOf,
} from './lease.ts';
import { acquireSocketLock, type HeldSocket } from './socket.ts';

/** The right of one process to write in a directory. */
export interface Lock {
  /** The process that held it before did not release it: it crashed, or was killed. */
  readonly isAfterCrash?: boolean;
  /** Aborted when another process has taken the lock over; the reason is a text that names it. */
  readonly lost: AbortSignal;
  /**
   * Confirms that this process still holds the lock. Call it after data is on stable storage and before anything is said
   * about it. Returns undefined where the lease is fresh, which is nearly always.
   *
   * @throws LockLostError (the promise rejects) when another process holds the lock
   */
  confirm(): Promise<void> | undefined;
  release(): Promise<void>;
}

/** The directory is in use by another process. */
export class JournalLockedError extends Error {
  override readonly name = 'JournalLockedError';
}

/** Another process has taken over the lock: this one must not write or acknowledge anything. */
export class LockLostError extends Error {
  override readonly name = 'LockLostError';
}

export interface LockOptions {
  readonly timing?: LockTiming;
  readonly permissions?: Permissions;
}

/** Renewals in a row that may be too slow for the lease to be trusted. */
const MAX_SLOW = 5;

const TIMING: LockTiming = { heartbeat: 1000, staleAfter: 3500 };

/**
 * Takes the single-writer lock of a directory. It has two parts, because no single mechanism works everywhere:
 *
 * - Between processes of one kernel, in whatever containers, a listening Unix socket (`lock.ID.sock`) is the lock. It is
 *   free at once when the holder dies, and held while the holder is paused.
 * - Between kernels (a volume that two nodes mount, an earlier boot), and where there are no sockets, a lease is the
 *   lock: the file `lock` names its holder, who touches it every second. It is stale when nothing has touched it for
 *   {@link LockTiming.staleAfter}. Clocks need not agree.
 *
 * A holder that was paused for longer than the lease may lose it. It finds out before it acknowledges anything: see
 * {@link Lock.confirm}.
 *
 * @throws JournalLockedError that names the holder
 */
export async function acquireLock(
  directory: string,
  { timing = TIMING, permissions = permissionsFor({}) }: LockOptions = {},
): Promise<Lock> {
  const path = join(directory, 'lock');
  const options = { timing, permissions };
  const found = await acquireSocketLock(directory, permissions);
  if (found.state === 'busy') throw locked(directory, (await readLease(path))?.holder);
  const socket = found.state === 'held' ? found : undefined;
  const self: Holder = {
    token: randomUUID(),
    pid: process.pid,
    host: hostname(),
    kernel: kernelId(),
    socket: socket?.id,
  };
  try {
    const { since, isAfterCrash } = await acquireLease(
      directory,
      path,
      self,
      options,
      socket?.dead ?? new Set(),
    );
    await socket?.removeDead();
    return { ...hold(path, self, options, socket, since), isAfterCrash };
  } catch (error) {
    await socket?.release();
    throw error;
  }
}

/**
 * Makes the directory of a journal, when it is not there, and takes its lock.
 *
 * @throws JournalLockedError when another process has it; Error naming the directory, and what it needs, otherwise
 */
export async function lockDirectory(
  directory: string,
  fs: FileSystem,
  acquire: (directory: string) => Promise<Lock>,
): Promise<Lock> {
  try {
    await ensureDirectory(fs, directory);
    return await acquire(directory);
  } catch (error) {
    if (error instanceof JournalLockedError) throw error;
    const explained = (await withOwner(error)) as Error;
    const need =
      explained === error ? '; it needs a directory in which this process may write (journal.path)' : '';
    throw new Error(`the journal cannot be kept in ${directory}: ${explained.message}${need}`, {
      cause: error,
    });
  }
}

/** A moment by both clocks: a pause of the process shows in the monotonic one, one of the whole machine in the wall clock. */
interface Moment {
  readonly monotonic: number;
  readonly wall: number;
}

const now = (): Moment => ({ monotonic: performance.now(), wall: Date.now() });

/** @returns a moment at which the lease was this process's, and whether it replaced one that was not released */
async function acquireLease(
  directory: string,
  path: string,
  self: Holder,
  { timing, permissions }: Required<LockOptions>,
  deadSockets: ReadonlySet<string | number>,
): Promise<{ readonly since: Moment; readonly isAfterCrash: boolean }> {
  let isAfterCrash = false;
  // Until then no other process can have claimed the lock. A journal that was used has a lease, or the mark that its
  // holder released it: where both are missing, they were removed by hand.
  let freeUntil = (await isMissing(join(directory, 'epoch'))) ? Number.POSITIVE_INFINITY : 0;
  for (let attempt = 0; attempt < 5; attempt++) {
    let before = now();
    const isWritten = await createLease(path, self, permissions).catch(async (error) => {
      // A full disk must not stop the process that could empty it: the reserve is for that.
      if (!isDiskFull(error)) throw error;
      await unlink(reservePath(directory)).catch(() => {});
      before = now();
      return createLease(path, self, permissions);
    });
    if (isWritten) {
      if (performance.now() < freeUntil) return { since: before, isAfterCrash };
      // An earlier holder may live. It finds this lease when it looks next.
      await sleep(trustOf(timing));
      before = now();
      const lease = await touchLease(path, self.token);
      if (lease?.holder?.token === self.token) return { since: before, isAfterCrash };
      throw locked(directory, lease?.holder);
    }
    freeUntil = 0;
    const found = await readLease(path);
    if (found === undefined) continue;
    const { holder } = found;
    // Its socket is there, and it does not listen. Where the socket was removed or replaced, it may live: the lease tells.
    const isOfThisKernel = self.kernel !== undefined && holder?.kernel === self.kernel;
    const isDead = isOfThisKernel && deadSockets.has(holder?.socket ?? '');
    const isFree = isDead || found.text === RELEASED;
    if (!isFree && (await isAlive(path, found, timing))) throw locked(directory, holder);
    const began = performance.now();
    // Whoever writes a lease while there is none waits before it claims the lock.
    if (!(await removeLease(path, found, self.token))) continue;
    isAfterCrash = found.text !== RELEASED;
    if (isFree) freeUntil = began + trustOf(timing);
  }
  throw new JournalLockedError(`${directory}: other processes take the lock repeatedly`);
}

function hold(
  path: string,
  self: Holder,
  { timing, permissions }: Required<LockOptions>,
  socket: HeldSocket | undefined,
  since: Moment,
): Lock {
  const lost = new AbortController();
  /** The latest moment at which the lease was this process's for certain. */
  let renewed = since;
  let released = false;
  let renewing: Promise<void> | undefined;
  let checking: Promise<void> | undefined;

  function fail(holder: Holder | undefined): LockLostError {
    const who =
      holder === undefined
        ? 'another process'
        : `process ${holder.pid} on ${holder.host} (this is process ${self.pid} on ${self.host})`;
    const error = new LockLostError(`${who} has taken over the lock ${path}`);
    clearInterval(timer);
    if (!lost.signal.aborted) lost.abort(error);
    return error;
  }

  /** @throws LockLostError when the lease names another holder */
  async function assertOwner(
    look: (path: string, token: string) => Promise<Lease | undefined>,
  ): Promise<void> {
    if (released) throw new Error(`the lock ${path} was released`);
    const lease = await look(path, self.token);
    if (lease?.holder?.token === self.token) return;
    if (lease !== undefined) throw fail(lease.holder);
    // Removed, by a cleaner for example: it is written again, unless another process was faster.
    const isWritten = await createLease(path, self, permissions);
    if (isWritten && isFresh()) return;
    // Another process may have found it gone before, and claimed the lock.
    if (isWritten) await sleep(trustOf(timing));
    await assertOwner(readLease);
  }

  /**
   * Touches the lease. It is read again afterwards: a process that found it stale and removed it before the touch has
   * its own lease there now, and one that comes later sees the touch and gives it back.
   */
  async function renew(): Promise<void> {
    await assertOwner(touchLease);
    const before = now();
    await assertOwner(readLease);
    renewed = before;
    await socket?.restore().catch(() => {});
  }

  /** One at a time. */
  function renewInTurn(): Promise<void> {
    renewing ??= renew().finally(() => {
      renewing = undefined;
    });
    return renewing;
  }

  /**
   * Renews the lease until it is fresh: this process may be paused while it does so. A lease that cannot be read (out of
   * file descriptors, for example) is tried again until it would be stale.
   */
  async function renewOrWait(): Promise<void> {
    const began = performance.now();
    for (let renewals = 0; !isFresh(); ) {
      if (renewals++ === MAX_SLOW) throw new Error(`the lease ${path} is read too slowly to be trusted`);
      try {
        await renewInTurn();
      } catch (error) {
        const isFinal = error instanceof LockLostError || released;
        if (isFinal || performance.now() - began > timing.staleAfter) throw error;
        renewals = 0;
        await sleep(timing.heartbeat / 10);
      }
    }
  }

  function isFresh(): boolean {
    const monotonic = performance.now() - renewed.monotonic;
    const wall = Math.abs(Date.now() - renewed.wall);
    return Math.max(monotonic, wall) < trustOf(timing);
  }

  const timer = setInterval(() => {
    // A lease that cannot be read or touched now is not lost: the next heartbeat, or the next confirm, tries again.
    renewInTurn().catch(() => {});
  }, timing.heartbeat);
  timer.unref();

  return {
    lost: lost.signal,
    confirm() {
      if (lost.signal.aborted) return Promise.reject(lost.signal.reason);
      if (released) return Promise.reject(new Error(`the lock ${path} was released`));
      if (isFresh()) return undefined;
      checking ??= renewOrWait().finally(() => {
        checking = undefined;
      });
      return checking;
    },
    async release() {
      released = true;
      clearInterval(timer);
      // They would take the mark of the release for the lease of another process.
      await Promise.allSettled([renewing, checking]);
      await releaseLease(path, self.token).catch(() => {});
      await socket?.release();
    },
  };
}

function locked(directory: string, holder: Holder | undefined): JournalLockedError {
  const who = holder === undefined ? 'another process' : `process ${holder.pid} on ${holder.host}`;
  return new JournalLockedError(
    `${directory} is in use by ${who}. Only one process may write a journal: stop the other one, or set journal.path to another directory.`,
  );
}

function isMissing(path: string): Promise<boolean> {
  return stat(path).then(
    () => false,
    (error) => codeOf(error) === 'ENOENT',
  );
}

/** This boot of this kernel; undefined where the system does not say: names of hosts repeat, and name no kernel. */
function kernelId(): string | undefined {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim() || undefined;
  } catch {
    return undefined;
  }
}
