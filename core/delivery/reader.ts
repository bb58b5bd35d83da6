import type { Event } from '../event/event.ts';
import type { Manifest, Position, StoredEvent, Subscription } from '../journal/journal.ts';
import { PositionSet } from '../journal/positions.ts';
import type { Clock } from '../sdk/contract/clock.ts';
import type { OutputObserver } from '../telemetry/observer.ts';
import { batchId } from './batch-id.ts';
import type { BatchScheduler, ClosedBatch } from './batch-scheduler.ts';
import type { SetAside } from './content.ts';
import { countSetAside, type WriteDeadLetters } from './dead-letter-writer.ts';
import type { HealthBoard } from './health.ts';

export interface ReaderDeps {
  readonly subscription: Subscription;
  /** The type of the output, and where it delivers a partition now: sealed with each batch. */
  readonly type: string;
  readonly destinationOf: (partition: string) => string | undefined;
  /** The newest position of the journal. */
  readonly newest: () => Position;
  readonly scheduler: BatchScheduler;
  /** Absent: all events share the partition ''. */
  readonly partition?: ((event: Event) => string | { readonly reject: string }) | undefined;
  readonly decode: (raw: Uint8Array, receivedAt: number) => Event;
  /** With the events of the batch, if all are in memory. */
  readonly submit: (manifest: Manifest, events?: readonly StoredEvent[]) => Promise<void>;
  readonly writeDeadLetters: WriteDeadLetters;
  readonly clock: Clock;
  readonly observer: OutputObserver;
  readonly health: HealthBoard;
  /** Events read but not submitted by then are read again after the next opening of the cursor. */
  readonly stopping: AbortSignal;
}

/** The size of one read, which is held in memory. */
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
  const { subscription, scheduler, clock, observer, stopping } = deps;
  const readDeadline = createReadDeadline(clock);
  let last: Position = 0;
  /** Once it drains: the last position to read. */
  let end: Position | undefined;

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

  async function addToBatches(events: readonly StoredEvent[]): Promise<void> {
    const refused: SetAside[] = [];
    last = events.at(-1)?.position ?? last;
    for (const { position, receivedAt, raw } of events) {
      const partition = partitionOf(raw, receivedAt, deps);
      if (typeof partition === 'string') {
        const closed = scheduler.add(partition, position, raw.byteLength, receivedAt, clock.now());
        if (closed.length > 0) await submitAll(closed, events);
        if (stopping.aborted) return;
      } else refused.push({ position, cause: 'partition', reason: partition.reject });
    }
    if (refused.length === 0) return;
    const setAside = await deps.writeDeadLetters(refused);
    subscription.acknowledge(PositionSet.of(...refused.map(({ position }) => position)));
    countSetAside(setAside, observer);
  }

  async function step(): Promise<void> {
    const caughtUp = subscription.caughtUp();
    await submitAll(scheduler.due(clock.now(), caughtUp));
    if (stopping.aborted) return;
    const due = scheduler.nextDue(caughtUp) ?? Number.POSITIVE_INFINITY;
    const until = end === undefined ? due : Math.min(due, clock.now() + LAST_READ);
    await addToBatches(await subscription.read(READ, readDeadline.signalFor(until)));
  }

  const isDrained = () => end !== undefined && (last >= end || subscription.caughtUp());

  return {
    /** Reads until the output is being stopped, or until all is drained. */
    async run(): Promise<void> {
      stopping.addEventListener('abort', readDeadline.abort, { once: true });
      try {
        while (!stopping.aborted && !isDrained()) {
          try {
            await step();
            deps.health.clear('reader');
          } catch (error) {
            if (stopping.aborted) break;
            const why = error instanceof Error ? error.message : String(error);
            deps.health.raise('reader', 'stopped', `the journal could not be read: ${why}`);
            await clock.sleep(FAILED_WAIT, stopping);
          }
        }
      } finally {
        readDeadline.abort();
        stopping.removeEventListener('abort', readDeadline.abort);
      }
      if (end !== undefined) await submitAll(scheduler.closeAll('shutdown', clock.now()));
    },
    /** From now on `run` reads only what is accepted already, then closes and submits the open batches, and ends. */
    drain(): void {
      end = deps.newest();
      readDeadline.abort();
    },
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
  const { first } = positions;
  let at = events.findIndex(({ position }) => position === first);
  if (at < 0) return undefined;
  const picked: StoredEvent[] = [];
  for (const position of positions) {
    while (at < events.length && events[at]!.position < position) at++;
    const event = events[at];
    if (event?.position !== position) return undefined;
    picked.push(event);
  }
  return picked;
}

/** Bounds the waits of one reader in time. */
export interface ReadDeadline {
  /**
   * A signal that aborts at this time at the latest, epoch milliseconds, infinity for never. It goes by the clock as it is set
   * now; a clock that is set later counts from the next call. It may abort earlier, so look at the clock again.
   *
   * The same signal is returned while it still fits, so that a reader of a thousand reads a second makes one timer a batch and
   * not one a read (bench/cases/ingest.ts, "lake").
   */
  signalFor(deadline: number): AbortSignal;
  /** Ends the present wait. The next call of `signalFor` returns another signal. */
  abort(): void;
}

/** By how much the two clocks may differ from one call to the next, milliseconds. */
const ROUNDING = 1;

export function createReadDeadline(clock: Clock): ReadDeadline {
  /** By the monotonic clock, which the timer goes by. */
  let abortsAt = Number.POSITIVE_INFINITY;
  let controller = new AbortController();
  const abort = () => controller.abort();
  return {
    signalFor(deadline) {
      const wait = Math.max(0, deadline - clock.now());
      const due = clock.monotonic() + wait;
      if (controller.signal.aborted || due < abortsAt - ROUNDING) {
        abort();
        const next = new AbortController();
        controller = next;
        abortsAt = due;
        if (Number.isFinite(wait)) clock.sleep(wait, next.signal).then(() => next.abort());
      }
      return controller.signal;
    },
    abort,
  };
}
