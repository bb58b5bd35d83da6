import { defineConfig, mergeConfig } from 'vitest/config';
import base from './vitest.config.ts';

/** The tests of vitest.config.ts in shuffled order, with properties tried RUNS times as often. */
export default mergeConfig(
  base,
  defineConfig({
    test: {
      sequence: { shuffle: { files: true, tests: true } },
      env: { RUNS: process.env.RUNS || '20' },
      testTimeout: 3_600_000,
    },
  }),
);
