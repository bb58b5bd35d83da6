import { setTimeout as sleep } from 'node:timers/promises';
import { createPatience, type Patience } from './patience.ts';

/** How long to wait, in milliseconds, and how often to look. */
export interface UntilOptions {
  readonly timeout?: number;
  readonly interval?: number;
  /** A number that grows as long as things get on: `timeout` then is how long it may stand still. */
  readonly progress?: () => number;
  /** How time is counted; by what these tests had of it when left out. */
  readonly patience?: Patience;
  /** What to add to the complaint when the time is up. */
  readonly diagnose?: () => Promise<string>;
}

type Falsy = false | null | undefined | 0 | '';

/**
 * Waits until `check` gives something truthy and returns it. A throw counts as "not yet": the last one is
 * named when the time is up. So does a check that gives no answer.
 *
 * @param what completes the sentence "waited N ms for …"
 */
export async function until<T>(
  what: string,
  check: () => T | Promise<T>,
  { timeout = 30_000, interval = 50, progress, patience = createPatience(), diagnose }: UntilOptions = {},
): Promise<Exclude<T, Falsy>> {
  let last = 'it never came true';
  let furthest = progress?.();
  for (;;) {
    try {
      const value = await withinReason(check, timeout);
      if (value) return value as Exclude<T, Falsy>;
    } catch (error) {
      last = error instanceof Error ? error.message : String(error);
    }
    const now = progress?.();
    if (now !== undefined && now > furthest!) {
      furthest = now;
      patience.renew();
    }
    if (patience.elapsed() >= timeout) break;
    await sleep(interval);
  }
  const stood = progress === undefined ? '' : `; nothing got on, the last was ${furthest}`;
  const sentence = `waited ${timeout} ms (${patience.describe()}) for ${what}: ${last}${stood}`;
  throw new Error(diagnose === undefined ? sentence : `${sentence}\n${await diagnose()}`);
}

async function withinReason<T>(check: () => T | Promise<T>, timeout: number): Promise<T> {
  const over = new AbortController();
  const late = sleep(timeout, undefined, { signal: over.signal }).then(() => {
    throw new Error('what was asked gave no answer');
  });
  // It is told of its end only when it comes.
  late.catch(() => {});
  try {
    return await Promise.race([check(), late]);
  } finally {
    over.abort();
  }
}
