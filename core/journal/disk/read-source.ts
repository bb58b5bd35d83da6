import type { ReadSource } from '../cursor/subscription.ts';
import type { StoredEvent } from '../journal.ts';
import type { PositionSet } from '../positions.ts';
import { segmentIdentity } from '../segments/codec.ts';
import type { SegmentReader } from '../segments/reader.ts';
import { MOST_BYTES } from '../segments/reader.ts';
import type { RecentCache } from '../segments/recent-cache.ts';
import { withoutSpare } from '../segments/recent-cache.ts';
import type { Segment } from '../segments/segment.ts';
import { markBefore, segmentOf } from '../segments/segment.ts';

/** Reads the newest events from memory and the others from the segments. */
export function createReadSource(reader: SegmentReader, recent: RecentCache): ReadSource {
  const { segments } = reader;
  return {
    async load(positions, maxBytes) {
      const { events, through } =
        positions.first >= recent.first()
          ? fromMemory(recent, positions, maxBytes)
          : await fromDisk(reader, positions, maxBytes);
      return { events: withoutSpare(events), through };
    },
    async *stream(positions, signal) {
      if (positions.first >= recent.first()) {
        // All at once: the cache moves on meanwhile.
        const events = [...positions].flatMap((position) => recent.get(position) ?? []);
        for (const chunk of inChunks(events)) {
          if (signal?.aborted) return;
          yield withoutSpare(chunk);
        }
        return;
      }
      for await (const { events } of reader.read(positions)) {
        if (signal?.aborted) return;
        if (events.length > 0) yield withoutSpare(events);
      }
    },
    identify: (positions) => identify(segments, positions),
    receivedAt(position) {
      const event = recent.get(position);
      if (event !== undefined) return event.receivedAt;
      const segment = segments[segmentOf(segments, position)];
      return segment?.marks[markBefore(segment, position) + 2];
    },
  };
}

/** The identities of the segments that hold the positions, in order. */
function identify(segments: readonly Segment[], positions: PositionSet): string {
  const identities: string[] = [];
  for (const [first, last] of positions.runs()) {
    for (let i = segmentOf(segments, first); i < segments.length && segments[i]!.header.first <= last; i++) {
      const identity = segmentIdentity(segments[i]!.header);
      if (identities.at(-1) !== identity) identities.push(identity);
    }
  }
  return identities.join(' ');
}

function fromMemory(recent: RecentCache, positions: PositionSet, maxBytes: number) {
  const events: StoredEvent[] = [];
  let size = 0;
  for (const position of positions) {
    const event = recent.get(position)!;
    size += event.raw.length;
    if (events.length > 0 && size > maxBytes) break;
    events.push(event);
  }
  return { events, through: events.at(-1)!.position };
}

/** As much at a time as is read from the disk. */
function* inChunks(events: readonly StoredEvent[]): Generator<readonly StoredEvent[]> {
  let start = 0;
  let size = 0;
  for (const [i, { raw }] of events.entries()) {
    size += raw.length;
    if (size <= MOST_BYTES || i === start) continue;
    yield events.slice(start, i);
    start = i;
    size = raw.length;
  }
  if (start < events.length) yield events.slice(start);
}

async function fromDisk(reader: SegmentReader, positions: PositionSet, maxBytes: number) {
  for await (const { events, through } of reader.read(positions)) {
    if (events.length === 0) continue;
    let size = 0;
    const fitting = events.findIndex(({ raw }, i) => {
      size += raw.length;
      return i > 0 && size > maxBytes;
    });
    if (fitting < 0) return { events, through };
    return { events: events.slice(0, fitting), through: events[fitting - 1]!.position };
  }
  return { events: [], through: positions.last };
}
