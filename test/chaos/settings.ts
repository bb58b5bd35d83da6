/** The parameters of a run: `npm run test:chaos -- --seconds N --seed N --rate N`, and two for the search for a defect. */
export interface Settings {
  readonly seconds: number;
  readonly seed: number;
  /** Events per second at most. */
  readonly rate: number;
  /** Only the faults whose names match; undefined: all. */
  readonly only: RegExp | undefined;
  /** Where the folder of a failed run is copied to; undefined: nowhere. */
  readonly evidence: string | undefined;
  /** Every how many events one is refused by the picky webhook. */
  readonly poisonEvery: number;
}

/** Refused events of a whole run: their dead letters fit in `dead_letters.max_size`, also when none is ever replayed. */
const MAX_POISON = 4000;

/** @throws Error when a parameter is not a positive number */
export function settingsOf(env: NodeJS.ProcessEnv, now = Date.now()): Settings {
  const number = (name: string, otherwise: number): number => {
    const value = Number(env[name] || otherwise);
    if (!Number.isFinite(value) || value < 0)
      throw new Error(`${name}: ${env[name]} is not a positive number`);
    return value;
  };
  const seconds = number('CHAOS_SECONDS', 60);
  const rate = number('CHAOS_RATE', 1500);
  return {
    seconds,
    seed: number('CHAOS_SEED', now % 2 ** 31),
    rate,
    only: env.CHAOS_ONLY ? new RegExp(env.CHAOS_ONLY) : undefined,
    evidence: env.CHAOS_EVIDENCE || undefined,
    poisonEvery: Math.max(211, Math.ceil((seconds * rate) / MAX_POISON)),
  };
}
