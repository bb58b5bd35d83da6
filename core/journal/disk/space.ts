import type { Clock } from '../../sdk/contract/clock.ts';
import type { Logger } from '../../sdk/contract/logger.ts';
import type { Reserve } from '../files/reserve.ts';
import { JournalFullError, smallAppend } from '../journal.ts';
import { createWaiters } from '../waiters.ts';

/** Whether there is room for more: in the budget and on the disk. */
export interface Space {
  /** Admits an append that is about to be written: its room is in use from now on. @throws JournalFullError @throws RangeError */
  admit(bytes: number): void;
  /** The append is written, or it failed. */
  finish(bytes: number): void;
  /** Sets the bytes of all segments. */
  setUsed(bytes: number): void;
  used(): number;
  /** Why there is no room for a small append; undefined when there is. */
  shortage(): string | undefined;
  /** Segments were unlinked: waiting appends may try again. */
  freed(): Promise<void>;
  /** The disk is full: nothing is admitted until the reserve stands again. */
  diskFull(error: unknown): void;
  isDiskFull(): boolean;
  /** Gives up the reserve, for what must be written on a full disk; false when there is none. */
  release(): Promise<boolean>;
  /** Resolves when there is room for that many bytes and for a small append, or the signal aborts, or the journal is closed. */
  wait(signal: AbortSignal, bytes?: number): Promise<void>;
  close(): Promise<void>;
}

/** How often a full disk is tried again, in milliseconds. */
const PROBE = 1000;

export function createSpace(options: {
  readonly maxBytes: number;
  readonly reserve: Reserve;
  /** Frees what can be freed on a full disk. Never rejects. */
  readonly makeRoom: () => Promise<void>;
  readonly clock: Clock;
  readonly log: Logger;
}): Space {
  const { maxBytes, reserve, makeRoom, clock, log } = options;
  const small = smallAppend(maxBytes);
  const waiters = createWaiters();
  const stop = new AbortController();
  let used = 0;
  let queued = 0;
  let full = false;
  let probing: Promise<void> | undefined;

  function shortage(bytes = small): string | undefined {
    if (full) return 'the disk is full';
    return used + queued + bytes > maxBytes ? `the journal holds ${used} of ${maxBytes} bytes` : undefined;
  }

  async function probe(): Promise<void> {
    while (full && !stop.signal.aborted) {
      await clock.sleep(PROBE, stop.signal);
      if (!stop.signal.aborted) await tryDisk();
    }
  }

  async function tryDisk(): Promise<void> {
    if (!full) return;
    await makeRoom();
    if (!(await reserve.establish()) || !full) return;
    full = false;
    log.info('there is room on the disk again');
    waiters.wake();
  }

  function diskFull(error: unknown): void {
    if (!full) log.warn({ error }, 'the disk is full: events are refused until there is room again');
    full = true;
    probing ??= probe().finally(() => {
      probing = undefined;
    });
  }

  return {
    admit(bytes) {
      if (bytes > maxBytes / 2) {
        throw new RangeError(`${bytes} bytes are more than a journal of ${maxBytes} bytes takes at once`);
      }
      const why = shortage(bytes);
      if (why !== undefined) throw new JournalFullError(why, { bytes });
      queued += bytes;
    },
    finish(bytes) {
      queued -= bytes;
      // A failed append leaves its room to others.
      waiters.wake();
    },
    setUsed(bytes) {
      used = bytes;
    },
    used: () => used,
    shortage: () => shortage(),
    async freed() {
      await tryDisk();
      waiters.wake();
    },
    diskFull,
    isDiskFull: () => full,
    release() {
      diskFull('a cursor or a manifest needs the reserve');
      return reserve.release();
    },
    async wait(signal, bytes = 0) {
      const needed = Math.max(bytes, small);
      while (shortage(needed) !== undefined && !signal.aborted && !stop.signal.aborted)
        await waiters.wait(signal);
    },
    async close() {
      stop.abort();
      await probing;
      waiters.wake();
    },
  };
}
