import type { Clock } from '../sdk/contract/clock.ts';
import type { Delivery } from '../sdk/contract/verdicts.ts';
import { reasonOf } from '../sdk/http/failure.ts';
import type { BatchSlice, Deliver } from './batch-slice.ts';
import type { Faults } from './faults.ts';
import type { DeliveryPolicy } from './policy.ts';
import { StoppingError, throwIfStopping } from './stopping.ts';

export interface BreakerDeps {
  readonly clock: Clock;
  readonly random: () => number;
  readonly stopping: AbortSignal;
  /** One opens it at once, and only an attempt that begins after it can close it. */
  readonly faults?: Faults | undefined;
  /** Once each time it opens, with the failure that opened it, and once each time it closes. */
  readonly onOpen?: (reason: string) => void;
  readonly onClose?: () => void;
}

/**
 * Stops asking a destination that keeps failing: after so many failures in a row, or at once when it refused the
 * credentials. After a while one batch tries (half-open): success lets all go on, failure waits twice as long.
 * Batches wait here; none is given up. A throw other than the stop counts as a failure.
 */
export function withBreaker(deliver: Deliver, policy: DeliveryPolicy['breaker'], deps: BreakerDeps): Deliver {
  const { clock, random, stopping } = deps;
  let state: 'closed' | 'open' | 'half-open' | 'probing' = 'closed';
  let failures = 0;
  let faults = 0;
  let openings = 0;
  let openFor = policy.initial;
  let waiting: (() => void)[] = [];

  const wake = () => {
    const woken = waiting;
    waiting = [];
    for (const resolve of woken) resolve();
  };
  stopping.addEventListener('abort', wake, { once: true });

  function open(): void {
    state = 'open';
    // Half of it is drawn, so that a fleet does not come back in one moment.
    const time = openFor * (0.5 + random() / 2);
    openFor = Math.min(policy.max, openFor * 2);
    const opening = ++openings;
    clock.sleep(time, stopping).then(() => {
      // It may have been closed and opened again meanwhile.
      if (state === 'open' && opening === openings) state = 'half-open';
      wake();
    });
  }

  function succeeded(): void {
    failures = 0;
    if (state === 'closed') return;
    state = 'closed';
    openFor = policy.initial;
    deps.onClose?.();
    wake();
  }

  function failed(reason: string, denied: boolean, probe: boolean): void {
    if (state === 'closed') {
      failures++;
      if (!denied && failures < policy.failures) return;
      deps.onOpen?.(reason);
    } else if (!probe) {
      // An attempt that began before it opened says nothing new.
      return;
    }
    open();
  }

  deps.faults?.subscribe((reason) => {
    faults++;
    if (state === 'open') return;
    if (state === 'closed') deps.onOpen?.(reason);
    open();
  }, stopping);

  return async (slice, deadline) => {
    throwIfStopping(stopping);
    while (state === 'open' || state === 'probing') {
      await new Promise<void>((resolve) => waiting.push(resolve));
      throwIfStopping(stopping);
    }
    const probe = state === 'half-open';
    if (probe) state = 'probing';
    const faultsBefore = faults;
    /** Nothing that happened since then has opened it again. */
    const isCurrent = () => faultsBefore === faults;
    try {
      const result = await deliver(slice, deadline);
      if (!isCurrent()) return result;
      if (isFailure(result, slice)) failed(result.reason, result.denied === true, probe);
      else succeeded();
      return result;
    } catch (error) {
      if (error instanceof StoppingError) {
        // It says nothing of the destination; the next batch probes.
        if (probe && state === 'probing' && isCurrent()) state = 'half-open';
        wake();
      } else if (isCurrent()) failed(reasonOf(error), false, probe);
      throw error;
    }
  };
}

/** A refusal of the content comes from a destination that works, and so does a partial failure. */
function isFailure(result: Delivery, slice: BatchSlice): result is Extract<Delivery, { status: 'retry' }> {
  if (result.status !== 'retry') return false;
  return result.denied === true || result.failed === undefined || result.failed.length >= slice.count;
}
