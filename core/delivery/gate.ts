import type { Clock } from '../sdk/contract/clock.ts';
import type { Deliver } from './batch-slice.ts';
import { pause, unlessStopping } from './stopping.ts';

/** The longest a destination may silence an output with one answer, milliseconds. */
const LONGEST = 3_600_000;

/**
 * Retry-After for the whole output: one answer that asks to be left alone quiets all batches, not only the one that
 * got it. At most an hour at a time.
 */
export function withGate(deliver: Deliver, clock: Clock, stopping: AbortSignal): Deliver {
  let closedUntil = 0;
  return async (part, signal) => {
    unlessStopping(stopping);
    for (let wait = closedUntil - clock.monotonic(); wait > 0; wait = closedUntil - clock.monotonic()) {
      await pause(clock, wait, stopping);
    }
    const result = await deliver(part, signal);
    if (result.status === 'retry' && result.after !== undefined && result.after > 0) {
      closedUntil = Math.max(closedUntil, clock.monotonic() + Math.min(result.after, LONGEST));
    }
    return result;
  };
}
