import { setImmediate } from 'node:timers';
import type { Enrich } from '../event/decode.ts';
import type { Event } from '../event/event.ts';
import { parseEvent } from '../event/parse.ts';
import type { RecentEvents } from '../event/recent.ts';
import { type Journal, type JournalEntry, JournalFailedError, JournalFullError } from '../journal/journal.ts';
import type { Clock } from '../sdk/contract/clock.ts';
import type { EventSeries, IngestObserver } from '../telemetry/observer.ts';
import { ownTick } from './body.ts';
import type { Problem } from './problem.ts';
import { noRoom, notAnEvent, storageFailed, tooMuchAtOnce } from './refusals.ts';

/** One event of a bulk request that is not an event. */
export interface Rejection {
  /** Its place in the request, from 0; blank lines are not counted. */
  readonly index: number;
  readonly reason: string;
}

/**
 * Ingest: parse, route, append to the journal. When a call returns, the events are on stable storage. Failures are thrown as
 * a {@link Problem} with the number of events that it refuses; the caller counts them.
 */
export interface Ingest {
  /**
   * Accepts one event. While the journal is full or cannot write it waits, up to `maxWait`: Falco never sends an event again,
   * but waits for the answer.
   *
   * @param gone aborts when the client disconnects, which ends the wait; called only before waiting
   * @param waited milliseconds of `maxWait` that the sender has waited already
   */
  one(raw: Uint8Array, gone?: () => AbortSignal, waited?: number): Promise<void>;
  /** Accepts all valid events of a request together, or none. Never waits for room. The caller counts the rejected ones. */
  many(bodies: readonly Uint8Array[]): Promise<{ accepted: number; rejected: readonly Rejection[] }>;
}

export interface IngestOptions {
  /** Where `status` is known, a bulk request is refused before it is parsed when there is no room. */
  readonly journal: Pick<Journal, 'append' | 'waitForRoom' | 'failed'> & Partial<Pick<Journal, 'status'>>;
  /** The names of the outputs that want an event. */
  readonly route: (event: Event) => readonly string[];
  readonly enrich: Enrich;
  /** Gets single events, so that outputs that are up to date need not parse them again. */
  readonly recent?: Pick<RecentEvents, 'add'>;
  readonly clock: Clock;
  /** Milliseconds that `one` may wait for room. */
  readonly maxWait: number;
  readonly observer: IngestObserver;
  /**
   * Returns the callback for each event on stable storage (the debug log, a tap), or undefined. Called once per request. With
   * a callback the parsed events stay in memory until they are stored.
   */
  readonly queued?: () => ((event: Event, outputs: readonly string[]) => void) | undefined;
}

