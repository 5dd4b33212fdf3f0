import { fileURLToPath, pathToFileURL } from 'node:url';
import { defineConfig } from 'vitest/config';
import { bundleFolder, isFresh } from './core/cli/program.mjs';

// Query processes, job threads and the CLI are started hundreds of times: their TypeScript is read once.
process.env['NODE_COMPILE_CACHE'] ??= fileURLToPath(new URL('node_modules/.cache/umbra-tests', import.meta.url));

/**
 * Each in a process of its own: work-once replaces modules, which others may have loaded already; of the others, processes are the subject,
 * and none was seen yet to share one well.
 */
const alone = ['work-once', 'capture*', 'campaign', 'campaign-slurm', 'kit*', 'package', 'electron', 'interrupt'].map(
  (name) => `test/e2e/${name}.test.ts`,
);

/** Servers under test start the built query processes and job threads, as installed ones do: a third of the sources' CPU time. */
const builtWorkers = {
  name: 'umbra-built-workers',
  transform: (code: string, id: string) =>
    /core\/host\/(query-pool|job-runner)\.ts$/.test(id)
      ? code.replace(/new URL\('\.\/(\w+-worker)\.ts', import\.meta\.url\)/g, (_, worker: string) => {
          return `new URL('${pathToFileURL(bundleFolder).href}/${worker}.js')`;
        })
      : undefined,
};
const plugins = isFresh() ? [builtWorkers] : [];

export default defineConfig({
  test: {
    globalSetup: ['test/seed.ts'],
    setupFiles: ['test/seed.ts'],
    // Limits end what hangs; nothing that works needs as long, however busy the machine.
    testTimeout: 180_000,
    hookTimeout: 240_000,
    expect: { poll: { timeout: 60_000, interval: 20 } },
    pool: 'forks',
    // One more than CI has cores: pages and processes are waited for a fourth of the time.
    maxWorkers: 3,
    projects: [
      // No module of ours keeps state, so files can share a process; modules are then loaded once.
      { extends: true, test: { name: 'logic', include: ['test/{unit,golden,property}/**/*.test.ts'], isolate: false } },
      // The same, with one browser and one thread for commands per process.
      {
        extends: true,
        plugins,
        test: { name: 'e2e', include: ['test/e2e/**/*.test.ts'], exclude: alone, isolate: false },
      },
      { extends: true, plugins, test: { name: 'e2e-alone', include: alone } },
    ],
  },
});
