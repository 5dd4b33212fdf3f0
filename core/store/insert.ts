/** Rows by the names of their columns: a list of values in table order breaks silently when the table changes. */
import type { Db } from './lab-file.ts';

type Value = bigint | number | string | Uint8Array | null;

/**
 * A function that inserts one row.
 * @param columns all that a row gives
 * @param verb `INSERT OR REPLACE` replaces a row with the same key
 */
export function inserter<const C extends string>(
  db: Db,
  table: string,
  columns: readonly C[],
  verb: 'INSERT' | 'INSERT OR REPLACE' = 'INSERT',
): (row: Readonly<Record<C, Value>>) => void {
  const values = columns.map((name) => `@${name}`).join(', ');
  const statement = db.prepare(`${verb} INTO ${table} (${columns.join(', ')}) VALUES (${values})`);
  return (row) => void statement.run(row);
}
