/** Labelled flags: named moments of a capture. */
import { signed, unsigned } from './captures.ts';
import type { Db } from './lab-file.ts';
import { LabFileError } from './lab-file.ts';

/** `color` is a word of the palette. */
export interface FlagRow {
  readonly id: number;
  /** ns, the capture's clock. */
  readonly t: bigint;
  readonly name: string;
  readonly color: string;
  readonly note: string;
}

/** In time order. */
export function readFlags(db: Db, capture: number): FlagRow[] {
  const rows = db.prepare('SELECT * FROM flag WHERE capture_id = ? ORDER BY t_ns, id').all(capture);
  return (rows as { id: bigint; t_ns: bigint; name: string; color: string; note: string }[]).map((row) => ({
    id: Number(row.id),
    t: unsigned(row.t_ns)!,
    name: row.name,
    color: row.color,
    note: row.note,
  }));
}

/** Adds a flag, or changes one. Returns its id. Throws a LabFileError if there is none to change. */
export function putFlag(
  db: Db,
  capture: number,
  { id, t, name, color, note }: Omit<FlagRow, 'id'> & { readonly id?: number | undefined },
): number {
  const at = signed(t);
  if (id === undefined) {
    const insert = db.prepare('INSERT INTO flag (capture_id, t_ns, name, color, note) VALUES (?, ?, ?, ?, ?)');
    return Number(insert.run(capture, at, name, color, note).lastInsertRowid);
  }
  const update = db.prepare('UPDATE flag SET t_ns = ?, name = ?, color = ?, note = ? WHERE id = ? AND capture_id = ?');
  if (!update.run(at, name, color, note, id, capture).changes) throw new LabFileError(`no flag ${id} in this lab`);
  return id;
}

/** Throws a LabFileError if there is no such flag. */
export function removeFlag(db: Db, id: number): void {
  if (!db.prepare('DELETE FROM flag WHERE id = ?').run(id).changes) throw new LabFileError(`no flag ${id} in this lab`);
}
