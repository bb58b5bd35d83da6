import type { RequestLimits } from '../sdk/contract/batch.ts';
import type { Ordering } from '../sdk/contract/output.ts';

/** What happens to the events of an output that lags too far behind. */
export type LagAction = 'wait' | 'dead_letter' | 'drop_oldest';

/** How batches are delivered to one output. Plain numbers: the configuration turns `30s` and `5MiB` into them. */
export interface DeliveryPolicy {
  /** Batches under way at once. */
  readonly concurrency: number;
  /** `partition`: at most one batch of a partition is under way, in the order in which they were closed. */
  readonly ordering: Ordering;
  /** False: the destination never says that it has an event, so delivered means sent. */
  readonly confirms: boolean;
  /** The most that one request carries; larger batches are delivered in parts. */
  readonly request: RequestLimits;
  /** How long one attempt may take, milliseconds. */
  readonly timeout: number;
  readonly retry: {
    /** The first backoff and the longest, milliseconds; it doubles in between and is drawn from 0 to that (full jitter). */
    readonly initial: number;
    readonly max: number;
    /**
     * A batch that still fails this long after it was closed becomes dead letters, milliseconds, but not before this process
     * has tried it for 15 minutes (or this long). How long events may wait in the journal before that is up to {@link maxLag}.
     */
    readonly maxAge: number;
  };
  readonly breaker: {
    /** Failures in a row after which it opens. */
    readonly failures: number;
    /** How long it stays open before one batch tries again, milliseconds: at first and at most (it doubles). */
    readonly initial: number;
    readonly max: number;
  };
  /** At most `events` in `per` milliseconds; absent: no limit. */
  readonly rateLimit?: { readonly events: number; readonly per: number };
  /** The limits of the lag, and what happens beyond them. A full journal is beyond, unless the action is `wait`. */
  readonly maxLag: {
    readonly action: LagAction;
    /** Age of the oldest pending event, milliseconds. */
    readonly age?: number;
    /** Number of pending events. */
    readonly events?: number;
  };
  /** Close and deliver the open batches when the output stops. Else they stay in the journal and resume. */
  readonly flushOnStop: boolean;
  /** Partitions that may be open at once. */
  readonly maxOpen: number;
  /** Where the cursor of a new output starts. */
  readonly start: 'now' | 'oldest';
}

/** The defaults of every output. */
export const DEFAULT_POLICY: DeliveryPolicy = {
  concurrency: 4,
  ordering: 'none',
  confirms: true,
  request: {},
  timeout: 30_000,
  retry: { initial: 1000, max: 60_000, maxAge: 7 * 86_400_000 },
  breaker: { failures: 5, initial: 5000, max: 60_000 },
  maxLag: { action: 'wait' },
  flushOnStop: false,
  maxOpen: 1024,
  start: 'now',
};
