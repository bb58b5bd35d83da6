import type { Clock } from '../sdk/contract/clock.ts';
import { type Delivery, retry } from '../sdk/contract/verdicts.ts';
import { aborted, OVER } from './abort.ts';
import type { Deliver } from './batch-slice.ts';
import { StoppingError } from './stopping.ts';

/** How long an output may take to settle once its signal was aborted, milliseconds. */
export const GRACE = 1000;

/**
 * Aborts an attempt after the time, and when the output's stop runs out of patience. An output that does not settle
 * within {@link GRACE} of the abort counts as failed all the same; what it says later is ignored.
 */
export function withTimeout(deliver: Deliver, milliseconds: number, clock: Clock): Deliver {
  return async (part, signal) => {
    if (signal.aborted) throw new StoppingError('the output is being stopped');
    const attempt = new AbortController();
    const over = new AbortController();
    const stop = () => attempt.abort(signal.reason);
    signal.addEventListener('abort', stop, { once: true });
    const late = async (): Promise<Delivery | undefined> => {
      await Promise.race([clock.sleep(milliseconds, over.signal), aborted(attempt.signal)]);
      if (over.signal.aborted) return undefined;
      attempt.abort(new DOMException(`no answer within ${milliseconds} ms`, 'TimeoutError'));
      await clock.sleep(GRACE, over.signal);
      return retry(`no answer within ${milliseconds} ms, and the output did not stop when told to`);
    };
    try {
      const result = await Promise.race([deliver(part, attempt.signal), late()]);
      if (result !== undefined && !(signal.aborted && result.status === 'retry')) return result;
      // A failure that the stop caused says nothing about the destination.
      throw new StoppingError('the output is being stopped');
    } finally {
      over.abort(OVER);
      signal.removeEventListener('abort', stop);
    }
  };
}
