/** A result's windows from the lab file, in the model's columns. */
import { emptyWindows, NONE } from '../../model/outcome.ts';
import type { Windows } from '../../model/outcome.ts';
import { answers, causeClasses, code, PAGE_SHIFT, windowKinds } from '../../model/terms.ts';
import type { Db } from '../../store/lab-file.ts';
import { readWindows } from '../../store/run-store.ts';
import type { ResultRow } from '../../store/run-store.ts';

/** @param origin the run's, ns in the clock of the SPE capture: columns count from it */
export function storedWindows(db: Db, run: number, origin: bigint, { policy, dlDiscard, windows }: ResultRow): Windows {
  const columns = emptyWindows(windows);
  const codeOf = (list: readonly string[], term: string | null) => (term === null ? NONE : code(list, term));
  let i = 0;
  for (const w of readWindows(db, run, policy.id, dlDiscard)) {
    columns.lane[i] = w.lane;
    columns.start[i] = Number(w.start - origin);
    columns.end[i] = Number(w.end - origin);
    columns.kind[i] = codeOf(windowKinds, w.kind);
    columns.cause[i] = codeOf(causeClasses, w.cause);
    columns.page[i] = w.ipa === null ? -1 : Number(BigInt(w.ipa) >> BigInt(PAGE_SHIFT));
    columns.action[i] = codeOf(answers, w.action);
    columns.lost[i] = w.lost;
    i++;
  }
  return columns;
}
