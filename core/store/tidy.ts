/**
 * Keeping a lab tidy: names, notes, and deleting. Deleting takes two steps, so that it can be undone: `remove` hides, `restore` brings
 * back, `freeRemoved` deletes what is hidden for good.
 */
import { getCapture, listCaptures } from './captures.ts';
import { keepLastId } from './ids.ts';
import type { Kept } from './ids.ts';
import type { Db } from './lab-file.ts';
import { LabFileError } from './lab-file.ts';
import { getRun, listRuns } from './run-store.ts';

export type { Kept } from './ids.ts';

/** Captures and runs by their ids. */
export interface Chosen {
  readonly captures: readonly number[];
  readonly runs: readonly number[];
}

/** Throws a LabFileError if it doesn't exist. An empty name removes a run's; a capture always has one. */
export function rename(db: Db, kind: Kept, id: number, name: string): void {
  const text = name.trim();
  if (kind === 'capture') getCapture(db, id);
  else getRun(db, id);
  if (kind === 'capture' && text === '') throw new LabFileError('a capture needs a name');
  db.prepare(`UPDATE ${kind} SET name = ? WHERE id = ?`).run(text === '' ? null : text, id);
}

/** What readers of results must know about it. */
export function notesOf(db: Db, kind: Kept, id: number): readonly string[] {
  const { facts } = kind === 'capture' ? getCapture(db, id) : getRun(db, id);
  const { notes } = facts as { readonly notes?: readonly string[] };
  return notes ?? [];
}

/** Replaces all notes. Those of a run include what its captures' notes said when it was made. */
export function setNotes(db: Db, kind: Kept, id: number, notes: readonly string[]): void {
  const { facts } = kind === 'capture' ? getCapture(db, id) : getRun(db, id);
  const changed = { ...(facts as object), notes: notes.map((n) => n.trim()).filter(Boolean) };
  db.prepare(`UPDATE ${kind} SET facts = ? WHERE id = ?`).run(JSON.stringify(changed), id);
}

/**
 * Hides captures and runs. Returns what it hid. Throws a LabFileError if one doesn't exist, or a capture has a run that would stay.
 * @param withRuns hides runs of these captures, too
 */
export function remove(db: Db, { captures, runs }: Chosen, withRuns: boolean): Chosen {
  for (const id of captures) getCapture(db, id);
  for (const id of runs) getRun(db, id);
  const chosen = new Set(runs);
  for (const { id, speId, kvmId } of listRuns(db)) {
    const of = [speId, kvmId].find((capture) => captures.includes(capture));
    if (of === undefined || chosen.has(id)) continue;
    if (!withRuns) {
      const all = runsOf(db, captures).filter((run) => !runs.includes(run));
      throw new LabFileError(`capture ${of} is used by ${plural(all)}: delete ${all.length > 1 ? 'them' : 'it'}, too`);
    }
    chosen.add(id);
  }
  const removed = { captures: [...new Set(captures)], runs: [...chosen] };
  mark(db, removed, Date.now());
  return removed;
}

/** Runs that replayed one of these captures. */
export function runsOf(db: Db, captures: readonly number[]): number[] {
  const isOf = captures.includes.bind(captures);
  return listRuns(db).flatMap(({ id, speId, kvmId }) => (isOf(speId) || isOf(kvmId) ? [id] : []));
}

const plural = (runs: readonly number[]) => (runs.length > 1 ? `runs ${runs.join(', ')}` : `run ${runs.join()}`);

/** Undoes `remove`. Throws a LabFileError if something's space was freed meanwhile, or a run's capture would still be hidden. */
export function restore(db: Db, chosen: Chosen): void {
  for (const [kind, ids] of kindsOf(chosen)) {
    const find = db.prepare(`SELECT 1 FROM ${kind} WHERE id = ?`);
    for (const id of ids) if (!find.get(id)) throw new LabFileError(`${kind} ${id} is gone: its space was freed`);
  }
  mark(db, chosen, null);
  const there = new Set(listCaptures(db).map(({ id }) => id));
  for (const { id, speId, kvmId } of listRuns(db)) {
    const missing = [speId, kvmId].find((capture) => !there.has(capture));
    if (missing !== undefined)
      throw new LabFileError(`run ${id} needs capture ${missing}, which was deleted: restore both`);
  }
}

function mark(db: Db, chosen: Chosen, removed: number | null): void {
  for (const [kind, ids] of kindsOf(chosen)) {
    const update = db.prepare(`UPDATE ${kind} SET removed_ms = ? WHERE id = ?`);
    for (const id of ids) update.run(removed, id);
  }
}

/** Runs first: captures they refer to can only go after them. */
function kindsOf({ captures, runs }: Chosen): [Kept, readonly number[]][] {
  return [
    ['run', runs],
    ['capture', captures],
  ];
}

/** What is hidden. */
export function removedOf(db: Db): Chosen {
  const ids = (kind: Kept) =>
    (db.prepare(`SELECT id FROM ${kind} WHERE removed_ms IS NOT NULL ORDER BY id`).pluck().all() as bigint[]).map(
      Number,
    );
  return { captures: ids('capture'), runs: ids('run') };
}

/** Deletes what is hidden. The file keeps its size until it is compacted (`compactLabFile`). */
export function freeRemoved(db: Db): Chosen {
  const removed = removedOf(db);
  for (const [kind, ids] of kindsOf(removed)) {
    if (!ids.length) continue;
    keepLastId(db, kind);
    db.prepare(`DELETE FROM ${kind} WHERE removed_ms IS NOT NULL`).run();
  }
  return removed;
}
