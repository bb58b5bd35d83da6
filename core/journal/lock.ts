import { randomUUID } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { utimes, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import {
  createLease,
  type Holder,
  isAlive,
  type LockTiming,
  RELEASED,
  readLease,
  removeStaleLease,
} from './lease.ts';
import { acquireSocketLock, type HeldSocket } from './lock-socket.ts';
import { type Permissions, permissionsFor } from './permissions.ts';

/** The right of one process to write in a directory. */
export interface Lock {
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

const TIMING: LockTiming = { heartbeat: 1000, staleAfter: 3500 };

/**
 * Takes the single-writer lock of a directory. It has two parts, because no single mechanism works everywhere:
 *
 * - Between processes of one kernel, in whatever containers, a listening Unix socket (`lock.N.sock`) is the lock. It is
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
    socket: socket?.number,
  };
  try {
    await acquireLease(directory, path, self, options, socket?.dead ?? new Set());
    return hold(path, self, options, socket);
  } catch (error) {
    await socket?.release();
    throw error;
  }
}

async function acquireLease(
  directory: string,
  path: string,
  self: Holder,
  { timing, permissions }: Required<LockOptions>,
  deadSockets: ReadonlySet<number>,
): Promise<void> {
  // A journal that was used has a lease, or the note that its holder released it.
  let isMissing = existsSync(join(directory, 'epoch'));
  for (let attempt = 0; attempt < 5; attempt++) {
    if (await createLease(path, self, permissions)) {
      if (!isMissing) return;
      // It was removed by hand. Its holder may live, and finds this lease at its next heartbeat.
      await new Promise((resolve) => setTimeout(resolve, timing.staleAfter));
      const now = new Date();
      await utimes(path, now, now).catch(() => {});
      const lease = await readLease(path);
      if (lease?.holder?.token === self.token) return;
      throw locked(directory, lease?.holder);
    }
    const found = await readLease(path);
    if (found === undefined) continue;
    const { holder } = found;
    // Its socket is there, and it does not listen. Where the socket was removed, it may live: the lease tells.
    const isOfThisKernel = self.kernel !== undefined && holder?.kernel === self.kernel;
    const isDead = isOfThisKernel && deadSockets.has(holder?.socket ?? 0);
    const isReleased = found.text === RELEASED;
    if (!isReleased && !isDead && (await isAlive(path, found, timing))) throw locked(directory, holder);
    await removeStaleLease(path, found, self.token);
    isMissing = false;
  }
  throw new JournalLockedError(`${directory}: other processes take the lock repeatedly`);
}

function hold(
  path: string,
  self: Holder,
  { timing, permissions }: Required<LockOptions>,
  socket: HeldSocket | undefined,
): Lock {
  const lost = new AbortController();
  let renewed = { monotonic: performance.now(), wall: Date.now() };
  let released = false;
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
  async function assertOwner(): Promise<void> {
    const lease = await readLease(path);
    if (lease?.holder?.token === self.token) return;
    // Removed, by a cleaner for example: it is written again, unless another process was faster.
    if (lease === undefined && (await createLease(path, self, permissions))) return;
    throw fail((lease ?? (await readLease(path)))?.holder);
  }

  /**
   * Touches the lease. It is read again afterwards: a process that found it stale and removed it before the touch has
   * its own lease there now, and one that comes later sees the touch and gives it back.
   */
  async function renew(): Promise<void> {
    const before = { monotonic: performance.now(), wall: Date.now() };
    await assertOwner();
    const now = new Date();
    await utimes(path, now, now);
    await assertOwner();
    renewed = before;
    if (!released) await socket?.restore().catch(() => {});
  }

  /** Retries a lease that cannot be read (out of file descriptors, for example) until it would be stale. */
  async function renewOrWait(): Promise<void> {
    const began = performance.now();
    for (;;) {
      try {
        return await renew();
      } catch (error) {
        if (error instanceof LockLostError || performance.now() - began > timing.staleAfter) throw error;
        await new Promise((resolve) => setTimeout(resolve, timing.heartbeat / 10));
      }
    }
  }

  /** A pause of the process shows in the monotonic clock, one of the whole machine in the wall clock. */
  function isFresh(): boolean {
    const monotonic = performance.now() - renewed.monotonic;
    const wall = Math.abs(Date.now() - renewed.wall);
    return Math.max(monotonic, wall) < timing.staleAfter / 2;
  }

  const timer = setInterval(() => {
    // A lease that cannot be read or touched now is not lost: the next heartbeat, or the next confirm, tries again.
    if (!released) renew().catch(() => {});
  }, timing.heartbeat);
  timer.unref();

  return {
    lost: lost.signal,
    confirm() {
      if (lost.signal.aborted) return Promise.reject(lost.signal.reason);
      if (isFresh()) return undefined;
      checking ??= renewOrWait().finally(() => {
        checking = undefined;
      });
      return checking;
    },
    async release() {
      released = true;
      clearInterval(timer);
      const lease = await readLease(path).catch(() => undefined);
      if (lease?.holder?.token === self.token) await writeFile(path, RELEASED).catch(() => {});
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

/** This boot of this kernel; undefined where the system does not say: names of hosts repeat, and name no kernel. */
function kernelId(): string | undefined {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim() || undefined;
  } catch {
    return undefined;
  }
}
