import type { Watcher } from '../operations/tap.ts';
import type { SeenEvent } from './protocol.ts';

/** Raw bytes of events that may be on their way to a tap; it is never waited for. */
const MOST_UNDER_WAY = 1 << 20;

/** Sends accepted events to where they are tapped; what that cannot take is left out and counted. */
export function createShow(send: (seen: SeenEvent) => Promise<void>, most: number = MOST_UNDER_WAY): Watcher {
  let underWay = 0;
  let missed = 0;
  return ({ raw, receivedAt }, outputs) => {
    if (underWay > most) {
      missed++;
      return;
    }
    underWay += raw.length;
    send({ raw, receivedAt, outputs, missed })
      .catch(() => {})
      .finally(() => {
        underWay -= raw.length;
      });
    missed = 0;
  };
}
