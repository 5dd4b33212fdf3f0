import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

// Query processes, job threads and the CLI are started hundreds of times: their TypeScript is read once.
process.env['NODE_COMPILE_CACHE'] ??= fileURLToPath(new URL('node_modules/.cache/umbra-tests', import.meta.url));

export default defineConfig({
  test: {
    globalSetup: ['test/seed.ts'],
    setupFiles: ['test/seed.ts'],
    testTimeout: 60_000,
    hookTimeout: 120_000,
    // SQLite handles and the built CLI are shared per file; two cores are what CI has.
    pool: 'forks',
    maxWorkers: 2,
    projects: [
      // No module of ours keeps state, so files can share a process; modules are then loaded once.
      { extends: true, test: { name: 'logic', include: ['test/{unit,golden,property}/**/*.test.ts'], isolate: false } },
      { extends: true, test: { name: 'e2e', include: ['test/e2e/**/*.test.ts'] } },
    ],
  },
});
