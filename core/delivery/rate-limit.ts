import type { Clock } from '../sdk/contract/clock.ts';
import type { Deliver } from './batch-slice.ts';
import { pause } from './stopping.ts';

/**
 * A token bucket: so many events in so many milliseconds, saved up while idle. A batch larger than the bucket goes when
 * the bucket is full and leaves a debt, so that it is late and not impossible.
 */
export function withRateLimit(
  deliver: Deliver,
  limit: { readonly events: number; readonly per: number },
  clock: Clock,
  stopping: AbortSignal,
): Deliver {
  let tokens = limit.events;
  let filledAt = clock.monotonic();
  return async (part, signal) => {
    for (;;) {
      const now = clock.monotonic();
      tokens = Math.min(limit.events, tokens + ((now - filledAt) * limit.events) / limit.per);
      filledAt = now;
      const missing = Math.min(part.count, limit.events) - tokens;
      // Rounding must not leave a wait of no time at all.
      if (missing <= 1e-6) break;
      await pause(clock, Math.max(1, Math.ceil((missing * limit.per) / limit.events)), stopping);
    }
    tokens -= part.count;
    return deliver(part, signal);
  };
}
