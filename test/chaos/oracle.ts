import { eventOf } from './payload.ts';

/** Knows which events exist and which of them were accepted. */
export interface Oracle {
  /** A new event: its number and its bytes. */
  issue(): { readonly id: number; readonly text: string };
  /** It was answered 2xx: from now on it must arrive everywhere. */
  acknowledged(id: number): void;
  readonly issued: number;
  readonly obligations: ReadonlySet<number>;
  /** What is wrong with the numbers that arrived somewhere: one sentence for each kind of wrong. */
  verify(place: string, arrived: ReadonlyMap<number, number>, demands: Demands): string[];
}

export interface Demands {
  /** `once`: no number twice. `at-least-once`: repeats are allowed. */
  readonly times: 'once' | 'at-least-once';
  /** Numbers that this place need not have got. */
  readonly excused?: (id: number) => boolean;
}

const some = (ids: readonly number[]): string =>
  `${ids.slice(0, 10).join(', ')}${ids.length > 10 ? ' …' : ''}`;

/** Hands out numbered events and holds the program to what it answered. */
export function createOracle(seed: number): Oracle {
  const obligations = new Set<number>();
  let issued = 0;
  return {
    issue: () => {
      const id = issued++;
      return { id, text: eventOf(seed, id) };
    },
    acknowledged: (id) => {
      obligations.add(id);
    },
    get issued() {
      return issued;
    },
    obligations,
    verify: (place, arrived, { times, excused = () => false }) => {
      const lost = [...obligations].filter((id) => !arrived.has(id) && !excused(id));
      const invented = [...arrived.keys()].filter((id) => id >= issued);
      const repeated = times === 'once' ? [...arrived].filter(([, n]) => n > 1).map(([id]) => id) : [];
      return [
        ...(lost.length ? [`${place}: ${lost.length} accepted events never arrived: ${some(lost)}`] : []),
        ...(invented.length ? [`${place}: ${invented.length} events nobody sent: ${some(invented)}`] : []),
        ...(repeated.length ? [`${place}: ${repeated.length} events arrived twice: ${some(repeated)}`] : []),
      ];
    },
  };
}
