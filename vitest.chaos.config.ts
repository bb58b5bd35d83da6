import { defineConfig } from 'vitest/config';

/** The program under every fault we can make, for CHAOS_SECONDS with CHAOS_SEED. */
export default defineConfig({
  test: {
    include: ['test/chaos/**/*.test.ts'],
    globalSetup: ['test/build.ts'],
    fileParallelism: false,
    reporters: ['default'],
  },
});
