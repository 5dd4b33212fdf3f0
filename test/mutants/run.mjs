/**
 * `npm run mutants -- ROOM [FILE…]`: changes a room of core (words, analysis, model, formats) a little at a time and runs its tests;
 * what no test notices is a hole in them (docs/design/testing.md). Takes long, so not in CI. FILE: globs within the room, all if left out.
 */
import { fileURLToPath } from 'node:url';
import { Stryker } from '@stryker-mutator/core';
import { rooms } from './rooms.ts';

const [room, ...files] = process.argv.slice(2);
if (!Object.hasOwn(rooms, room)) {
  process.stderr.write(`mutants: which room? ${Object.keys(rooms).join(', ')}\n`);
  process.exit(2);
}
process.chdir(fileURLToPath(new URL('../..', import.meta.url)));
process.env.UMBRA_MUTANTS = room;

await new Stryker({
  mutate: files.length ? files : rooms[room].mutate,
  testRunner: 'vitest',
  vitest: { configFile: 'test/mutants/vitest.config.ts', related: false },
  coverageAnalysis: 'perTest',
  ignoreStatic: true,
  concurrency: 1,
  timeoutMS: 10_000,
  tempDirName: 'out/mutants',
  ignorePatterns: ['out', 'dist'],
  reporters: ['clear-text', 'json'],
  clearTextReporter: { allowColor: false, logTests: false, reportTests: false },
  jsonReporter: { fileName: `node_modules/.cache/mutants-${room}.json` },
  thresholds: { high: 90, low: 80, break: null },
}).runMutationTest();
