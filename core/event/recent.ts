import type { Event } from './event.ts';

/**
 * The events that ingest parsed last, so that an output that is up to date need not parse them again. An event is found by
 * the identity of its array of bytes.
 */
export interface RecentEvents {
  add(event: Event): void;
  get(raw: Uint8Array): Event | undefined;
}

/** One or two groups of the journal; few enough that the garbage collector need not move most of them. */
const MOST = 128;
/** An event with more bytes is not kept: a ring of large events would hold a hundred megabytes. */
const MAX_BYTES = 16 << 10;
/** Without a read, the ring is filled this many times; then nothing is kept until the next read. */
const MAX_UNREAD_ROUNDS = 8;

/** A ring and not a map: outputs read in the order of the events, so a lookup nearly always finds the next one. */
export function createRecentEvents(most: number = MOST): RecentEvents {
  let ring: Event[] = [];
  let oldest = 0;
  let expected = 0;
  let unasked = 0;
  const forget = () => {
    if (ring.length > 0) ring = [];
    oldest = 0;
  };
  return {
    add(event) {
      if (event.raw.buffer.byteLength > MAX_BYTES) return;
      if (unasked++ > MAX_UNREAD_ROUNDS * most) return forget();
      ring[oldest] = event;
      oldest = (oldest + 1) % most;
    },
    get(raw) {
      unasked = 0;
      const at = ring[expected]?.raw === raw ? expected : ring.findIndex((event) => event.raw === raw);
      if (at < 0) return undefined;
      expected = (at + 1) % most;
      return ring[at];
    },
  };
}
