import type { Event } from '../event/event.ts';
import type { Manifest, Position, StoredEvent, Subscription } from '../journal/journal.ts';
import { PositionSet } from '../journal/positions.ts';
import type { EventBlock } from '../sdk/contract/batch.ts';
import { type Mapper, mapEvent } from '../sdk/contract/mapper.ts';
import type { DeadLetterCause } from '../telemetry/observer.ts';

/** A record or event that is not delivered, and why. `lost`: corruption of the journal took it; it becomes no dead letter. */
export interface SetAside {
  readonly position: Position;
  readonly cause: DeadLetterCause | 'lost';
  readonly reason: string;
}

/** The records of a batch, for as many attempts as it takes. Indexes are those of the batch; undefined means all. */
export type Content = RecordsContent | StreamContent;

interface ContentBase {
  /** Number of records to deliver. */
  readonly count: number;
  positionOf(index: number): Position;
  /** The positions of the records with these indexes; undefined means all. */
  positions(indexes?: readonly number[]): PositionSet;
  /** Events of the manifest that are not among the records. For a stream that is known after it was read. */
  setAside(): readonly SetAside[];
}

export interface RecordsContent extends ContentBase {
  readonly stream: false;
  records(indexes: readonly number[] | undefined): readonly unknown[];
  /** The events of those records, decoded anew. */
  events(indexes: readonly number[] | undefined): readonly Event[];
  /** Raw bytes of the events of those records. */
  bytes(indexes: readonly number[] | undefined): number;
}

export interface StreamContent extends ContentBase {
  readonly stream: true;
  /**
   * Throws at its end when some of the events are lost, so that the others are not taken for the whole batch.
   *
   * @throws Error
   */
  blocks(indexes: readonly number[] | undefined, signal?: AbortSignal): AsyncIterable<EventBlock>;
  decode: DecodeEvent;
}

/** Reads a stored event; lazily, see `createDecoder`. */
export type DecodeEvent = (raw: Uint8Array, receivedAt: number) => Event;

/**
 * Decodes and maps the events of a batch, for outputs whose batches fit in memory.
 *
 * @param source the events of the manifest in the journal's order, without those that are damaged
 * @param mapperName as the configuration has it, for the reasons of dead letters
 */
export async function loadRecords(
  manifest: Manifest,
  source: AsyncIterable<readonly StoredEvent[]> | Iterable<readonly StoredEvent[]>,
  decode: DecodeEvent,
  mapper: Mapper,
  mapperName?: string,
): Promise<RecordsContent> {
  const records: unknown[] = [];
  /** The event of each record: its bytes, because a parsed event is many times larger. */
  const sources: StoredEvent[] = [];
  const setAside: SetAside[] = [];
  const damaged = missingFrom(manifest.positions);
  for await (const events of source) {
    for (const stored of events) {
      const { position, receivedAt, raw } = stored;
      setAside.push(...damaged.before(position));
      const mapped = mapEvent(mapper, decode(raw, receivedAt), mapperName);
      if (mapped.ok) {
        records.push(mapped.record);
        sources.push(stored);
      } else setAside.push({ position, cause: 'unmappable', reason: mapped.reason });
    }
  }
  setAside.push(...damaged.before(Number.POSITIVE_INFINITY));
  const at = <T>(all: readonly T[], indexes: readonly number[] | undefined): readonly T[] =>
    indexes === undefined ? all : indexes.map((index) => all[index] as T);
  return {
    stream: false,
    count: records.length,
    positionOf: (index) => (sources[index] as StoredEvent).position,
    positions: (indexes) => {
      const set = new PositionSet();
      for (const { position } of at(sources, indexes)) set.push(position);
      return set;
    },
    setAside: () => setAside,
    records: (indexes) => at(records, indexes),
    events: (indexes) => at(sources, indexes).map(({ raw, receivedAt }) => decode(raw, receivedAt)),
    bytes: (indexes) => at(sources, indexes).reduce((sum, { raw }) => sum + raw.byteLength, 0),
  };
}

