/** Stryker plugin, a "checker": only mutants drawn by draw.mjs are run; a range also covers those within it. */
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

export const strykerPlugins = [{ kind: 'Checker', name: 'keep', factory: keep }];
