import { Cron } from 'croner';
import { PositionSet } from '../journal/positions.ts';
import type { BatchLimits, CloseReason } from '../sdk/contract/batch.ts';

/** A batch that takes no more events. It holds positions, never events. */
export interface ClosedBatch {
  readonly partition: string;
  readonly positions: PositionSet;
  /** Raw bytes of the events. */
  readonly bytes: number;
  /** When its first event was accepted and when it was closed, epoch milliseconds. */
  readonly openedAt: number;
  readonly closedAt: number;
  readonly reason: CloseReason;
}

export interface SchedulerOptions {
  /** Partitions that may be open at once; one more closes the oldest. Default 1024. */
  readonly maxOpen?: number;
  /** Raw bytes that a batch never exceeds (except one of a single event), for outputs that hold it in memory. */
  readonly maxBytes?: number;
  /** Bytes at the destination per raw byte, to start with. Default 1. */
  readonly ratio?: number;
}

/** Decides which events share a batch and when it is closed. Driven by the caller: it has no timers and reads no clock. */
export interface BatchScheduler {
  /**
   * Adds an event to the open batch of its partition.
   *
   * @param position greater than every one added before.
   * @param receivedAt when it was accepted, epoch milliseconds.
   * @param now epoch milliseconds.
   * @returns the batches that this closed; mostly none.
   */
  add(
    partition: string,
    position: number,
    bytes: number,
    receivedAt: number,
    now: number,
  ): readonly ClosedBatch[];
  /**
   * Closes what is due by age or schedule.
   *
   * @param caughtUp false while older events are still to be read: then the age of a batch counts from when it was opened
   * here, so that a backlog is cut into full batches, not one batch per read.
   */
  due(now: number, caughtUp: boolean): readonly ClosedBatch[];
  /** When {@link due} has something to do next, epoch milliseconds; undefined when only an event can change that. */
  nextDue(caughtUp: boolean): number | undefined;
  closeAll(reason: CloseReason, now: number): readonly ClosedBatch[];
  /** Reports the size of a batch at the destination, from which `size` is estimated. */
  learn(rawBytes: number, destinationBytes: number): void;
  /** Events in open batches. */
  events(): number;
}

interface OpenBatch {
  readonly partition: string;
  readonly positions: PositionSet;
  bytes: number;
  readonly openedAt: number;
  /** When it was opened here; set back when the clock was. */
  seenAt: number;
}

