import type { Clock } from '../sdk/contract/clock.ts';
import type { Deliver } from './batch-slice.ts';
import { pause, throwIfStopping } from './stopping.ts';

/** At most `concurrency` attempts at once, first come first served. A batch that waits for its retry holds no place. */
export function withLimit(deliver: Deliver, concurrency: number, stopping: AbortSignal): Deliver {
  const enter = createSemaphore(concurrency);
  return (slice, deadline) => enter(() => deliver(slice, deadline), stopping);
}

/**
 * A token bucket of events per time. A batch larger than the bucket goes when the bucket is full and leaves a debt, so that it
 * is delayed, not blocked for ever.
 */
export function withRateLimit(
  deliver: Deliver,
  limit: { readonly events: number; readonly per: number },
  clock: Clock,
  stopping: AbortSignal,
): Deliver {
  let tokens = limit.events;
  let filledAt = clock.monotonic();
  return async (slice, deadline) => {
    for (;;) {
      const now = clock.monotonic();
      tokens = Math.min(limit.events, tokens + ((now - filledAt) * limit.events) / limit.per);
      filledAt = now;
      const missing = Math.min(slice.count, limit.events) - tokens;
      // Rounding must not leave a wait of no time at all.
      if (missing <= 1e-6) break;
      await pause(clock, Math.max(1, Math.ceil((missing * limit.per) / limit.events)), stopping);
    }
    tokens -= slice.count;
    return deliver(slice, deadline);
  };
}

/** The lane of a partition, and how many batches are in it or wait for it. */
export interface PartitionLane {
  readonly enter: Semaphore;
  users: number;
}

/**
 * Work of one partition runs one at a time, in the order of the calls. It includes the retries of a batch: otherwise the next
 * batch would overtake one that waits for its next attempt.
 *
 * @param lanes of the partitions that have work; empty when nothing is in progress
 */
export function withOrder<T>(
  work: (item: T) => Promise<void>,
  partitionOf: (item: T) => string,
  stopping: AbortSignal,
  lanes: Map<string, PartitionLane> = new Map(),
): (item: T) => Promise<void> {
  return async (item) => {
    const partition = partitionOf(item);
    const lane = lanes.get(partition) ?? { enter: createSemaphore(1), users: 0 };
    lanes.set(partition, lane);
    lane.users++;
    try {
      await lane.enter(() => work(item), stopping);
    } finally {
      if (--lane.users === 0) lanes.delete(partition);
    }
  };
}

export type Semaphore = <R>(work: () => Promise<R>, stopping: AbortSignal) => Promise<R>;

/** Runs work in one of its places, first come first served. @throws StoppingError for work that still waits. */
export function createSemaphore(places: number): Semaphore {
  let free = places;
  const waiting: (() => void)[] = [];
  return async (work, stopping) => {
    if (free > 0) free--;
    else await new Promise<void>((resolve) => waiting.push(resolve));
    try {
      throwIfStopping(stopping);
      return await work();
    } finally {
      const next = waiting.shift();
      if (next === undefined) free++;
      else next();
    }
  };
}
