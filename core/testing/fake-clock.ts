import type { Clock } from '../sdk/contract/clock.ts';

/** A clock that stands still until a test moves it, so that no test waits. */
export interface FakeClock extends Clock {
  /**
   * Lets the time pass: every sleeper whose time comes wakes at its own time, in order, and what it does next is run
   * before the next one wakes.
   */
  advance(milliseconds: number): Promise<void>;
  /**
   * Lets time pass from sleeper to sleeper until the condition holds.
   * @throws Error when it does not hold after `limit` milliseconds, or nobody sleeps any more.
   */
  advanceUntil(condition: () => boolean, limit?: number): Promise<void>;
  /** Runs everything that waits for nothing but promises. */
  settle(): Promise<void>;
  /** Sets the wall clock forward or back, as an operator or NTP does; sleepers do not notice. */
  jump(milliseconds: number): void;
  /** How many are asleep. */
  sleepers(): number;
}

interface Sleeper {
  readonly at: number;
  wake(): void;
}

/**
 * Makes a clock that stands still until `advance` is called.
 *
 * @param start epoch milliseconds
 * @example
 * import assert from 'node:assert/strict';
 *
 * const clock = createFakeClock();
 * await withOutput(definition, { options, context: { clock } }, async ({ deliver }) => {
 *   const delivery = deliver([eventOf()]);
 *   await clock.advance(30_000);
 *   assert.equal((await delivery).status, 'retry');
 * });
 */
export function createFakeClock(start = Date.UTC(2026, 0, 15, 12)): FakeClock {
  let elapsed = 0;
  let wall = start;
  const sleepers = new Set<Sleeper>();

  // Immediates run when no promise is left to resolve.
  const settle = () => new Promise<void>((resolve) => setImmediate(resolve));

  function earliest(until: number): Sleeper | undefined {
    let first: Sleeper | undefined;
    for (const sleeper of sleepers) {
      if (sleeper.at <= until && (first === undefined || sleeper.at < first.at)) first = sleeper;
    }
    return first;
  }

  /** Moves to the next sleeper, if there is one in time. */
  async function step(until: number): Promise<boolean> {
    const sleeper = earliest(until);
    if (sleeper === undefined) return false;
    elapsed = Math.max(elapsed, sleeper.at);
    sleeper.wake();
    await settle();
    return true;
  }

  return {
    now: () => wall + elapsed,
    monotonic: () => elapsed,
    sleep: (milliseconds, signal) =>
      new Promise((resolve) => {
        if (signal?.aborted) return resolve();
        const wake = () => {
          sleepers.delete(sleeper);
          signal?.removeEventListener('abort', wake);
          resolve();
        };
        const sleeper = { at: elapsed + milliseconds, wake };
        sleepers.add(sleeper);
        signal?.addEventListener('abort', wake, { once: true });
      }),
    async advance(milliseconds) {
      const until = elapsed + milliseconds;
      await settle();
      while (await step(until)) {}
      elapsed = until;
      await settle();
    },
    async advanceUntil(condition, limit = 3_600_000) {
      const until = elapsed + limit;
      await settle();
      while (!condition()) {
        if (!(await step(until))) throw new Error(`still not so after ${limit} ms of fake time`);
      }
    },
    settle,
    jump: (milliseconds) => {
      wall += milliseconds;
    },
    sleepers: () => sleepers.size,
  };
}
