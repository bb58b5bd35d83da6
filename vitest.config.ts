import { defineConfig } from 'vitest/config';

/**
 * The seed of the property tests and of `--sequence.shuffle`. It is fixed, so that a red test is caused by the change;
 * `SEED=<n>` sets another one.
 */
const SEED = Number(process.env.SEED || 20261123);
if (!Number.isSafeInteger(SEED)) throw new Error(`SEED=${process.env.SEED}: SEED must be an integer`);

export default defineConfig({
  test: {
    include: ['test/{unit,contract,model,e2e}/**/*.test.ts'],
    globalSetup: ['test/build.ts', 'test/temporary.ts'],
    setupFiles: ['test/seed.ts'],
    env: { SEED: String(SEED) },
    sequence: { seed: SEED },
    // Many tests wait for a disk, a socket or a process: by default there would be one worker on two cores.
    maxWorkers: 3,
    // Files share the modules they import, which takes a quarter off; no test may leave anything behind in one.
    isolate: false,
    testTimeout: 30_000,
    reporters: ['default'],
  },
});
