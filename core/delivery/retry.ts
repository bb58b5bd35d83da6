import type { Clock } from '../sdk/contract/clock.ts';
import type { Failure } from '../sdk/contract/verdicts.ts';
import { allIndexes, type BatchSlice, type Deliver, indexInBatch, subset } from './batch-slice.ts';
import type { SetAside } from './content.ts';
import type { DeliveryPolicy } from './policy.ts';
import { pause } from './stopping.ts';

/** The result of a batch: all of it was delivered, except what is set aside. */
export interface BatchResult {
  readonly setAside: readonly SetAside[];
  readonly attempts: number;
  /** Epoch milliseconds. */
  readonly firstAttempt: number;
  readonly lastAttempt: number;
  /** Bytes at the destination, when all of the batch went in the last attempt and the output said. */
  readonly bytes?: number;
}

/** A batch closed before this was closed by a clock that was not set yet: its age is unknown. */
const FIRST_POSSIBLE = Date.UTC(2020, 0, 1);
/** How long this process tries a batch, however old it seems: a clock that is ahead at boot is set right in that time. */
const LEAST_TRIED = 15 * 60_000;

/**
 * The whole chain: delivers a batch until every record is delivered or set aside.
 * @throws StoppingError when the output is being stopped
 */
export type DeliverBatch = (batch: BatchSlice, deadline: AbortSignal) => Promise<BatchResult>;

/** Epoch milliseconds, see {@link createSlowClock}. */
export type SlowClock = () => number;

/**
 * The wall clock by its lowest reading so far, carried on by the clock that never jumps. A clock that was set, was ahead at
 * boot, or a machine that was suspended can make a batch look younger than it is, never older.
 *
 * One serves the whole process: one that starts later, after a reload for example, would accept a clock that is ahead by then.
 */
export function createSlowClock(clock: Pick<Clock, 'now' | 'monotonic'>): SlowClock {
  let slowest = Number.POSITIVE_INFINITY;
  const slowNow = () => {
    slowest = Math.min(slowest, clock.now() - clock.monotonic());
    return slowest + clock.monotonic();
  };
  slowNow();
  return slowNow;
}

export interface RetryDeps {
  readonly clock: Clock;
  readonly slowNow: SlowClock;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  readonly stopping: AbortSignal;
  /** Called for every failure, and once the batch is done. */
  readonly onRetry?: (slice: BatchSlice, reason: string) => void;
  readonly onDone?: (slice: BatchSlice) => void;
}

/**
 * Tries until every record of a batch is delivered or refused for good: without limit of attempts, with exponential backoff
 * and full jitter, each time only what is left. A batch that still fails `maxAge` after it was closed is set aside, but not
 * before this process has tried it for a while.
 */
export function withRetry(deliver: Deliver, policy: DeliveryPolicy['retry'], deps: RetryDeps): DeliverBatch {
  const { clock, slowNow, random, stopping } = deps;
  // Read now: batches that wait for their first attempt were closed by this clock.
  slowNow();
  return async (batch, deadline) => {
    slowNow();
    const setAside: SetAside[] = [];
    const putAside = (slice: BatchSlice, failures: readonly Failure[], cause: SetAside['cause']) => {
      for (const { index, reason, cause: own = cause } of failures) {
        const position = slice.content.positionOf(indexInBatch(slice, index));
        setAside.push({ position, cause: own, reason });
      }
    };
    const firstAttempt = clock.now();
    const started = clock.monotonic();
    const { closedAt } = batch.manifest;
    const isExpired = () => {
      const tried = clock.monotonic() - started;
      const before = closedAt < FIRST_POSSIBLE ? 0 : Math.max(0, slowNow() - tried - closedAt);
      return tried >= Math.min(policy.maxAge, LEAST_TRIED) && before + tried >= policy.maxAge;
    };
    let slice = batch;
    let backoff = policy.initial;
    for (;;) {
      const lastAttempt = clock.now();
      const result = await deliver(slice, deadline);
      const done = { setAside, attempts: slice.attempt, firstAttempt, lastAttempt };
      if (result.status === 'rejected') {
        putAside(slice, everyRecord(slice, result.reason), 'rejected');
        deps.onDone?.(slice);
        return done;
      }
      putAside(slice, result.rejected ?? [], 'rejected');
      if (result.status === 'delivered') {
        deps.onDone?.(slice);
        const all = slice.indexes === undefined && result.bytes !== undefined;
        return all ? { ...done, bytes: result.bytes } : done;
      }
      deps.onRetry?.(slice, result.reason);
      const attempt = slice.attempt + 1;
      slice = { ...subset(slice, result.failed ?? allIndexes(slice)), attempt };
      if (isExpired()) {
        putAside(
          slice,
          everyRecord(slice, `still failing after ${policy.maxAge} ms: ${result.reason}`),
          'expired',
        );
        deps.onDone?.(slice);
        return done;
      }
      await pause(clock, random() * backoff, stopping);
      backoff = Math.min(policy.max, backoff * 2);
    }
  };
}

function everyRecord(slice: BatchSlice, reason: string): Failure[] {
  return allIndexes(slice).map((index) => ({ index, reason }));
}
