import type { Findings } from './findings.ts';
import type { Oracle } from './oracle.ts';
import { eventOf } from './payload.ts';
import { createTally, type Tally } from './tally.ts';

/** One output's destination: checks each event when it arrives. */
export interface Place {
  readonly name: string;
  readonly arrived: Tally;
  /**
   * An event arrived.
   *
   * @param id undefined when it carries no number
   * @param text its bytes; left out when the caller has compared them
   * @param where a position or an object key, named when something is wrong
   * @returns how often it arrived before: 0, 1, or 2 for more often
   */
  take(id: number | undefined, text: string | undefined, where: string): number;
  /** Reports the accepted events that never arrived. */
  finish(excused?: (id: number) => boolean): void;
}

export interface PlaceOptions {
  readonly name: string;
  readonly seed: number;
  readonly oracle: Pick<Oracle, 'issued' | 'missing'>;
  readonly findings: Pick<Findings, 'add'>;
}

export function createPlace({ name, seed, oracle, findings }: PlaceOptions): Place {
  const arrived = createTally();
  return {
    name,
    arrived,
    take(id, text, where) {
      if (id === undefined || id >= oracle.issued) {
        findings.add(`${name}: an event that was never sent`, `${id ?? text?.slice(0, 200)}, ${where}`);
        return 0;
      }
      if (text !== undefined && text !== eventOf(seed, id))
        findings.add(`${name}: an event was altered`, `${where}: ${text.slice(0, 200)}`, id);
      return arrived.add(id);
    },
    finish(excused) {
      const { count, first } = oracle.missing(arrived, excused);
      // The last one stands for those that are not named.
      for (const [index, id] of first.entries()) {
        const times = index === first.length - 1 ? count - index : 1;
        findings.add(`${name}: an accepted event never arrived`, '', id, times);
      }
    },
  };
}
