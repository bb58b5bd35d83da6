import type { Journal, Subscription } from '../journal/journal.ts';
import { PositionSet } from '../journal/positions.ts';
import type { Clock } from '../sdk/contract/clock.ts';
import type { OutputObserver } from '../telemetry/observer.ts';
import { countSetAside, type WriteDeadLetters } from './dead-letter-writer.ts';
import type { DeliveryPolicy } from './policy.ts';

export interface LagDeps {
  readonly policy: DeliveryPolicy['maxLag'];
  readonly journal: Pick<Journal, 'status'>;
  readonly clock: Clock;
  /** When the output was started, by the monotonic clock. */
  readonly since: number;
}

/** How long a process runs before it relies on the ages of stored events, milliseconds. */
const CLOCK_TRUST = 15 * 60_000;

/**
 * Why an output lags more than `max_lag` allows; undefined when it does not. A full journal counts when this output holds its
 * oldest event: then all others wait for this output.
 *
 * @param share fraction of the limits that is allowed: 1, or less while shedding.
 */
export function excessiveLag(
  subscription: Pick<Subscription, 'pending' | 'oldest' | 'settled'>,
  { policy, journal, clock, since }: LagDeps,
  share = 1,
): string | undefined {
  if (policy.action === 'wait') return undefined;
  const pending = subscription.pending();
  if (pending === 0) return undefined;
  if (policy.events !== undefined && pending > policy.events * share) {
    return `${pending} events pending, ${policy.events} allowed`;
  }
  const oldest = subscription.oldest();
  const age = oldest === undefined ? 0 : clock.now() - oldest;
  // A clock that is years ahead at boot is corrected within minutes; until then ages are unknown.
  const isKnown = clock.monotonic() - since >= Math.min(policy.age ?? 0, CLOCK_TRUST);
  if (policy.age !== undefined && isKnown && age > policy.age * share) {
    return `the oldest event is ${age} ms old, ${policy.age} allowed`;
  }
  const { state, bytes, maxBytes, settled } = journal.status();
  const holdsOldest = subscription.settled() <= settled;
  const full = state === 'full' || (share < 1 && bytes > maxBytes * share);
  return full && holdsOldest ? 'the journal is full' : undefined;
}

/**
 * Fraction of the limits to which lag is shed. Shedding aborts the attempts under way, so some must have time to succeed before
 * it happens again: otherwise an output that is only slow would never deliver anything.
 */
const SHARE = 0.8;
/** Events given up at a time: few, so that hardly more is given up than necessary. */
const CHUNK = 100;

/**
 * Gives up the oldest events until the output lags no further than it may: to the dead letters, or dropped, as the
 * policy says. Sealed batches go whole, because half a batch could not be delivered under its id.
 *
 * @returns how many were given up.
 */
export async function shed(
  subscription: Subscription,
  deps: LagDeps & {
    readonly writeDeadLetters: WriteDeadLetters;
    readonly observer: OutputObserver;
    readonly stopping: AbortSignal;
  },
): Promise<number> {
  let given = 0;

  async function giveUp(positions: PositionSet, reason: string): Promise<void> {
    const drop = deps.policy.action === 'drop_oldest';
    const setAside = drop
      ? []
      : await deps.writeDeadLetters(
          [...positions].map((position) => ({ position, cause: 'lag', reason: `max_lag: ${reason}` })),
        );
    subscription.acknowledge(positions);
    if (drop) deps.observer.dropped(positions.count);
    else countSetAside(setAside, deps.observer);
    given += positions.count;
    // The journal frees what is durably settled; a cursor that cannot be written now is written later.
    await subscription.flush().catch(() => {});
  }

  for (const { positions } of subscription.unsettled) {
    const reason = excessiveLag(subscription, deps, SHARE);
    if (reason === undefined || deps.stopping.aborted) return given;
    await giveUp(positions, reason);
  }
  for (;;) {
    const reason = excessiveLag(subscription, deps, SHARE);
    if (reason === undefined || deps.stopping.aborted || subscription.caughtUp()) return given;
    const read = await subscription.read({ events: CHUNK, bytes: 1 << 20 }, deps.stopping);
    if (read.length > 0) await giveUp(PositionSet.of(...read.map(({ position }) => position)), reason);
  }
}
