import type { Event } from './event.ts';

/**
 * The events that were parsed last, by the bytes they came in: an output that keeps up with the way in need not parse
 * them again. Only the very same array of bytes finds its event.
 */
export interface RecentEvents {
  add(event: Event): void;
  get(raw: Uint8Array): Event | undefined;
}

/** A group of the journal or two; few enough that the garbage collector need not move most of them. */
const MOST = 128;
/** An event with more bytes is not kept: a ring of large ones would hold a hundred megabytes. */
const MAX_BYTES = 16 << 10;
/** So many times its size may come in before somebody asks; then nothing is kept until somebody does. */
const PATIENCE = 8;

/** A ring: a map would cost more than it finds, as outputs ask in the order in which events came. */
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
      if (unasked++ > PATIENCE * most) return forget();
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