/** One received event and the promise of its request. */
interface Arrival {
  readonly raw: Uint8Array;
  readonly receivedAt: number;
  readonly gone: () => AbortSignal;
  readonly waited: number;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** Milliseconds that a bulk request may parse before it yields to the event loop. */
const PARSE_SLICE = 5;

/** Connects parser, router and journal. */
export function createIngest(options: IngestOptions): Ingest {
  const { journal, route, enrich, recent, clock, observer } = options;

  const retryAppend = createAppendRetry(options);

  /** The problem to answer with after a failed append. @param status see {@link noRoom} */
  const appendProblem = (error: unknown, status: 429 | 503, events: number): Problem => {
    if (error instanceof JournalFullError) return noRoom(status, events, error.message);
    return error instanceof RangeError ? tooMuchAtOnce(error, events) : storageFailed(error as Error, events);
  };

  /** Returns a function that reports an event as stored, if anything is to be called. */
  const notifierOf = (event: Event, outputs: readonly string[]): (() => void) | undefined => {
    const queued = options.queued?.();
    return queued === undefined ? undefined : () => queued(event, outputs);
  };

  /**
   * Accepts one event. Neither an async function nor one whose closures use the event: both would keep the parsed event in
   * memory while it waits for the disk (bench/cases/retained.ts).
   */
  const accept = ({ raw, receivedAt, gone, waited }: Arrival): Promise<void> => {
    const result = parseEvent(raw, receivedAt);
    if (!result.ok) return Promise.reject(notAnEvent(result.field, result.reason, raw));
    const event = enrich(result.event);
    const outputs = route(event);
    const series = observer.seriesOf(event);
    const notify = notifierOf(event, outputs);
    const accepted = () => {
      observer.received([series]);
      notify?.();
    };
    // No output wants it, so it is not stored.
    if (outputs.length === 0) {
      observer.unrouted(1);
      return Promise.resolve().then(accepted);
    }
    recent?.add(result.event);
    const entries = [{ raw, receivedAt, outputs }];
    return journal
      .append(entries)
      .then(accepted, (error) =>
        retryAppend(entries, error, gone, waited).then(accepted, (last) =>
          Promise.reject(appendProblem(last, 503, 1)),
        ),
      );
  };

  // The events of a tick are parsed one after the other. Parsed between the work of the sockets, each of them finds the
  // caches of the processor cold, which costs as much as parsing (bench/cases/ingest.ts).
  const arrive = batchPerTick<Arrival>((arrivals) => {
    for (const arrival of arrivals) {
      try {
        accept(arrival).then(arrival.resolve, arrival.reject);
      } catch (error) {
        arrival.reject(error);
      }
    }
  });

  return {
    one: (raw, gone = () => new AbortController().signal, waited = 0) =>
      new Promise((resolve, reject) =>
        arrive({ raw, receivedAt: clock.now(), gone, waited, resolve, reject }),
      ),

    async many(bodies) {
      const { state, reason } = journal.status?.() ?? {};
      if (state === 'full') throw noRoom(429, bodies.length, reason);
      const receivedAt = clock.now();
      const rejected: Rejection[] = [];
      // The parsed events are not kept: thousands of them take too much memory (bench/cases/bulk.ts).
      const entries: JournalEntry[] = [];
      const series: EventSeries[] = [];
      const queued = options.queued?.();
      const notifications: (() => void)[] = [];
      let sliceStart = clock.monotonic();
      for (const [index, raw] of bodies.entries()) {
        const result = parseEvent(raw, receivedAt);
        if (result.ok) {
          const event = enrich(result.event);
          const outputs = route(event);
          if (outputs.length > 0) entries.push({ raw, receivedAt, outputs });
          series.push(observer.seriesOf(event));
          if (queued !== undefined) notifications.push(() => queued(event, outputs));
        } else rejected.push({ index, reason: `${result.field} ${result.reason}` });
        if (clock.monotonic() - sliceStart > PARSE_SLICE) {
          await ownTick();
          sliceStart = clock.monotonic();
        }
      }
      try {
        if (entries.length > 0) await journal.append(entries);
      } catch (error) {
        throw appendProblem(error, 429, bodies.length);
      }
      observer.received(series);
      for (const notify of notifications) notify();
      if (entries.length < series.length) observer.unrouted(series.length - entries.length);
      return { accepted: series.length, rejected };
    },
  };
}

/**
 * Collects the items of one tick of the event loop and handles them together at its end, in order.
 *
 * @example const add = batchPerTick<string>((lines) => console.log(lines.length)); add('a'); add('b'); // 2
 */
export function batchPerTick<T>(handle: (items: readonly T[]) => void): (item: T) => void {
  let items: T[] = [];
  const end = () => {
    const all = items;
    items = [];
    handle(all);
  };
  return (item) => {
    if (items.push(item) === 1) setImmediate(end);
  };
}

/** Milliseconds between two attempts while the storage fails. */
const FIRST_WAIT = 50;
const LONGEST_WAIT = 1000;

/**
 * Appends again after an append failed.
 *
 * @param error what the first append ended in
 * @param gone aborts when the client disconnects, which ends the wait
 * @param waited milliseconds of `maxWait` that are over already
 * @throws the last error after `maxWait` or when the client disconnects; at once when waiting cannot help and when the
 *   journal has failed permanently
 */
type RetryAppend = (
  entries: readonly JournalEntry[],
  error: unknown,
  gone: () => AbortSignal,
  waited: number,
) => Promise<void>;

/**
 * Makes the retry of `POST /`. Falco takes any answer for a success and never sends an event again, so an append to a journal
 * that is full or cannot write is retried until `maxWait`. A full journal signals when there is room. After a write error
 * (no file descriptor, a failed sync) all waiting requests retry together, so that their events are one group, with
 * exponential backoff.
 */
function createAppendRetry({
  journal,
  clock,
  maxWait,
}: {
  readonly journal: Pick<Journal, 'append' | 'waitForRoom' | 'failed'>;
  readonly clock: Clock;
  readonly maxWait: number;
}): RetryAppend {
  let pause = FIRST_WAIT;
  let nextTry: Promise<void> | undefined;
  /** The waiting requests; the signal of the journal has one listener for all of them. */
  const waiting = new Set<AbortController>();
  journal.failed.addEventListener('abort', () => {
    for (const done of waiting) done.abort();
  });

  const untilNextTry = (): Promise<void> => {
    nextTry ??= clock.sleep(pause).then(() => {
      nextTry = undefined;
      pause = Math.min(2 * pause, LONGEST_WAIT);
    });
    return nextTry;
  };

  const within = async (
    milliseconds: number,
    client: AbortSignal,
    wait: (signal: AbortSignal) => Promise<void>,
  ): Promise<void> => {
    const done = new AbortController();
    const signal = AbortSignal.any([client, done.signal]);
    waiting.add(done);
    try {
      await Promise.race([wait(signal), clock.sleep(milliseconds, signal)]);
    } finally {
      waiting.delete(done);
      done.abort();
    }
  };

  return async (entries, error, gone, waited) => {
    const deadline = clock.monotonic() + maxWait - waited;
    for (let why = error; ; ) {
      const bytes = why instanceof JournalFullError ? why.bytes : undefined;
      if (bytes === undefined && !(why instanceof JournalFailedError)) throw why;
      const left = deadline - clock.monotonic();
      const client = gone();
      if (left <= 0 || client.aborted || journal.failed.aborted) throw why;
      await within(left, client, (signal) =>
        bytes === undefined ? untilNextTry() : journal.waitForRoom(signal, bytes),
      );
      try {
        await journal.append(entries);
        pause = FIRST_WAIT;
        return;
      } catch (again) {
        why = again;
      }
    }
  };
}
