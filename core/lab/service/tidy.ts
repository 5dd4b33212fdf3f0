/** Names, notes and deletion, for the command line and for jobs. */
import { statSync } from 'node:fs';
import type { Progress } from '../../contract/contract.ts';
import type { Chosen } from '../../contract/jobs.ts';
import { readLab } from '../../store/lab-file.ts';
import { compactLabFile, inLabFile } from '../../store/lab-write.ts';
import type { Kept } from '../../store/tidy.ts';
import { freeRemoved, notesOf, remove, rename, runsOf, setNotes } from '../../store/tidy.ts';
import { getCapture } from '../../store/captures.ts';
import { getRun } from '../../store/run-store.ts';

export type { Kept } from '../../store/tidy.ts';

/**
 * Deletes removed items for good and returns the space to the disk. Compacting rewrites the file, which takes as much space
 * again; without it, removed items are still gone, but the file keeps its size.
 */
export function freeSpace(
  lab: string,
  progress: (progress: Progress) => void = () => undefined,
): Chosen & { readonly bytes: number } {
  const before = statSync(lab).size;
  progress({ phase: 'deleting', done: 0, unit: 'steps' });
  const freed = inLabFile(lab, 'write', freeRemoved, { readable: true });
  // The last chance to cancel.
  progress({ phase: 'compacting the lab', done: 0, unit: 'steps' });
  compactLabFile(lab);
  return { captures: [...freed.captures], runs: [...freed.runs], bytes: Math.max(0, before - statSync(lab).size) };
}

export function renameInLab(lab: string, kind: Kept, id: number, name: string): void {
  inLabFile(lab, 'write', (db) => rename(db, kind, id, name));
}

/** Adds notes, dropping the present ones first if `clear`. Returns all notes. */
export function noteInLab(lab: string, kind: Kept, id: number, notes: readonly string[], clear: boolean): string[] {
  return inLabFile(lab, 'write', (db) => {
    const all = [...(clear ? [] : notesOf(db, kind, id)), ...notes];
    setNotes(db, kind, id, [...new Set(all)]);
    return [...notesOf(db, kind, id)];
  });
}

/** What deleting these would remove, to ask the user. Throws a LabFileError if one of them doesn't exist. */
export function wouldDelete(lab: string, kind: Kept, ids: readonly number[]): Chosen & { readonly names: string[] } {
  return readLab(lab, (db) => {
    const names = ids.map((id) => (kind === 'capture' ? getCapture(db, id).name : (getRun(db, id).name ?? '')));
    const captures = kind === 'capture' ? [...ids] : [];
    return { captures, runs: kind === 'capture' ? runsOf(db, ids) : [...ids], names };
  });
}

/** Deletes at once and for good, with everything removed before, and frees the space. */
export function deleteInLab(
  lab: string,
  { captures, runs }: Chosen,
  withRuns: boolean,
): Chosen & { readonly bytes: number } {
  inLabFile(lab, 'write', (db) => remove(db, { captures, runs }, withRuns));
  return freeSpace(lab);
}
