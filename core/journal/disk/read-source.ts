import { lose } from '../cursor/state.ts';
import type { Backing } from '../cursor/subscription.ts';
import type { Saver } from '../cursor/writer.ts';
import type { Position, StoredEvent } from '../journal.ts';
import type { ManifestLog } from '../manifests/log.ts';
import { PositionSet } from '../positions.ts';
import { segmentIdentity } from '../segments/codec.ts';
import type { Source } from '../segments/reader.ts';
import { MOST_BYTES, readEvents } from '../segments/reader.ts';
import type { Tail } from '../segments/recent-cache.ts';
import { withoutSpare } from '../segments/recent-cache.ts';
import type { Segment } from '../segments/segment.ts';
import { markBefore, segmentOf } from '../segments/segment.ts';

/** What the subscriptions of a journal on disk work with: its newest events from memory, the others from its segments. */
export function createBacking({
  source,
  tail,
  saver,
  manifests,
}: {
  readonly source: Source;
  readonly tail: Tail;
  readonly saver: Saver;
  readonly manifests: Pick<ManifestLog, 'seal' | 'compact'>;
}): Backing {
  return {
    async load(ledger, positions, maxBytes) {
      const { events, through } =
        positions.first >= tail.first()
          ? fromTail(tail, positions, maxBytes)
          : await fromDisk(source, positions, maxBytes);
      const missing = without(positions, events, through);
      if (missing.count > 0) {
        lose(ledger, missing);
        saver.changed(ledger);
      }
      return { events: withoutSpare(events), through };
    },
    async *stream(positions, signal) {
      if (positions.first >= tail.first()) {
        // At once, as the tail moves on meanwhile.
        const events = [...positions].flatMap((position) => tail.get(position) ?? []);
        for (const chunk of inChunks(events)) {
          if (signal?.aborted) return;
          yield withoutSpare(chunk);
        }
        return;
      }
      for await (const { events } of readEvents(source, positions)) {
        if (signal?.aborted) return;
        if (events.length > 0) yield withoutSpare(events);
      }
    },
    identify: (positions) => identify(source.segments, positions),
    seal: (ledger, manifest) => manifests.seal({ output: ledger.output, manifest }),
    unsealed: () => manifests.compact(),
    settled: saver.changed,
    flush: saver.save,
    receivedAt(position) {
      const event = tail.get(position);
      if (event !== undefined) return event.receivedAt;
      const segment = source.segments[segmentOf(source.segments, position)];
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

function fromTail(tail: Tail, positions: PositionSet, maxBytes: number) {
  const events: StoredEvent[] = [];
  let size = 0;
  for (const position of positions) {
    const event = tail.get(position)!;
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

async function fromDisk(source: Source, positions: PositionSet, maxBytes: number) {
  for await (const { events, through } of readEvents(source, positions)) {
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

/** The positions up to `through` that no event came for. */
function without(positions: PositionSet, events: readonly StoredEvent[], through: Position): PositionSet {
  const missing = new PositionSet();
  let i = 0;
  for (const position of positions) {
    if (position > through) break;
    if (events[i]?.position === position) i++;
    else missing.push(position);
  }
  return missing;
}
