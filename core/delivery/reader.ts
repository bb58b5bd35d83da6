import type { Event } from '../event/event.ts';
import type { Manifest, Position, StoredEvent, Subscription } from '../journal/journal.ts';
import { PositionSet } from '../journal/positions.ts';
import type { Clock } from '../sdk/contract/clock.ts';
import type { OutputObserver } from '../telemetry/observer.ts';
import { type Alarm, createAlarm } from './alarm.ts';
import { batchId } from './batch-id.ts';
import type { BatchScheduler, ClosedBatch } from './batch-scheduler.ts';
import type { SetAside } from './content.ts';
import type { WriteDeadLetters } from './dead-letter-writer.ts';
import { countSetAside } from './deliverer.ts';
import type { HealthBoard } from './health.ts';

export interface ReaderDeps {
  readonly subscription: Subscription;
  /** Of the output, and where it delivers a partition now: sealed with each batch. */
  readonly type: string;
  readonly destinationOf: (partition: string) => string | undefined;
  /** The newest position of the journal. */
  readonly newest: () => Position;
  readonly scheduler: BatchScheduler;
  /** Absent: all events share the partition ''. */
  readonly partition?: ((event: Event) => string | { readonly reject: string }) | undefined;
  readonly decode: (raw: Uint8Array, receivedAt: number) => Event;
  /** With the events of the batch, where they are at hand. */
  readonly submit: (manifest: Manifest, events?: readonly StoredEvent[]) => Promise<void>;
  readonly writeDeadLetters: WriteDeadLetters;
  readonly clock: Clock;
  readonly observer: OutputObserver;
  readonly health: HealthBoard;
}

/** One read: enough to keep the loop busy, little enough to hold. */
const READ = { events: 1000, bytes: 1 << 20 };
/** How long to wait after the journal failed, milliseconds. */
const FAILED_WAIT = 1000;
/** How long the last reads may wait for events that turn out to be damaged, milliseconds. */
const LAST_READ = 1000;

/**
 * Reads the events of one output, sorts them into partitions and batches, and submits each batch that is closed.
 * It holds one read of events, and while no batch can be submitted it does not read.
 */
export function createReader(deps: ReaderDeps) {
  const { subscription, scheduler, clock, observer } = deps;
  let last: Position = 0;

  async function submitAll(
    batches: readonly ClosedBatch[],
    events: readonly StoredEvent[] = [],
  ): Promise<void> {
    for (const { partition, positions, bytes, openedAt, closedAt, reason } of batches) {
      observer.batchClosed(reason, positions.count, bytes);
      const { output } = subscription;
      const id = batchId({ output, partition, positions, segments: subscription.identify(positions) });
      const destination = deps.destinationOf(partition);
      const manifest = { id, partition, positions, bytes, openedAt, closedAt, type: deps.type };
      await deps.submit(
        destination === undefined ? manifest : { ...manifest, destination },
        pick(events, positions),
      );
    }
  }

  async function take(events: readonly StoredEvent[], signal: AbortSignal): Promise<void> {
    const refused: SetAside[] = [];
    last = events.at(-1)?.position ?? last;
    for (const { position, receivedAt, raw } of events) {
      const partition = partitionOf(raw, receivedAt, deps);
      if (typeof partition === 'string') {
        const closed = scheduler.add(partition, position, raw.byteLength, receivedAt, clock.now());
        if (closed.length > 0) await submitAll(closed, events);
        if (signal.aborted) return;
      } else refused.push({ position, cause: 'partition', reason: partition.reject });
    }
    if (refused.length === 0) return;
    const setAside = await deps.writeDeadLetters(refused);
    subscription.acknowledge(PositionSet.of(...refused.map(({ position }) => position)));
    countSetAside(setAside, observer);
  }

  async function step(signal: AbortSignal, ending: AbortSignal, alarm: Alarm): Promise<void> {
    const caughtUp = subscription.caughtUp();
    await submitAll(scheduler.due(clock.now(), caughtUp));
    if (signal.aborted) return;
    const due = scheduler.nextDue(caughtUp) ?? Number.POSITIVE_INFINITY;
    const until = ending.aborted ? Math.min(due, clock.now() + LAST_READ) : due;
    await take(await subscription.read(READ, alarm.by(until)), signal);
  }

  return {
    /**
     * Runs until the signal aborts. Events read but not submitted by then are read again after the next opening.
     *
     * @param ending from its abort on only what was accepted before is read, and then it ends by itself
     */
    async run(signal: AbortSignal, ending: AbortSignal): Promise<void> {
      let until = Number.POSITIVE_INFINITY;
      const setEnd = () => {
        until = deps.newest();
      };
      ending.addEventListener('abort', setEnd, { once: true });
      if (ending.aborted) setEnd();
      // The end is near, or there: nothing is waited for.
      const alarm = createAlarm(clock, [signal, ending]);
      try {
        while (!signal.aborted && !(ending.aborted && (last >= until || subscription.caughtUp()))) {
          try {
            await step(signal, ending, alarm);
            deps.health.clear('reader');
          } catch (error) {
            if (signal.aborted) return;
            const why = error instanceof Error ? error.message : String(error);
            deps.health.raise('reader', 'stopped', `the journal could not be read: ${why}`);
            await clock.sleep(FAILED_WAIT, signal);
          }
        }
      } finally {
        alarm.close();
      }
    },
    /** Closes and submits the open batches; only after {@link run} has ended. */
    flush: () => submitAll(scheduler.closeAll('shutdown', clock.now())),
  };
}

function partitionOf(
  raw: Uint8Array,
  receivedAt: number,
  { partition, decode }: ReaderDeps,
): string | { readonly reject: string } {
  if (partition === undefined) return '';
  try {
    return partition(decode(raw, receivedAt));
  } catch (error) {
    return { reject: `its partition failed: ${error instanceof Error ? error.message : String(error)}` };
  }
}

/** The events at these positions; undefined when some are not among them. */
function pick(events: readonly StoredEvent[], positions: PositionSet): readonly StoredEvent[] | undefined {
  const first = events[0]?.position ?? Number.POSITIVE_INFINITY;
  if (positions.first < first) return undefined;
  let at = Math.max(0, positions.first - first);
  // Where positions lie side by side the place is known at once; where some are missing, it comes before that.
  at = Math.min(at, events.length - 1);
  while (at > 0 && events[at]!.position > positions.first) at--;
  const picked: StoredEvent[] = [];
  for (const position of positions) {
    while (at < events.length && events[at]!.position < position) at++;
    const event = events[at];
    if (event?.position !== position) return undefined;
    picked.push(event);
  }
  return picked;
}
