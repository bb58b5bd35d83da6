import { setTimeout as sleep } from 'node:timers/promises';

/** Limits the events per second of all clients together. */
export interface Pace {
  /** Waits until `events` more may be sent. */
  take(events: number): Promise<void>;
}

/** A pause of the program leaves this much to catch up with, milliseconds. */
const BURST = 1000;

/** @param rate events per second */
export function createPace(rate: number, now: () => number = () => performance.now()): Pace {
  /** When the next event may be sent. */
  let next = now();
  return {
    async take(events) {
      const wait = next - now();
      next = Math.max(next, now() - BURST) + (events * 1000) / rate;
      if (wait > 0) await sleep(wait);
    },
  };
}
