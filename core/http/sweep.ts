import { type Clock, systemClock } from '../sdk/contract/clock.ts';

/** The clock of a sweep. */
export type SweepClock = Pick<Clock, 'monotonic' | 'sleep'>;

/** The system clock, with a sleep that does not keep the process running. */
export const idleClock: SweepClock = {
  monotonic: systemClock.monotonic,
  sleep: (milliseconds, signal) =>
    new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', done);
        resolve();
      };
      const timer = setTimeout(done, Math.min(milliseconds, 2 ** 31 - 1)).unref();
      signal?.addEventListener('abort', done, { once: true });
      if (signal?.aborted) done();
    }),
};

/**
 * One timer that checks many things: calls `look` at regular intervals, from `start` on, until it returns false.
 *
 * @param look returns true while there is something left to check
 * @returns start; it does nothing while the sweep runs
 */
export function createSweep(clock: SweepClock, every: number, look: () => boolean): () => void {
  let running = false;
  const run = async () => {
    do await clock.sleep(every);
    while (look());
    running = false;
  };
  return () => {
    if (running) return;
    running = true;
    void run();
  };
}
