import { type Clock, systemClock } from '../sdk/contract/clock.ts';

/** What a sweep needs of time; the default keeps no process alive. */
export type SweepClock = Pick<Clock, 'monotonic' | 'sleep'>;

/** The machine's clock, with a sleep that does not hold the process when everything else has ended. */
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
 * One timer for many things to watch: looks at regular intervals, from the first {@link createSweep start} on, for as
 * long as `look` finds something to watch.
 *
 * @param look true while there is something left
 * @returns start, which does nothing while the sweep runs
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
