import type { Event } from '../../event/event.ts';

/** When a batch is closed: whichever limit is reached first. An absent limit never closes. */
export interface BatchLimits {
  /** Number of events. */
  readonly events?: number;
  /** Bytes at the destination (estimated from what earlier batches came to), else raw bytes of the events. */
  readonly size?: number;
  /** Milliseconds since the batch was opened; also the least time between two batches of a partition closed by age. */
  readonly every?: number;
  /** A cron expression in UTC: all open batches are closed at each tick. */
  readonly cron?: string;
}

/** Why a batch was closed. `pressure`: more partitions were open than the output may hold. */
export type CloseReason = 'events' | 'size' | 'age' | 'schedule' | 'pressure' | 'shutdown';

/** What every batch has, whichever way its events are read. */
export interface BatchInfo {
  /** From the durable manifest: the same on every attempt and after every crash. Safe in a file name. */
  readonly id: string;
  /** 1 on the first attempt. */
  readonly attempt: number;
  /** What `partition()` of the output said of each event of the batch; `''` when the output has none. */
  readonly partition: string;
  /**
   * What `destination()` of the output said when the batch was closed; absent when the output has none, and for batches of
   * before 0.2. Deliver there, also when the configuration says otherwise by now: an attempt before a crash may have
   * delivered the batch there.
   */
  readonly destination?: string;
  /** Number of events. */
  readonly count: number;
  /** Raw bytes of the events. */
  readonly bytes: number;
  /** When its first event was accepted and when it was closed, epoch milliseconds. */
  readonly openedAt: number;
  readonly closedAt: number;
}

/**
 * The most that one call of `deliver` gets, whatever the user sets under `batch`: a larger batch is delivered in parts, one
 * after the other. A part has an id, a timeout and a result of its own; the first part that must be retried ends the attempt.
 *
 * @example
 * // PutRecords of Kinesis.
 * const request: RequestLimits = { events: 500, size: 5 * 1024 * 1024 };
 */
export interface RequestLimits<R = unknown> {
  /** Number of records. */
  readonly events?: number;
  /** Bytes of all records together, by `sizeOf`. A record that is larger by itself becomes a dead letter. */
  readonly size?: number;
  /** Bytes that one record takes in a request. Default: the length of its JSON (`recordJson`), as UTF-8. */
  readonly sizeOf?: (record: R) => number;
}

/** A closed set of records for one output and one partition. */
export interface Batch<R> extends BatchInfo {
  /** What the mapper made of each event, in the journal's order. */
  readonly records: readonly R[];
  /**
   * The events of the records: `records[i]` was made of `events[i]`. For what the mapper does not decide: key, subject, labels,
   * time (`timeText` has nanoseconds). Made when it is read, and an event is parsed when one of its members is read.
   */
  readonly events: readonly Event[];
}

/** What `preview` gets: records and their events. */
export type BatchContent<R> = Pick<Batch<R>, 'records' | 'events'>;

/** A batch too large to hold: the events are read back from the journal while the output writes. */
export interface StreamedBatch extends BatchInfo {
  /**
   * The events in the journal's order, about a megabyte a block. May be called again for another attempt. It throws when events
   * are damaged in the journal; let that be the end of the attempt: the next one carries the other events, under another id.
   *
   * A block's buffer belongs to the receiver and may be transferred to a worker thread.
   */
  blocks(signal?: AbortSignal): AsyncIterable<EventBlock>;
  /** The same events decoded, on this thread, each with its index in the batch. */
  events(signal?: AbortSignal): AsyncIterable<{ readonly index: number; readonly event: Event }>;
}

/** Raw events in one buffer; `createDecoder` reads them, on this thread or another. Can be structured-cloned. */
export interface EventBlock {
  readonly buffer: ArrayBuffer;
  /** Four numbers an event: index in the batch, receivedAt (epoch ms), byte offset in `buffer`, byte length. */
  readonly entries: Float64Array;
}
