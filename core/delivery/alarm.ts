import type { Clock } from '../sdk/contract/clock.ts';
import { OVER } from './abort.ts';

/** Ends a wait at a time, or when one of its signals aborts. */
export interface Alarm {
  /**
   * A signal that aborts at this time at the latest (epoch milliseconds, infinity for never), by the clock as it stands: one
   * that was set meanwhile is heeded at the next call. It may abort earlier: who waits looks at the clock again. The same
   * signal is given as long as it will do, so that a reader that is woken a thousand times a second makes a timer in the
   * time of a batch.
   */
  by(at: number): AbortSignal;
  /** Lets go of its timer and of its signals. */
  close(): void;
}

/** By how much the two clocks may differ from one call to the next, milliseconds. */
const ROUNDING = 1;

/** @param ends each rings once, at its abort */
export function createAlarm(clock: Clock, ends: readonly AbortSignal[]): Alarm {
  /** By the clock that never jumps, as the timer goes by it. */
  let set = Number.POSITIVE_INFINITY;
  let bell = new AbortController();
  const ring = () => bell.abort(OVER);
  for (const end of ends) end.addEventListener('abort', ring, { once: true });
  return {
    by(at) {
      const wait = Math.max(0, at - clock.now());
      const due = clock.monotonic() + wait;
      if (bell.signal.aborted || due < set - ROUNDING) {
        ring();
        const next = new AbortController();
        bell = next;
        set = due;
        if (Number.isFinite(wait)) clock.sleep(wait, next.signal).then(() => next.abort(OVER));
      }
      return bell.signal;
    },
    close() {
      ring();
      for (const end of ends) end.removeEventListener('abort', ring);
    },
  };
}
