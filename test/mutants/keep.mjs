/** Stryker plugins for a sample: a "checker" that lets only mutants drawn by draw.mjs run (a range covers those within it, too), and a reporter of these. */
import { readFileSync } from 'node:fs';
import { relative, resolve } from 'node:path';
import { keyOf } from './draw.mjs';

const root = resolve(import.meta.dirname, '../..');

function keep() {
  const keys = new Set(JSON.parse(readFileSync(process.env.UMBRA_MUTANTS_KEEP, 'utf8')));
  const check = ({ fileName, ...mutant }) =>
    keys.has(keyOf({ ...mutant, fileName: relative(root, fileName).replaceAll('\\', '/') }))
      ? { status: 'passed' }
      : { status: 'compileError', reason: 'not drawn' };
  return {
    init: async () => {},
    group: async (mutants) => [mutants.map(({ id }) => id)],
    check: async (mutants) => Object.fromEntries(mutants.map((mutant) => [mutant.id, check(mutant)])),
  };
}

/** A line for each mutant as soon as it has run. */
class Drawn {
  #n = 0;

  onMutantTested({ status, statusReason = '', fileName, location: { start } }) {
    if (status === 'CompileError') return;
    const reason = status === 'Timeout' ? `, ${statusReason || 'by the clock'}` : '';
    process.stdout.write(`${++this.#n} ${fileName}:${start.line}:${start.column} ${status}${reason}\n`);
  }
}

export const strykerPlugins = [
  { kind: 'Checker', name: 'keep', factory: keep },
  { kind: 'Reporter', name: 'drawn', injectableClass: Drawn },
];
