/** A policy's losses per function: the list of the Code view, and its flame graph. */
import type { Functions } from '../../contract/code.ts';
import { MAX_FUNCTIONS } from '../../contract/code.ts';
import { KEPT, OUTSIDE } from '../../model/outcome.ts';
import type { Db } from '../../store/lab-file.ts';
import type { ReplayedAgain } from '../runs/replay-again.ts';
import { sampleKeys } from '../symbols/keys.ts';

export function functionsOf(db: Db, { inputs, outcome }: ReplayedAgain): Functions {
  const { spe, reference } = inputs;
  const functions = sampleKeys(db, spe, reference.stored, 'symbol');
  const binaries = sampleKeys(db, spe, reference.stored, 'binary');
  const n = functions.names.length;
  const counts = { reference: new Uint32Array(n), kept: new Uint32Array(n), binary: new Int32Array(n) };
  outcome.fates.forEach((fates, l) => {
    const [own, of] = [functions.lanes[l], binaries.lanes[l]];
    for (let i = 0; i < fates.length; i++) {
      if (fates[i] === OUTSIDE) continue;
      const key = own[i];
      counts.reference[key]++;
      counts.binary[key] = of[i];
      if (fates[i] === KEPT) counts.kept[key]++;
    }
  });
  const rows = functions.names
    .map((name, i) => ({
      ...{ name, binary: binaries.names[counts.binary[i]] ?? '' },
      ...{ reference: counts.reference[i], kept: counts.kept[i] },
    }))
    .filter((row) => row.reference)
    .sort((a, b) => b.reference - b.kept - (a.reference - a.kept) || b.reference - a.reference);
  const sum = (of: 'reference' | 'kept') => rows.reduce((total, row) => total + row[of], 0);
  return {
    all: { reference: sum('reference'), kept: sum('kept') },
    functions: rows.length,
    rows: rows.slice(0, MAX_FUNCTIONS),
  };
}
