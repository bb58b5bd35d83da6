const FACTOR = Number(process.env.RUNS ?? 1);

/** How often a property is tried: `RUNS=20` tries it 20 times as often as a usual run does. */
export const runs = (usual: number): number => usual * FACTOR;