/** @throws Error when the cron expression is not one. */
export function createBatchScheduler(limits: BatchLimits, options: SchedulerOptions = {}): BatchScheduler {
  const { maxOpen = 1024, maxBytes = Number.POSITIVE_INFINITY } = options;
  const { events: maxEvents = Number.POSITIVE_INFINITY, size = Number.POSITIVE_INFINITY, every } = limits;
  const schedule = limits.cron === undefined ? undefined : parseSchedule(limits.cron);
  const estimate = createSizeEstimate(options.ratio ?? 1);
  /** In the order of opening, so the first is the oldest. */
  const open = new Map<string, OpenBatch>();
  /** When a batch of the partition was last closed by age; forgotten when it no longer holds anything back. */
  const closedByAge = new Map<string, number>();
  let pending = 0;
  let tick: { readonly at: number | undefined; readonly from: number } | undefined;

  function close(batch: OpenBatch, reason: CloseReason, now: number): ClosedBatch {
    open.delete(batch.partition);
    pending -= batch.positions.count;
    if (reason === 'age') closedByAge.set(batch.partition, now);
    const { partition, positions, bytes, openedAt } = batch;
    return { partition, positions, bytes, openedAt, closedAt: now, reason };
  }

  function tooLarge(bytes: number): boolean {
    return bytes > maxBytes || estimate.atDestination(bytes) > size;
  }

  function dueAt(batch: OpenBatch, caughtUp: boolean): number {
    if (every === undefined) return Number.POSITIVE_INFINITY;
    const since = caughtUp ? Math.min(batch.openedAt, batch.seenAt) : batch.seenAt;
    return Math.max(since, closedByAge.get(batch.partition) ?? 0) + every;
  }

  function nextTick(now: number): number {
    if (schedule === undefined) return Number.POSITIVE_INFINITY;
    // Computed again when the clock was set back: otherwise the tick would be too far away.
    if (tick === undefined || now < tick.from) tick = { at: schedule.after(now), from: now };
    return tick.at ?? Number.POSITIVE_INFINITY;
  }

  return {
    add(partition, position, bytes, receivedAt, now) {
      const closed: ClosedBatch[] = [];
      // A tick that passed while nothing was open is not for this event.
      if (open.size === 0) tick = undefined;
      nextTick(now);
      let batch = open.get(partition);
      if (batch !== undefined && tooLarge(batch.bytes + bytes)) {
        closed.push(close(batch, 'size', now));
        batch = undefined;
      }
      if (batch === undefined) {
        if (open.size >= maxOpen) {
          for (const oldest of open.values()) {
            closed.push(close(oldest, 'pressure', now));
            break;
          }
        }
        batch = { partition, positions: new PositionSet(), bytes: 0, openedAt: receivedAt, seenAt: now };
        open.set(partition, batch);
      }
      batch.positions.push(position);
      batch.bytes += bytes;
      pending++;
      if (batch.positions.count >= maxEvents) closed.push(close(batch, 'events', now));
      else if (batch.bytes >= maxBytes || estimate.atDestination(batch.bytes) >= size) {
        closed.push(close(batch, 'size', now));
      }
      return closed;
    },

    due(now, caughtUp) {
      if (now >= nextTick(now)) {
        tick = undefined;
        nextTick(now);
        return [...open.values()].map((batch) => close(batch, 'schedule', now));
      }
      if (every === undefined) return [];
      const closed: ClosedBatch[] = [];
      for (const [partition, at] of closedByAge) {
        if (now < at) closedByAge.set(partition, now);
        else if (now >= at + every) closedByAge.delete(partition);
      }
      for (const batch of open.values()) {
        if (now < batch.seenAt) batch.seenAt = now;
        if (now >= dueAt(batch, caughtUp)) closed.push(close(batch, 'age', now));
      }
      return closed;
    },

    nextDue(caughtUp) {
      if (open.size === 0) return undefined;
      let next = tick?.at ?? Number.POSITIVE_INFINITY;
      for (const batch of open.values()) next = Math.min(next, dueAt(batch, caughtUp));
      return Number.isFinite(next) ? next : undefined;
    },

    closeAll: (reason, now) => [...open.values()].map((batch) => close(batch, reason, now)),
    learn: estimate.learn,
    events: () => pending,
  };
}

/** The weight of the newest batch in the average. */
const WEIGHT = 0.3;
/** A smaller batch has less weight: in a small file the headers outweigh the events. */
const TELLING_BYTES = 1024 * 1024;
/** Bounds of the ratio of one batch: a destination that reports 0 bytes must not make batches endless. */
const LEAST = 1 / 1000;
const MOST = 10;

/** An estimate of the bytes at the destination, learnt from the batches delivered: a moving average of the ratio. */
export function createSizeEstimate(startingRatio: number) {
  let ratio = startingRatio;
  return {
    atDestination: (rawBytes: number): number => rawBytes * ratio,
    learn(rawBytes: number, destinationBytes: number): void {
      if (!(rawBytes > 0) || !Number.isFinite(destinationBytes)) return;
      const said = Math.min(MOST, Math.max(LEAST, destinationBytes / rawBytes));
      ratio += WEIGHT * Math.min(1, rawBytes / TELLING_BYTES) * (said - ratio);
    },
  };
}

/** The ticks of a cron expression. */
export interface Schedule {
  /** The first tick after the time, both epoch milliseconds; undefined when there is none. */
  after(now: number): number | undefined;
}

/**
 * Reads a cron expression of five or six parts (seconds first), in UTC.
 *
 * @throws Error with what is wrong with the expression.
 * @example parseSchedule('0 6 * * *').after(Date.UTC(2026, 0, 1)) // 06:00 UTC on that day
 */
export function parseSchedule(expression: string): Schedule {
  const cron = new Cron(expression, { timezone: 'Etc/UTC', mode: '5-or-6-parts', paused: true });
  return { after: (now) => cron.nextRun(new Date(now))?.getTime() };
}
