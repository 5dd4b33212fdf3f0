/** Rows of an answer as flags on the timeline: they stay in the lab, and in all runs of its capture. */
import { plural } from '../../core/words/lists.ts';
import type { SqlAnswer, SqlValue } from '../../core/contract/runs.ts';
import type { TimelineFacts } from '../../core/contract/timeline.ts';
import { useJobs } from '../state/jobs.ts';
import { useLab } from '../state/lab.ts';
import { useSelection } from '../state/selection.ts';
import type { Place } from './places.ts';

/** More would hide each other, and each is a write to the lab. */
export const MAX_FLAGS = 50;

export function useFlagRows() {
  const lab = useLab();
  const jobs = useJobs();
  const selection = useSelection();

  /** Failures are shown as the job's. */
  async function flagRows(
    answer: SqlAnswer,
    facts: TimelineFacts,
    placeOf: (row: readonly SqlValue[]) => Place | undefined,
  ): Promise<void> {
    const capture = facts.spe ?? facts.kvm;
    const rows = answer.rows.flatMap((row) => {
      const place = placeOf(row);
      return place ? [{ place, name: nameOf(answer.columns, row) }] : [];
    });
    if (capture === undefined) return;
    if (!rows.length) return jobs.notify('No row lies on the timeline of the run in view.');
    const taken = rows.slice(0, MAX_FLAGS);
    const ids: number[] = [];
    const done = await jobs
      .track(`Flag ${plural(taken.length, 'row')}`, async ({ signal, onProgress }) => {
        for (const { place, name } of taken) {
          onProgress({ phase: 'putting flags', done: ids.length, total: taken.length, unit: 'steps' });
          const flag = {
            capture,
            origin: facts.origin,
            t: place.from,
            name,
            color: 'accent' as const,
            note: 'from a query',
          };
          ids.push((await lab.request('putFlag', flag, { signal })).id);
        }
        return true;
      })
      .catch(() => false);
    if (!done) return;
    const words = `Flagged ${taken.length}${rows.length > taken.length ? ` of ${rows.length}` : ''} rows.`;
    jobs.notify(words, { label: 'Show', run: () => selection.select({ view: 'timeline', run: facts.run }) });
  }

  return { flagRows };
}

/** The first non-numeric column, else the text of the first. */
function nameOf(columns: readonly string[], row: readonly SqlValue[]): string {
  const at = row.findIndex((value) => typeof value === 'string' && !/^-?\d+$/.test(value));
  const text = at >= 0 ? String(row[at]) : `${columns[0]} ${row[0]}`;
  return text.slice(0, 80).trim() || 'row';
}
