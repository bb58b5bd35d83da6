import type { Enrich } from '../event/decode.ts';
import type { Event } from '../event/event.ts';
import { parseEvent } from '../event/parse.ts';
import type { RecentEvents } from '../event/recent.ts';
import { type Journal, type JournalEntry, JournalFullError } from '../journal/journal.ts';
import type { Clock } from '../sdk/contract/clock.ts';
import type { IngestObserver, Tally } from '../telemetry/observer.ts';
import { createAppendLater } from './append-later.ts';
import type { Problem } from './problem.ts';
import { noRoom, notAnEvent, storageFailed, tooMuchAtOnce } from './refusals.ts';
import { eachTurn, ownTurn } from './turn.ts';

/** One event of a bulk request that is not an event. */
export interface Rejection {
  /** Its place in the request, from 0; blank lines are not counted. */
  readonly index: number;
  readonly reason: string;
}

/**
 * The way in: parse, route, append. A return means: on stable storage. Every problem is thrown as a {@link Problem} that
 * carries the number of events it refuses; the caller counts them.
 */
export interface Ingest {
  /**
   * Takes one event. When the journal is full or cannot write it waits, up to `maxWait`: Falco never sends again, but
   * waits for its answer as long as it takes.
   *
   * @param gone the client's going away, which ends the wait; asked for only when it comes to waiting
   * @param waited milliseconds of `maxWait` that the sender has waited already
   */
  one(raw: Uint8Array, gone?: () => AbortSignal, waited?: number): Promise<void>;
  /** Takes all the events of a request that are events, together, or none. Never waits for room. The caller counts the rejected ones. */
  many(bodies: readonly Uint8Array[]): Promise<{ accepted: number; rejected: readonly Rejection[] }>;
}

export interface IngestOptions {
  /** Where `status` is known, a bulk request is refused before it is parsed when there is no room. */
  readonly journal: Pick<Journal, 'append' | 'waitForRoom' | 'failed'> & Partial<Pick<Journal, 'status'>>;
  /** The names of the outputs that want an event. */
  readonly route: (event: Event) => readonly string[];
  readonly enrich: Enrich;
  /** Told of single events, for the outputs that read them next. */
  readonly recent?: Pick<RecentEvents, 'add'>;
  readonly clock: Clock;
  /** Milliseconds that `one` may wait for room. */
  readonly maxWait: number;
  readonly observer: IngestObserver;
  /**
   * Who is told of each event on stable storage (the debug log, a tap); asked once a request. Nobody, most of the time:
   * being told makes bulk requests keep their events.
   */
  readonly queued?: () => ((event: Event, outputs: readonly string[]) => void) | undefined;
}

/** One event that came in, and who waits for it. */
interface Arrival {
  readonly raw: Uint8Array;
  readonly receivedAt: number;
  readonly gone: () => AbortSignal;
  readonly waited: number;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** How long one turn of the event loop may go on parsing a bulk request, milliseconds. */
const TURN = 5;

/** Wires parser, router and journal into the way in. */
export function createIngest(options: IngestOptions): Ingest {
  const { journal, route, enrich, recent, clock, observer } = options;

  const appendLater = createAppendLater(options);

  /** What an append ended in, as an answer. @param status see {@link noRoom} */
  const failed = (error: unknown, status: 429 | 503, events: number): Problem => {
    if (error instanceof JournalFullError) return noRoom(status, events, error.message);
    return error instanceof RangeError ? tooMuchAtOnce(error, events) : storageFailed(error as Error, events);
  };

  /** Whom to tell of an event when it is stored, if anybody. */
  const toldOf = (event: Event, outputs: readonly string[]): (() => void) | undefined => {
    const queued = options.queued?.();
    return queued === undefined ? undefined : () => queued(event, outputs);
  };

  /** Takes one event; plain promises, as an asynchronous function would keep the parsed event over its wait for the disk. */
  const take = ({ raw, receivedAt, gone, waited }: Arrival): Promise<void> => {
    const result = parseEvent(raw, receivedAt);
    if (!result.ok) return Promise.reject(notAnEvent(result.field, result.reason, raw));
    const event = enrich(result.event);
    const outputs = route(event);
    const tally = observer.tallyOf(event);
    const tell = toldOf(event, outputs);
    const taken = () => {
      observer.received([tally]);
      tell?.();
    };
    // What no output wants has nowhere to go: there is nothing to keep it for.
    if (outputs.length === 0) {
      observer.unrouted(1);
      return Promise.resolve().then(taken);
    }
    recent?.add(result.event);
    const entries = [{ raw, receivedAt, outputs }];
    return journal
      .append(entries)
      .then(taken, (error) =>
        appendLater(entries, error, gone, waited).then(taken, (last) => Promise.reject(failed(last, 503, 1))),
      );
  };

  // All of a turn in a row: between the sockets' own work each of them would find the processor's caches cold, which was
  // measured to cost as much as parsing does.
  const arrive = eachTurn<Arrival>((arrivals) => {
    for (const arrival of arrivals) {
      try {
        take(arrival).then(arrival.resolve, arrival.reject);
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
      // Not the events themselves: thousands of parsed trees would cost more to keep than to make.
      const entries: JournalEntry[] = [];
      const tallies: Tally[] = [];
      const queued = options.queued?.();
      const told: (() => void)[] = [];
      let turn = clock.monotonic();
      for (const [index, raw] of bodies.entries()) {
        const result = parseEvent(raw, receivedAt);
        if (result.ok) {
          const event = enrich(result.event);
          const outputs = route(event);
          if (outputs.length > 0) entries.push({ raw, receivedAt, outputs });
          tallies.push(observer.tallyOf(event));
          if (queued !== undefined) told.push(() => queued(event, outputs));
        } else rejected.push({ index, reason: `${result.field} ${result.reason}` });
        if (clock.monotonic() - turn > TURN) {
          await ownTurn();
          turn = clock.monotonic();
        }
      }
      try {
        if (entries.length > 0) await journal.append(entries);
      } catch (error) {
        throw failed(error, 429, bodies.length);
      }
      observer.received(tallies);
      for (const tell of told) tell();
      if (entries.length < tallies.length) observer.unrouted(tallies.length - entries.length);
      return { accepted: tallies.length, rejected };
    },
  };
}
