import type { DeadLetter, DeadLetterStore } from '../dead-letters/store.ts';
import { JournalFullError, type Position, type StoredEvent, type Subscription } from '../journal/journal.ts';
import { PositionSet } from '../journal/positions.ts';
import type { Clock } from '../sdk/contract/clock.ts';
import type { DeadLetterCause, OutputObserver } from '../telemetry/observer.ts';
import type { SetAside } from './content.ts';
import type { HealthBoard } from './health.ts';
import type { BatchResult } from './retry.ts';
import { pause, throwIfStopping } from './stopping.ts';

/** When and how often delivery was attempted. */
export type Attempts = Pick<BatchResult, 'attempts' | 'firstAttempt' | 'lastAttempt'>;

/**
 * Makes dead letters of events, except for those that are lost.
 *
 * @returns the same, durable now; an event whose bytes turned out to be corrupt has the cause `lost`
 * @throws StoppingError
 */
export type WriteDeadLetters = (
  setAside: readonly SetAside[],
  attempts?: Attempts,
) => Promise<readonly SetAside[]>;

export interface DeadLetterDeps {
  readonly store: Pick<DeadLetterStore, 'append' | 'waitForRoom'>;
  readonly subscription: Pick<Subscription, 'output' | 'fetch' | 'settled' | 'identify'>;
  /** Of the journal that the events are in. */
  readonly epoch: string;
  readonly clock: Clock;
  readonly health: HealthBoard;
  readonly stopping: AbortSignal;
}

/** How long to wait after the store failed, milliseconds. */
const FAILED_WAIT = 5000;
const COMPLAINT = 'dead letters';
const MAKE_ROOM = 'replay or drop some (tiercel dlq), or give them more (dead_letters.max_size, the disk)';

/** Makes the writer of one output. The original bytes are read back from the journal. */
export function createDeadLetterWriter(deps: DeadLetterDeps): WriteDeadLetters {
  const { subscription, clock } = deps;
  return async (setAside, attempts) => {
    const now = clock.now();
    const about = attempts ?? { attempts: 0, firstAttempt: now, lastAttempt: now };
    const waiting = new Map<Position, DeadLetterCause>();
    const reasons = new Map(setAside.map(({ position, reason }) => [position, reason]));
    for (const { position, cause } of setAside) if (cause !== 'lost') waiting.set(position, cause);
    if (waiting.size === 0) return setAside;
    const letter = ({ position, raw, receivedAt }: StoredEvent): DeadLetter => ({
      output: subscription.output,
      cause: waiting.get(position) as DeadLetterCause,
      event: {
        epoch: deps.epoch,
        position,
        segment: subscription.identify(PositionSet.of(position)),
      },
      reason: reasons.get(position) as string,
      raw,
      receivedAt,
      attempts: about.attempts,
      firstAttempt: about.firstAttempt,
      lastAttempt: about.lastAttempt,
    });
    await untilDone(deps, async () => {
      const positions = PositionSet.of(...[...waiting.keys()].sort((a, b) => a - b));
      for await (const events of subscription.fetch(positions)) {
        await append(events.map(letter), deps);
        for (const { position } of events) waiting.delete(position);
      }
    });
    // The journal could not read what is left.
    return setAside.map((item) => (waiting.has(item.position) ? { ...item, cause: 'lost' } : item));
  };
}

async function append(letters: readonly DeadLetter[], deps: DeadLetterDeps) {
  const { store, subscription, health, stopping } = deps;
  if (letters.length === 0) return;
  for (;;) {
    try {
      return await store.append(letters, subscription.settled());
    } catch (error) {
      if (!(error instanceof JournalFullError)) throw error;
      health.raise(COMPLAINT, 'stopped', `the dead letters are full (${error.message}); ${MAKE_ROOM}`);
      await store.waitForRoom(stopping, error.bytes);
      throwIfStopping(stopping);
    }
  }
}

/** Retries while storage fails, until the output is stopped: giving up would lose the events. */
async function untilDone({ clock, health, stopping }: DeadLetterDeps, work: () => Promise<void>) {
  for (;;) {
    try {
      await work();
      health.clear(COMPLAINT);
      return;
    } catch (error) {
      throwIfStopping(stopping);
      const why = error instanceof Error ? error.message : String(error);
      health.raise(COMPLAINT, 'stopped', `dead letters cannot be written: ${why}`);
      await pause(clock, FAILED_WAIT, stopping);
    }
  }
}

/** Reports events that were set aside, by cause. */
export function countSetAside(setAside: readonly SetAside[], observer: OutputObserver): void {
  const counts = new Map<SetAside['cause'], number>();
  for (const { cause } of setAside) counts.set(cause, (counts.get(cause) ?? 0) + 1);
  for (const [cause, count] of counts) {
    if (cause === 'lost') observer.lost(count, true);
    else observer.deadLettered(count, cause);
  }
}
