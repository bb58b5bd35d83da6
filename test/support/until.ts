import { setTimeout as sleep } from 'node:timers/promises';

/** How long to wait, in milliseconds, and how often to look. */
export interface UntilOptions {
  readonly timeout?: number;
  readonly interval?: number;
}

type Falsy = false | null | undefined | 0 | '';

/**
 * Waits until `check` gives something truthy and returns it. A throw counts as "not yet": the last one is
 * named when the time is up.
 *
 * @param what completes the sentence "waited N ms for …"
 */
export async function until<T>(
  what: string,
  check: () => T | Promise<T>,
  { timeout = 30_000, interval = 50 }: UntilOptions = {},
): Promise<Exclude<T, Falsy>> {
  const deadline = performance.now() + timeout;
  let last = 'it never came true';
  for (;;) {
    try {
      const value = await check();
      if (value) return value as Exclude<T, Falsy>;
    } catch (error) {
      last = error instanceof Error ? error.message : String(error);
    }
    if (performance.now() >= deadline) throw new Error(`waited ${timeout} ms for ${what}: ${last}`);
    await sleep(interval);
  }
}
