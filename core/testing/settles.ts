import assert from 'node:assert/strict';
import { systemClock } from '../sdk/contract/clock.ts';

/** How long a call may take to settle after the abort, milliseconds. */
const GRACE = 1000;
/** How long a stop may take without an abort, milliseconds. */
const STOP = 5000;

/**
 * A signal that never aborts.
 *
 * @example
 * const output = definition.create(options, contextOf());
 * const verdict = await output.deliver(batchOf(['{"rule":"a"}']), neverAborts());
 */
export const neverAborts = (): AbortSignal => new AbortController().signal;

/** Starts a call, aborts it shortly after, and asserts that it settles in time. @returns what it gives */
export async function settlesAfterAbort<T>(
  begin: (signal: AbortSignal) => Promise<T>,
  what: string,
): Promise<T> {
  const abort = new AbortController();
  const work = begin(abort.signal);
  await systemClock.sleep(100);
  abort.abort();
  return inTime(work, GRACE, `${what} goes on after the abort: pass the signal on, or use abortable()`);
}

/** Calls `stop` and asserts that it settles. */
export async function stopInTime(stop: ((signal: AbortSignal) => Promise<void>) | undefined): Promise<void> {
  if (stop === undefined) return;
  const abort = new AbortController();
  const work = stop(abort.signal).finally(() => abort.abort());
  await inTime(work, STOP, 'stop() does not settle');
}

async function inTime<T>(work: Promise<T>, limit: number, late: string): Promise<T> {
  const over = new AbortController();
  const timeout = systemClock.sleep(limit, over.signal).then(() => undefined);
  try {
    const result = await Promise.race([work.then((value) => ({ value })), timeout]);
    assert.ok(result !== undefined, late);
    return result.value;
  } finally {
    over.abort();
    // It may still reject, and the test has ended.
    work.catch(() => {});
  }
}
