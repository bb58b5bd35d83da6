import { defineConfig } from 'vitest/config';

/** The tier against real servers: slow, one file at a time, on what scripts/services-install.sh installed. */
export default defineConfig({
  test: {
    include: ['test/services/**/*.test.ts'],
    globalSetup: ['test/build.ts', 'test/temporary.ts'],
    testTimeout: 120_000,
    hookTimeout: 180_000,
    fileParallelism: false,
    reporters: ['default'],
  },
});
