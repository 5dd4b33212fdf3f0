/** Renaming, annotating and deleting captures and runs; deleting can be undone until its space is freed. */
import type { Chosen } from '../../core/contract/jobs.ts';
import { bytes } from '../format.ts';
import { useJobs } from './jobs.ts';
import { useLab } from './lab.ts';

export type Kept = 'capture' | 'run';

/** `capture 3 and 2 runs` */
export function chosenWords({ captures, runs }: Chosen): string {
  const part = (ids: readonly number[], word: string) =>
    ids.length === 0 ? [] : [ids.length === 1 ? `${word} ${ids[0]}` : `${ids.length} ${word}s`];
  return [...part(captures, 'capture'), ...part(runs, 'run')].join(' and ') || 'nothing';
}

export function useTidy() {
  const lab = useLab();
  const jobs = useJobs();

  /** Failures are shown as the jobs'. True if done. */
  const tried = (work: Promise<unknown>): Promise<boolean> =>
    work.then(
      () => true,
      () => false,
    );

  const rename = (kind: Kept, id: number, name: string) =>
    tried(jobs.run(`Rename ${kind} ${id}`, 'rename', { kind, id, name }));
  const annotate = (kind: Kept, id: number, notes: readonly string[]) =>
    tried(jobs.run(`Notes of ${kind} ${id}`, 'annotate', { kind, id, notes: [...notes] }));

  /** Runs of deleted captures are deleted with them. */
  async function remove(chosen: { captures?: number[]; runs?: number[] }): Promise<void> {
    const asked = { captures: chosen.captures ?? [], runs: chosen.runs ?? [] };
    try {
      const gone = await jobs.run(`Delete ${chosenWords(asked)}`, 'remove', { ...asked, withRuns: true });
      jobs.notify(`Deleted ${chosenWords(gone)}.`, { label: 'Undo', run: () => void restore(gone) });
    } catch {
      // The job strip shows what happened.
    }
  }

  const restore = (chosen: Chosen) =>
    tried(
      jobs.run(`Restore ${chosenWords(chosen)}`, 'restore', { captures: [...chosen.captures], runs: [...chosen.runs] }),
    );

  async function freeSpace(): Promise<void> {
    try {
      const freed = await jobs.run('Free space', 'freeSpace', {});
      jobs.notify(`Deleted ${chosenWords(freed)} for good: ${bytes(freed.bytes)} freed.`);
    } catch {
      // The job strip shows what happened.
    }
  }

  const removed = () => lab.info?.removed ?? { captures: [], runs: [] };
  return { rename, annotate, remove, restore, freeSpace, removed };
}
