import type { Clock } from '../sdk/contract/clock.ts';
import type { Failure } from '../sdk/contract/verdicts.ts';
import { allIndexes, type Deliver, indexInBatch, type Part, subset } from './batch-slice.ts';
import type { SetAside } from './content.ts';
import type { DeliveryPolicy } from './policy.ts';
import { pause } from './stopping.ts';

/** What became of a batch in the end: all of it was delivered, save what is set aside. */
export interface Settled {
  readonly setAside: readonly SetAside[];
  readonly attempts: number;
  /** Epoch milliseconds. */
  readonly firstAttempt: number;
  readonly lastAttempt: number;
  /** Bytes at the destination, when all of the batch went in the last attempt and the output said. */
  readonly bytes?: number;
}

/** A batch closed before this was closed by a clock that had not been set yet: its age is unknown. */
const FIRST_POSSIBLE = Date.UTC(2020, 0, 1);
/** How long this process tries a batch, however old it seems: a clock that is ahead at boot is set right in that time. */
const LEAST_TRIED = 15 * 60_000;

export type Settle = (part: Part, signal: AbortSignal) => Promise<Settled>;

/** Epoch milliseconds, see {@link createSlowClock}. */
export type SlowClock = () => number;

/**
 * The wall clock by its lowest reading so far, carried on by the clock that never jumps. A clock that was set, was ahead at
 * boot, or a machine that was suspended can make a batch look younger than it is, never older.
 *
 * One serves the whole process: one that began later, after a reload say, would take a clock that is ahead by then for right.
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
  /** Told of every failure, and of the end of them. */
  readonly onRetry?: (part: Part, reason: string) => void;
  readonly onSettled?: (part: Part) => void;
}

/**
 * Tries until every record of a batch is delivered or refused for good: without limit of attempts, with exponential backoff
 * and full jitter, each time only what is left. A batch that still fails `maxAge` after it was closed is set aside, but not
 * before this process has tried it for a while.
 */
export function withRetry(deliver: Deliver, policy: DeliveryPolicy['retry'], deps: RetryDeps): Settle {
  const { clock, slowNow, random, stopping } = deps;
  // Batches that wait for their first attempt were closed under this clock.
  slowNow();
  return async (batch, signal) => {
    slowNow();
    const setAside: SetAside[] = [];
    const putAside = (part: Part, failures: readonly Failure[], cause: SetAside['cause']) => {
      for (const { index, reason } of failures) {
        setAside.push({ position: part.content.positionOf(indexInBatch(part, index)), cause, reason });
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
    let part = batch;
    let backoff = policy.initial;
    for (;;) {
      const lastAttempt = clock.now();
      const result = await deliver(part, signal);
      const settled = { setAside, attempts: part.attempt, firstAttempt, lastAttempt };
      if (result.status === 'rejected') {
        putAside(part, everyRecord(part, result.reason), 'rejected');
        deps.onSettled?.(part);
        return settled;
      }
      putAside(part, result.rejected ?? [], 'rejected');
      if (result.status === 'delivered') {
        deps.onSettled?.(part);
        const all = part.indexes === undefined && result.bytes !== undefined;
        return all ? { ...settled, bytes: result.bytes } : settled;
      }
      deps.onRetry?.(part, result.reason);
      const attempt = part.attempt + 1;
      part = { ...subset(part, result.failed ?? allIndexes(part)), attempt };
      if (isExpired()) {
        putAside(
          part,
          everyRecord(part, `still failing after ${policy.maxAge} ms: ${result.reason}`),
          'expired',
        );
        deps.onSettled?.(part);
        return settled;
      }
      await pause(clock, random() * backoff, stopping);
      backoff = Math.min(policy.max, backoff * 2);
    }
  };
}

function everyRecord(part: Part, reason: string): Failure[] {
  return allIndexes(part).map((index) => ({ index, reason }));
}
