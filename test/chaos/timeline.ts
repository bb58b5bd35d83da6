/** The faults of a run with their monotonic times: the last {@link KEPT} of them. */
export interface Timeline {
  /** Milliseconds since the start of the run. */
  now(): number;
  /** A fault begins. @returns ends it */
  begin(fault: string): () => void;
  /** Faults that were active between two times, oldest first, one line each. */
  around(from: number, to: number): string[];
  /** How often each fault happened. */
  counts(): ReadonlyMap<string, number>;
}

/** 20 bytes each: three hours of a run with a fault in each fifth of a second. */
const KEPT = 1 << 16;

/** @param clock monotonic, milliseconds */
export function createTimeline(clock: () => number = () => performance.now(), kept = KEPT): Timeline {
  const origin = clock();
  const now = () => clock() - origin;
  const names: string[] = [];
  const numbers = new Map<string, number>();
  const counts = new Map<string, number>();
  const name = new Uint32Array(kept);
  const from = new Float64Array(kept);
  /** Infinity while the fault is active. */
  const to = new Float64Array(kept);
  let total = 0;

  return {
    now,
    begin(fault) {
      if (!numbers.has(fault)) numbers.set(fault, names.push(fault) - 1);
      counts.set(fault, (counts.get(fault) ?? 0) + 1);
      const entry = total++;
      const slot = entry % kept;
      name[slot] = numbers.get(fault)!;
      from[slot] = now();
      to[slot] = Number.POSITIVE_INFINITY;
      return () => {
        // A later fault may have taken the slot.
        if (total - entry <= kept) to[slot] = now();
      };
    },
    around(first, last) {
      const lines: string[] = [];
      const oldest = Math.max(0, total - kept);
      if (oldest > 0 && from[oldest % kept]! > first) lines.push('(older faults are no longer recorded)');
      for (let entry = oldest; entry < total; entry += 1) {
        const slot = entry % kept;
        if (from[slot]! > last || to[slot]! < first) continue;
        const end = Number.isFinite(to[slot]) ? seconds(to[slot]!) : 'still active';
        lines.push(`${seconds(from[slot]!)} to ${end}: ${names[name[slot]!]}`);
      }
      return lines;
    },
    counts: () => new Map([...counts].sort()),
  };
}

/** A time of the timeline as it is printed. */
export const seconds = (milliseconds: number): string => `${(milliseconds / 1000).toFixed(3)} s`;
