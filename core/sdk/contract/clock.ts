/** Time as the framework sees it; tests bring their own and never sleep. */
export interface Clock {
  /** Epoch milliseconds: for what is written down. */
  now(): number;
  /** Milliseconds that never jump or run backwards: for measuring and waiting. */
  monotonic(): number;
  /** Resolves after the time or when the signal aborts, whichever is first; never rejects. */
  sleep(milliseconds: number, signal?: AbortSignal): Promise<void>;
}

/** The clock of the machine. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  sleep: (milliseconds, signal) =>
    new Promise((resolve) => {
      if (signal?.aborted) return resolve();
      const done = () => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', done);
        resolve();
      };
      // setTimeout fires at once beyond 2^31-1 ms; a sleeper woken early looks at the clock and sleeps again.
      const timer = setTimeout(done, Math.min(milliseconds, 2 ** 31 - 1));
      signal?.addEventListener('abort', done, { once: true });
    }),
};