/** The events of a batch as blocks, read from the journal each time: for batches too large for memory. */
export function streamOf(
  manifest: Manifest,
  subscription: Pick<Subscription, 'fetch'>,
  decode: DecodeEvent,
): StreamContent {
  const positionsOf = (indexes: readonly number[] | undefined) =>
    indexes === undefined ? manifest.positions : pick(manifest.positions, indexes);
  let missing: readonly SetAside[] = [];
  return {
    stream: true,
    decode,
    count: manifest.positions.count,
    positionOf: (index) => nth(manifest.positions, index),
    positions: positionsOf,
    setAside: () => missing,
    async *blocks(indexes, signal) {
      const positions = positionsOf(indexes);
      const damaged = missingFrom(positions);
      const found: SetAside[] = [];
      const ranks = ranksOf(positions);
      for await (const events of subscription.fetch(positions, signal)) {
        for (const { position } of events) found.push(...damaged.before(position));
        // After the first loss the rest is read to find the other losses.
        if (events.length > 0 && found.length === 0) yield toBlock(events, ranks);
      }
      signal?.throwIfAborted();
      found.push(...damaged.before(Number.POSITIVE_INFINITY));
      if (found.length === 0) return;
      // Corruption is permanent: what one read of a slice missed stays missing in the batch.
      const known = new Set(missing.map(({ position }) => position));
      missing = [...missing, ...found.filter(({ position }) => !known.has(position))];
      throw new Error(`${found.length} events of the batch are corrupt in the journal`);
    },
  };
}

function toBlock(events: readonly StoredEvent[], rankOf: (position: Position) => number): EventBlock {
  const buffer = new ArrayBuffer(events.reduce((sum, { raw }) => sum + raw.byteLength, 0));
  const bytes = new Uint8Array(buffer);
  const entries = new Float64Array(events.length * 4);
  let offset = 0;
  events.forEach(({ position, receivedAt, raw }, i) => {
    bytes.set(raw, offset);
    entries.set([rankOf(position), receivedAt, offset, raw.byteLength], i * 4);
    offset += raw.byteLength;
  });
  return { buffer, entries };
}

/** Compares a set of positions with the events read for it, and finds the positions that are missing. */
function missingFrom(positions: PositionSet) {
  const expected = positions[Symbol.iterator]();
  let next = expected.next();
  return {
    /** The positions expected before this one and not seen; this one counts as seen. */
    *before(position: number): Generator<SetAside> {
      for (; !next.done && next.value < position; next = expected.next()) {
        yield { position: next.value, cause: 'lost', reason: 'the event is corrupt in the journal' };
      }
      if (!next.done && next.value === position) next = expected.next();
    },
  };
}

/** The place of a position in the set, asked in ascending order. */
function ranksOf(positions: PositionSet): (position: Position) => number {
  const runs = positions.runs();
  let run = runs.next();
  let before = 0;
  return (position) => {
    while (!run.done && run.value[1] < position) {
      before += run.value[1] - run.value[0] + 1;
      run = runs.next();
    }
    return before + (run.done ? 0 : position - run.value[0]);
  };
}

function nth(positions: PositionSet, index: number): Position {
  let left = index;
  for (const [first, last] of positions.runs()) {
    const length = last - first + 1;
    if (left < length) return first + left;
    left -= length;
  }
  throw new RangeError(`no record ${index} in a batch of ${positions.count}`);
}

/** The positions at these indexes, ascending. One walk over the runs. */
function pick(positions: PositionSet, indexes: readonly number[]): PositionSet {
  const picked = new PositionSet();
  let before = 0;
  let i = 0;
  for (const [first, last] of positions.runs()) {
    const length = last - first + 1;
    for (; i < indexes.length && (indexes[i] as number) < before + length; i++) {
      picked.push(first + (indexes[i] as number) - before);
    }
    before += length;
  }
  return picked;
}
