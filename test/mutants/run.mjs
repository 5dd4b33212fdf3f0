/**
 * `npm run mutants -- ROOM [FILE…] [--sample N [--seed S]]`: changes a room of core (words, analysis, model, formats) a little at a
 * time and runs its tests; what no test notices is a hole in them (docs/design/testing.md). A whole room takes hours, so not in CI;
 * `--sample` runs N mutants drawn at random and prints the score's 95 % interval. FILE: globs within the room, all if left out.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Stryker } from '@stryker-mutator/core';
import { draw } from './draw.mjs';
import { rooms } from './rooms.ts';
import { summary } from './summary.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { sample: { type: 'string' }, seed: { type: 'string', default: '1' } },
});
const [room, ...files] = positionals;
const count = Number(values.sample);
const seed = Number(values.seed);
if (!Object.hasOwn(rooms, room) || (values.sample && !(count > 0)) || !Number.isSafeInteger(seed)) {
  process.stderr.write(`usage: npm run mutants -- ${Object.keys(rooms).join('|')} [FILE…] [--sample N [--seed S]]\n`);
  process.exit(2);
}
process.chdir(fileURLToPath(new URL('../..', import.meta.url)));
const cache = fileURLToPath(new URL(`../../node_modules/.cache/mutants-${room}`, import.meta.url));
mkdirSync(dirname(cache), { recursive: true });
process.env.UMBRA_MUTANTS = room;
process.env.UMBRA_MUTANTS_KEEP = `${cache}-drawn.json`;

const of = files.length ? files : rooms[room].mutate;
const sample = values.sample ? await draw(of, count, seed, process.env.UMBRA_MUTANTS_KEEP) : undefined;

// A run takes long, and its files may change meanwhile.
const texts = new Map(sample?.drawn.map(({ fileName }) => [fileName, readFileSync(fileName, 'utf8')]));
const textOf = (file) => texts.get(relative('.', file).replaceAll('\\', '/')) ?? '';

const results = await new Stryker({
  mutate: sample?.mutate ?? of,
  testRunner: 'vitest',
  vitest: { configFile: 'test/mutants/vitest.config.ts', related: false },
  coverageAnalysis: 'perTest',
  // A mutant of what runs once, while modules load, is tried by all tests of the room.
  ignoreStatic: !sample,
  ...(sample && { plugins: ['@stryker-mutator/*', './test/mutants/keep.mjs'], checkers: ['keep'] }),
  concurrency: 1,
  warnings: { slow: false },
  // Loops without end are told by counting; the clock only ends what loops elsewhere, and must not end what a busy machine slows down.
  timeoutMS: 30_000,
  timeoutFactor: 2,
  tempDirName: 'out/mutants',
  ignorePatterns: ['out', 'dist'],
  reporters: sample ? ['drawn'] : ['clear-text', 'json'],
  clearTextReporter: { allowColor: false, logTests: false, reportTests: false },
  jsonReporter: { fileName: `${cache}.json` },
  thresholds: { high: 90, low: 80, break: null },
}).runMutationTest();

if (sample) {
  const tried = results.filter(({ status }) => status !== 'CompileError');
  if (tried.length !== sample.drawn.length)
    throw new Error(`${sample.drawn.length} mutants drawn, but Stryker made ${tried.length} of them again`);
  writeFileSync(`${cache}-sample.json`, JSON.stringify(tried, undefined, 1));
  process.stdout.write(
    `\n${summary(tried, textOf)}\n${tried.length} of ${sample.all} mutants of core/${room}, seed ${seed}\n`,
  );
}
