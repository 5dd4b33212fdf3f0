import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/{unit,golden,property,e2e}/**/*.test.ts'],
    globalSetup: ['test/seed.ts'],
    setupFiles: ['test/seed.ts'],
    testTimeout: 60_000,
    hookTimeout: 120_000,
    // SQLite handles and the built CLI are shared per file; two cores are what CI has.
    pool: 'forks',
    maxWorkers: 2,
  },
});
