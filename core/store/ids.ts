/** Ids of captures and runs: counted on, never given twice. A report, a note or a link that names run 7 goes on meaning that one. */
import { inserter } from './insert.ts';
import type { Db } from './lab-file.ts';

export type Kept = 'capture' | 'run';

export function newId(db: Db, kind: Kept): number {
  return Number(highest(db, kind)) + 1;
}

/** Call before rows of it are deleted: the highest id so far is used up. */
export function keepLastId(db: Db, kind: Kept): void {
  inserter(db, 'last_id', ['kind', 'id'], 'INSERT OR REPLACE')({ kind, id: highest(db, kind) });
}

function highest(db: Db, kind: Kept): bigint {
  const query = `SELECT max(ifnull((SELECT max(id) FROM ${kind}), 0), ifnull((SELECT id FROM last_id WHERE kind = ?), 0))`;
  return db.prepare(query).pluck().get(kind) as bigint;
}
