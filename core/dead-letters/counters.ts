import type { DeadLetter } from './codec.ts';

/** How many dead letters of an output are stored, and the raw bytes of their events. */
export interface DeadLetterCount {
  readonly letters: number;
  readonly bytes: number;
}

/** Counts what is stored, by output. */
export interface DeadLetterCounters {
  add(letter: Pick<DeadLetter, 'output' | 'raw'>): void;
  remove(letter: Pick<DeadLetter, 'output' | 'raw'>): void;
  /** An output of which nothing is stored is absent. */
  byOutput(): ReadonlyMap<string, DeadLetterCount>;
}

export function createDeadLetterCounters(): DeadLetterCounters {
  const outputs = new Map<string, DeadLetterCount>();
  const change = (output: string, letters: number, bytes: number) => {
    const before = outputs.get(output) ?? { letters: 0, bytes: 0 };
    const after = { letters: before.letters + letters, bytes: before.bytes + bytes };
    if (after.letters === 0) outputs.delete(output);
    else outputs.set(output, after);
  };
  return {
    add: ({ output, raw }) => change(output, 1, raw.length),
    remove: ({ output, raw }) => change(output, -1, -raw.length),
    byOutput: () => new Map(outputs),
  };
}
