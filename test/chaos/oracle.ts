import { eventOf } from './payload.ts';
import { createTally, type Tally, withRoom } from './tally.ts';

/** When an event was sent and acknowledged, in milliseconds of the timeline, exact to a block of events. */
export interface EventTimes {
  readonly issued: number;
  /** The first and the last acknowledgement in its block; undefined when none was acknowledged. */
  readonly acknowledged?: readonly [number, number];
}

/** Knows which events exist, which of them were accepted, and when. */
export interface Oracle {
  /** A new event: its number and its bytes. */
  issue(): { readonly id: number; readonly text: string };
  /** It was answered 2xx: from now on it must arrive everywhere. */
  acknowledged(id: number): void;
  accepted(id: number): boolean;
  readonly issued: number;
  /** Number of events that were accepted. */
  readonly obligations: number;
  /** Accepted events that are not in `arrived` and not excused. */
  missing(arrived: Tally, excused?: (id: number) => boolean): Missing;
  when(id: number): EventTimes;
}

export interface Missing {
  readonly count: number;
  /** The first {@link NAMED} of them. */
  readonly first: readonly number[];
}

const NAMED = 10;
/** Events that share one record of their times: a quarter of a second at 250 events per second, less above. */
const BLOCK = 64;

/**
 * Hands out numbered events and holds the program to what it answered.
 *
 * @param now the time of the timeline, milliseconds
 */
export function createOracle(seed: number, now: () => number): Oracle {
  const obligations = createTally();
  let issued = 0;
  // Times plus 1, so that 0 means never.
  let issuedAt = new Uint32Array(1 << 10);
  let firstAck = new Uint32Array(1 << 10);
  let lastAck = new Uint32Array(1 << 10);
  const block = (id: number): number => Math.floor(id / BLOCK);
  const stamp = (): number => Math.round(now()) + 1;
  return {
    issue: () => {
      const id = issued++;
      issuedAt = withRoom(issuedAt, block(id));
      issuedAt[block(id)] ||= stamp();
      return { id, text: eventOf(seed, id) };
    },
    acknowledged: (id) => {
      obligations.add(id);
      firstAck = withRoom(firstAck, block(id));
      lastAck = withRoom(lastAck, block(id));
      firstAck[block(id)] ||= stamp();
      lastAck[block(id)] = stamp();
    },
    accepted: (id) => obligations.count(id) > 0,
    get issued() {
      return issued;
    },
    get obligations() {
      return obligations.size;
    },
    missing: (arrived, excused = () => false) => {
      const first: number[] = [];
      let count = 0;
      for (let id = 0; id < issued; id += 1) {
        if (obligations.count(id) === 0 || arrived.count(id) > 0 || excused(id)) continue;
        count += 1;
        if (first.length < NAMED) first.push(id);
      }
      return { count, first };
    },
    when: (id) => {
      const first = firstAck[block(id)] ?? 0;
      return {
        issued: (issuedAt[block(id)] ?? 1) - 1,
        ...(first > 0 && { acknowledged: [first - 1, lastAck[block(id)]! - 1] as const }),
      };
    },
  };
}
