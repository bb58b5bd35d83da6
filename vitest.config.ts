import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/{unit,contract,model,e2e}/**/*.test.ts'],
    globalSetup: ['test/build.ts'],
    testTimeout: 30_000,
    reporters: ['default'],
  },
});
