import type { Logger } from '../sdk/contract/logger.ts';
import type { RefusalReason } from '../telemetry/observer.ts';
import type { Problem } from './problem.ts';
import { createSweep, idleClock, type SweepClock } from './sweep.ts';

/** Counts and logs the problem of a request, if it refuses events. @param address of the sender */
export type NoteRefusal = (problem: Problem, address: string | undefined) => void;

/** Counts refused events. */
export type CountRefused = (reason: RefusalReason, events: number) => void;

/** Milliseconds between two lines about one sender and reason. */
const INTERVAL = 60_000;
/** Pairs of sender and reason with a line of their own; all others share one line per reason. */
export const MOST_SENDERS = 256;
const OTHERS = 'other clients';

/** A sender whose events are refused for one reason. */
interface Refusing {
  readonly client: string;
  readonly reason: RefusalReason;
  /** Refused since the last line. */
  events: number;
}

/**
 * Counts and logs refused events. Falco takes any answer for a success and logs nothing, so with a wrong password or
 * `json_output: false` every event is lost and only this process notices. The first refusal of each sender and reason is
 * logged with a hint, then a count once a minute.
 */
export function createRefusalLog({
  count,
  log,
  clock = idleClock,
}: {
  readonly count: CountRefused;
  readonly log: Logger;
  readonly clock?: SweepClock;
}): NoteRefusal {
  const refusing = new Map<string, Refusing>();

  const start = createSweep(clock, INTERVAL, () => {
    for (const [key, sender] of refusing) {
      const { client, reason, events } = sender;
      if (events === 0) refusing.delete(key);
      else log.warn({ client, reason, events }, `${events} more events were refused in the last minute`);
      sender.events = 0;
    }
    return refusing.size > 0;
  });

  return ({ details, refused }, address = 'unknown') => {
    if (refused === undefined) return;
    const { reason, events } = refused;
    count(reason, events);
    const own = `${reason} ${address}`;
    const client = refusing.has(own) || refusing.size < MOST_SENDERS ? address : OTHERS;
    const key = `${reason} ${client}`;
    const known = refusing.get(key);
    if (known !== undefined) {
      known.events += events;
      return;
    }
    refusing.set(key, { client, reason, events: 0 });
    start();
    log.warn({ client, reason, events, why: details.reason }, `events were refused: ${details.hint}`);
  };
}
