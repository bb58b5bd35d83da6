import type { Position, StoredEvent } from '../journal.ts';

/** The newest events, kept in memory so that an output that keeps up does not read the disk. */
export interface RecentCache {
  push(event: StoredEvent): void;
  get(position: Position): StoredEvent | undefined;
  /** The oldest position held; every later one that exists is held too. */
  first(): Position;
}

/** Small views of large buffers are copied together into buffers of this size: `bench/cases/retained.ts`. */
const SLAB_BYTES = 64 << 10;
/** Empty slots of evicted events before the array is cut. */
const MAX_EMPTY = 1024;

/** @param maxBytes memory that the events may hold: whole buffers, not only the bytes of the events */
export function createRecentCache(maxBytes: number): RecentCache {
  let events: (StoredEvent | undefined)[] = [];
  let start = 0;
  let bytes = 0;
  let slab = new Uint8Array(0);
  let used = 0;

  const first = () => events[start]?.position ?? Number.POSITIVE_INFINITY;

  /** The same event, which pins no buffer much larger than its bytes: a request with many events is one buffer. */
  function compact(event: StoredEvent): StoredEvent {
    const { raw } = event;
    if (isDense(raw)) return event;
    if (raw.length > SLAB_BYTES / 4) return { ...event, raw: raw.slice() };
    if (used + raw.length > slab.length) {
      slab = new Uint8Array(SLAB_BYTES);
      used = 0;
    }
    const copy = slab.subarray(used, used + raw.length);
    copy.set(raw);
    used += raw.length;
    return { ...event, raw: copy };
  }

  return {
    push(event) {
      // The positions of a failed group are skipped.
      if (start < events.length && event.position !== events.at(-1)!.position + 1) {
        events = [];
        start = 0;
        bytes = 0;
      }
      const kept = compact(event);
      events.push(kept);
      bytes += heldBy(kept);
      while (bytes > maxBytes) {
        bytes -= heldBy(events[start]!);
        events[start++] = undefined;
      }
      if (start > MAX_EMPTY && start > events.length / 2) {
        events = events.slice(start);
        start = 0;
      }
    },
    get: (position) => events[start + position - first()],
    first,
  };
}

/** Memory that an event of the cache holds: its own buffer, or its part of a slab. */
function heldBy({ raw }: StoredEvent): number {
  return isDense(raw) ? raw.buffer.byteLength : raw.length;
}

/** Is the view most of its buffer? */
function isDense(raw: Uint8Array): boolean {
  return 2 * raw.length >= raw.buffer.byteLength;
}

/** Buffers that hold more than this beyond twice the bytes of their events are copied: `bench/cases/retained.ts`. */
const SPARE_BYTES = 64 << 10;

/**
 * The same events without large buffers that hold little for them: a megabyte that was read from the disk for one event, or a
 * request of which an output wants a single event.
 */
export function withoutSpare(events: readonly StoredEvent[]): readonly StoredEvent[] {
  let wanted = 0;
  let held = 0;
  let last: ArrayBufferLike | undefined;
  for (const { raw } of events) {
    wanted += raw.length;
    if (raw.buffer !== last) held += raw.buffer.byteLength;
    last = raw.buffer;
  }
  if (held <= 2 * wanted + SPARE_BYTES) return events;
  return events.map((event) => (isDense(event.raw) ? event : { ...event, raw: event.raw.slice() }));
}
