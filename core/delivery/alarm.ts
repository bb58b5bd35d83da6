import type { Clock } from '../batching/clock.ts';

/** Ends a wait at a time, or when one of its signals aborts. */
export interface Alarm {
  /**
   * A signal that aborts at this time at the latest (epoch milliseconds, infinity for never). It may abort earlier: who
   * waits looks at the clock again. The same signal is given as long as it will do, so that a reader that is woken a
   * thousand times a second makes about one timer a second.
   */
  by(at: number): AbortSignal;
  /** Lets go of its timer and of its signals. */
  close(): void;
}

/** A reason of its own spares every abort the making of a DOMException and its stack. */
const RING = 'ring';

/** @param ends each rings once, at its abort */
export function createAlarm(clock: Clock, ends: readonly AbortSignal[]): Alarm {
  let set = Number.POSITIVE_INFINITY;
  let bell = new AbortController();
  const ring = () => bell.abort(RING);
  for (const end of ends) end.addEventListener('abort', ring, { once: true });
  return {
    by(at) {
      if (bell.signal.aborted || at < set) {
        ring();
        const next = new AbortController();
        bell = next;
        set = at;
        if (Number.isFinite(at)) {
          clock.sleep(Math.max(0, at - clock.now()), next.signal).then(() => next.abort(RING));
        }
      }
      return bell.signal;
    },
    close() {
      ring();
      for (const end of ends) end.removeEventListener('abort', ring);
    },
  };
}
