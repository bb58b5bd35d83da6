import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/{unit,contract,model,e2e}/**/*.test.ts'],
    globalSetup: ['test/build.ts'],
    setupFiles: ['test/seed.ts'],
    // Many tests wait for a disk, a socket or a process: by default there would be one worker on two cores.
    maxWorkers: 3,
    // Files share the modules they import, which takes a quarter off; no test may leave anything behind in one.
    isolate: false,
    testTimeout: 30_000,
    reporters: ['default'],
  },
});
