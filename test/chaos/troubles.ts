import { setTimeout as sleep } from 'node:timers/promises';
import type { Fault, Resource, Stage } from './faults/fault.ts';
import { type Random, randomOf } from './random.ts';
import type { Timeline } from './timeline.ts';

/** The faults of a run. */
export interface Troubles {
  /** Rejects when the program cannot be brought back after a fault. */
  readonly broken: Promise<never>;
  /** Ends all faults and leaves everything healthy and running. */
  heal(): Promise<void>;
}

/** How long a loop waits between two faults, milliseconds. */
const PAUSES: Readonly<Record<string, readonly [number, number]>> = {
  process: [500, 4000],
  disk: [4000, 12_000],
  clock: [3000, 10_000],
  client: [2000, 8000],
  target: [0, 2500],
};

/**
 * Makes faults until told to heal. Each resource has a loop of its own, which chooses among the faults that need it
 * first; a fault begins when no other one has any of what it needs. Each loop has its own source of chance: the same
 * seed gives the same choices, whatever the other loops do.
 */
export function startTroubles(
  options: Omit<Stage, 'pause' | 'healing'>,
  faults: readonly Fault[],
  timeline: Timeline,
): Troubles {
  const healed = new AbortController();
  const pause = (low: number, high: number, random: Random): Promise<void> =>
    sleep(random.between(low, high), undefined, { signal: healed.signal }).catch(() => undefined);
  const stage: Stage = { ...options, pause, healing: healed.signal };
  const reserve = createReservations();

  const loop = async (resource: Resource): Promise<void> => {
    const random = randomOf(stage.seed, resource);
    const own = faults.filter(({ needs }) => needs[0] === resource);
    const [low, high] = PAUSES[resource.split(':')[0]!]!;
    for (;;) {
      await pause(low, high, random);
      const fault = choose(
        own.filter(({ ready }) => ready?.(stage) ?? true),
        random,
      );
      if (healed.signal.aborted) return;
      if (fault === undefined) continue;
      const free = await reserve(fault.needs);
      try {
        if (healed.signal.aborted) return;
        const end = timeline.begin(fault.name);
        await fault.act(stage, random);
        end();
      } finally {
        free();
      }
    }
  };

  const resources = [...new Set(faults.map(({ needs }) => needs[0]))];
  const running = resources.map(loop);
  const broken = new Promise<never>((_, reject) => {
    for (const one of running) one.catch(reject);
  });
  // A rejection that no caller awaits must not end the tests.
  broken.catch(() => undefined);
  return {
    broken,
    heal: async () => {
      healed.abort();
      await Promise.all(running);
    },
  };
}

/** By weight; always the same number of choices, so that those that follow are the same for the same seed. */
function choose(faults: readonly Fault[], random: Random): Fault | undefined {
  const total = faults.reduce((sum, { weight }) => sum + weight, 0);
  let left = random.next() * total;
  return faults.find(({ weight }) => {
    left -= weight;
    return left < 0;
  });
}

/** Gives resources to one fault at a time. In one order, so that no two wait for each other. */
function createReservations(): (needs: readonly Resource[]) => Promise<() => void> {
  const last = new Map<Resource, Promise<void>>();
  return async (needs) => {
    const frees: (() => void)[] = [];
    for (const need of [...needs].sort()) {
      const before = last.get(need);
      last.set(need, new Promise((resolve) => frees.push(resolve)));
      await before;
    }
    return () => {
      for (const free of frees) free();
    };
  };
}
