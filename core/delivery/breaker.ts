import type { Clock } from '../sdk/contract/clock.ts';
import type { Delivery } from '../sdk/contract/verdicts.ts';
import { reasonOf } from '../sdk/http/transport/failure.ts';
import type { BatchSlice, Deliver } from './batch-slice.ts';
import type { Faults } from './faults.ts';
import type { DeliveryPolicy } from './policy.ts';
import { StoppingError, throwIfStopping } from './stopping.ts';

export interface BreakerDeps {
  readonly clock: Clock;
  readonly random: () => number;
  readonly stopping: AbortSignal;
  /** A fault opens the breaker at once; only an attempt that begins later can close it. */
  readonly faults?: Faults | undefined;
  /** Called each time it opens, with the failure that opened it and the time until the first probe, milliseconds. */
  readonly onOpen?: (reason: string, probeIn: number) => void;
  /** Called each time it closes, with the time since it opened, milliseconds. */
  readonly onClose?: (openFor: number) => void;
}

/**
 * A circuit breaker. It opens after a number of failures in a row, or at once when the destination refuses the credentials.
 * After a while one batch probes (half-open): success closes the breaker, failure opens it for twice as long. While it is open,
 * batches wait; none is given up. A throw other than {@link StoppingError} counts as a failure.
 */
export function withBreaker(deliver: Deliver, policy: DeliveryPolicy['breaker'], deps: BreakerDeps): Deliver {
  const { clock, random, stopping } = deps;
  let state: 'closed' | 'open' | 'half-open' | 'probing' = 'closed';
  let failures = 0;
  let faults = 0;
  let openings = 0;
  let openedAt = 0;
  let openFor = policy.initial;
  let waiting: (() => void)[] = [];

  const wake = () => {
    const woken = waiting;
    waiting = [];
    for (const resolve of woken) resolve();
  };
  stopping.addEventListener('abort', wake, { once: true });

  /** @returns how long until the next probe, milliseconds */
  function open(): number {
    if (state === 'closed') openedAt = clock.monotonic();
    state = 'open';
    // With jitter, so that many instances do not probe at the same moment.
    const time = openFor * (0.5 + random() / 2);
    openFor = Math.min(policy.max, openFor * 2);
    const opening = ++openings;
    clock.sleep(time, stopping).then(() => {
      // It may have been closed and opened again meanwhile.
      if (state === 'open' && opening === openings) state = 'half-open';
      wake();
    });
    return time;
  }

  function succeeded(): void {
    failures = 0;
    if (state === 'closed') return;
    state = 'closed';
    openFor = policy.initial;
    deps.onClose?.(clock.monotonic() - openedAt);
    wake();
  }

  function failed(reason: string, denied: boolean, probe: boolean): void {
    if (state === 'closed') {
      failures++;
      if (!denied && failures < policy.failures) return;
      deps.onOpen?.(reason, open());
      return;
    }
    // An attempt that began before it opened says nothing new.
    if (probe) open();
  }

  deps.faults?.subscribe((reason) => {
    faults++;
    if (state === 'open') return;
    const isNew = state === 'closed';
    const probeIn = open();
    if (isNew) deps.onOpen?.(reason, probeIn);
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
    /** No fault has opened it since the attempt began. */
    const isCurrent = () => faultsBefore === faults;
    try {
      const result = await deliver(slice, deadline);
      if (!isCurrent()) return result;
      if (isFailure(result, slice)) failed(result.reason, result.denied === true, probe);
      else succeeded();
      return result;
    } catch (error) {
      if (error instanceof StoppingError) {
        // The stop says nothing about the destination; the next batch probes.
        if (probe && state === 'probing' && isCurrent()) state = 'half-open';
        wake();
      } else if (isCurrent()) failed(reasonOf(error), false, probe);
      throw error;
    }
  };
}

/** A destination that rejects content, or fails for some records only, is available. */
function isFailure(result: Delivery, slice: BatchSlice): result is Extract<Delivery, { status: 'retry' }> {
  if (result.status !== 'retry') return false;
  return result.denied === true || result.failed === undefined || result.failed.length >= slice.count;
}
