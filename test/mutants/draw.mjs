/** A sample of the mutants that Stryker makes of some files, drawn before it runs, so that only those cost time. */
import { globSync, readFileSync, writeFileSync } from 'node:fs';
import { Instrumenter } from '@stryker-mutator/instrumenter';
import { createRandom } from '../../core/model/random.ts';

const silent = { isDebugEnabled: () => false, debug() {}, info() {}, warn() {} };

/** What makes a mutant the same one in a run over other files: its id counts from the first file on. */
export const keyOf = ({ fileName, location: { start, end }, mutatorName, replacement }) =>
  `${fileName}:${start.line}:${start.column}-${end.line}:${end.column} ${mutatorName} ${replacement}`;

/**
 * @param mutate globs of files, `!` before those left out
 * @returns all mutants of the files, static ones, too, in the order of file and place
 */
async function mutantsOf(mutate) {
  const exclude = mutate.filter((glob) => glob.startsWith('!')).map((glob) => glob.slice(1));
  const names = globSync(
    mutate.filter((glob) => !glob.startsWith('!')),
    { exclude },
  ).sort();
  const files = names.map((name) => ({ name, mutate: true, content: readFileSync(name, 'utf8') }));
  const options = { plugins: null, ignorers: [], excludedMutations: [] };
  return (await new Instrumenter(silent).instrument(files, options)).mutants;
}

/**
 * Draws `count` mutants of the files, each as likely as any other, and writes their keys to `keepFile` for keep.mjs.
 * @returns how many there are, those drawn, and `mutate` patterns for Stryker that cover these and little else
 */
export async function draw(mutate, count, seed, keepFile) {
  const all = await mutantsOf(mutate);
  const random = createRandom(seed);
  const left = [...all];
  const drawn = Array.from({ length: Math.min(count, all.length) }, () => left.splice(random.below(left.length), 1)[0]);
  writeFileSync(keepFile, JSON.stringify(drawn.map(keyOf)));
  // Stryker counts lines from 0 within, and from 1 in patterns.
  const range = ({ start, end }) => `${start.line + 1}:${start.column}-${end.line + 1}:${end.column}`;
  const patterns = new Set(drawn.map(({ fileName, location }) => `${fileName}:${range(location)}`));
  return { all: all.length, drawn, mutate: [...patterns] };
}
