import type { Position, StoredEvent } from './journal.ts';

/** The newest events, kept in memory so that an output that keeps up need not go to the disk. */
export interface Tail {
  push(event: StoredEvent): void;
  get(position: Position): StoredEvent | undefined;
  /** The oldest position held; every later one that exists is held too. */
  first(): Position;
}

/** @param maxBytes raw bytes that are held at most */
export function createTail(maxBytes: number): Tail {
  let events: StoredEvent[] = [];
  let start = 0;
  let bytes = 0;

  const first = () => events[start]?.position ?? Number.POSITIVE_INFINITY;

  return {
    push(event) {
      // Positions may leap over what a failed group had taken.
      if (start < events.length && event.position !== events.at(-1)!.position + 1) {
        events = [];
        start = 0;
        bytes = 0;
      }
      events.push(event);
      bytes += event.raw.length;
      while (bytes > maxBytes) bytes -= events[start++]!.raw.length;
      if (start > 1024 && start > events.length / 2) {
        events = events.slice(start);
        start = 0;
      }
    },
    get: (position) => events[start + position - first()],
    first,
  };
}
