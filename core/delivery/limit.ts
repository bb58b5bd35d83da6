import type { Deliver } from './batch-slice.ts';
import { unlessStopping } from './stopping.ts';

/** At most `concurrency` attempts at once, first come first served. A batch that waits for its retry holds no place. */
export function withLimit(deliver: Deliver, concurrency: number, stopping: AbortSignal): Deliver {
  const lane = createLane(concurrency);
  return (part, signal) => lane(() => deliver(part, signal), stopping);
}

/** The lane of a partition, and how many batches use it. */
export interface PartitionLane {
  readonly enter: Lane;
  users: number;
}

/**
 * One piece of work of a partition at a time, in the order in which it comes. Around the whole way of a batch, retries
 * included, or a batch would overtake one that waits for its next attempt.
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
    const lane = lanes.get(partition) ?? { enter: createLane(1), users: 0 };
    lanes.set(partition, lane);
    lane.users++;
    try {
      await lane.enter(() => work(item), stopping);
    } finally {
      if (--lane.users === 0) lanes.delete(partition);
    }
  };
}

export type Lane = <R>(work: () => Promise<R>, stopping: AbortSignal) => Promise<R>;

/** A semaphore. @throws StoppingError in the place of work that was still waiting. */
export function createLane(places: number): Lane {
  let free = places;
  const waiting: (() => void)[] = [];
  return async (work, stopping) => {
    if (free > 0) free--;
    else await new Promise<void>((resolve) => waiting.push(resolve));
    try {
      unlessStopping(stopping);
      return await work();
    } finally {
      const next = waiting.shift();
      if (next === undefined) free++;
      else next();
    }
  };
}
