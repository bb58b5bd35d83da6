import { type Journal, type JournalEntry, JournalFailedError, JournalFullError } from '../journal/journal.ts';
import type { Clock } from '../sdk/contract/clock.ts';

/** Milliseconds between two tries where the storage failed. */
const FIRST_WAIT = 50;
const LONGEST_WAIT = 1000;

/**
 * Appends again after an append failed.
 *
 * @param error what the first append ended in
 * @param gone aborts when the client disconnects, which ends the wait
 * @param waited milliseconds of `maxWait` that are over already
 * @throws the last error after `maxWait` or when the client disconnects; immediately when waiting cannot help, and as soon as the journal has failed for good
 */
export type AppendLater = (
  entries: readonly JournalEntry[],
  error: unknown,
  gone: () => AbortSignal,
  waited: number,
) => Promise<void>;

/**
 * Makes the wait of `POST /`: Falco takes any answer for a success and never sends again, so a journal that is full or
 * cannot write at the moment is tried again for as long as a sender may wait. Where it is full, the journal says when there
 * is room. Where it failed (no file descriptor, a group that could not be written) all who wait try together, so that
 * their events are one group, at intervals that grow while it goes on.
 */
export function createAppendLater({
  journal,
  clock,
  maxWait,
}: {
  readonly journal: Pick<Journal, 'append' | 'waitForRoom' | 'failed'>;
  readonly clock: Clock;
  readonly maxWait: number;
}): AppendLater {
  let pause = FIRST_WAIT;
  let nextTry: Promise<void> | undefined;
  /** Those who wait; the signal of the journal has one listener for all of them. */
  const waiting = new Set<AbortController>();
  journal.failed.addEventListener('abort', () => {
    for (const done of waiting) done.abort();
  });

  const untilNextTry = (): Promise<void> => {
    nextTry ??= clock.sleep(pause).then(() => {
      nextTry = undefined;
      pause = Math.min(2 * pause, LONGEST_WAIT);
    });
    return nextTry;
  };

  const within = async (
    milliseconds: number,
    client: AbortSignal,
    wait: (signal: AbortSignal) => Promise<void>,
  ): Promise<void> => {
    const done = new AbortController();
    const signal = AbortSignal.any([client, done.signal]);
    waiting.add(done);
    try {
      await Promise.race([wait(signal), clock.sleep(milliseconds, signal)]);
    } finally {
      waiting.delete(done);
      done.abort();
    }
  };

  return async (entries, error, gone, waited) => {
    const deadline = clock.monotonic() + maxWait - waited;
    for (let why = error; ; ) {
      const bytes = why instanceof JournalFullError ? why.bytes : undefined;
      if (bytes === undefined && !(why instanceof JournalFailedError)) throw why;
      const left = deadline - clock.monotonic();
      const client = gone();
      if (left <= 0 || client.aborted || journal.failed.aborted) throw why;
      await within(left, client, (signal) =>
        bytes === undefined ? untilNextTry() : journal.waitForRoom(signal, bytes),
      );
      try {
        await journal.append(entries);
        pause = FIRST_WAIT;
        return;
      } catch (again) {
        why = again;
      }
    }
  };
}
