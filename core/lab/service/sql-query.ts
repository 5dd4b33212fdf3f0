/** The SQL console's queries: one statement, bounded rows. */
import type { Db } from '../../store/lab-file.ts';
import { bulkTables } from '../../store/sql.ts';
import type { RunParamsOf, SqlAnswer, SqlTable, SqlValue } from '../../contract/runs.ts';
import { runSql } from './sql.ts';

/** Most characters of a cell sent: substr() gets the rest. */
const CELL = 4096;

/** Throws RequestError with SQLite's message. Can't be interrupted: run it where it can be killed. */
export function sqlAnswer(lab: string, { sql, limit }: RunParamsOf<'sql'>): SqlAnswer {
  const started = performance.now();
  let answer: Omit<SqlAnswer, 'ms'> | undefined;
  runSql(lab, sql, ({ columns, rows }) => {
    const held: SqlValue[][] = [];
    let more = false;
    for (const row of rows) {
      if (held.length === limit) {
        more = true;
        break;
      }
      held.push(row.map(cell));
    }
    answer = { columns, rows: held, more };
  });
  return { ...answer!, ms: performance.now() - started };
}

function cell(value: bigint | number | string | Uint8Array | null): SqlValue {
  if (typeof value === 'bigint') {
    const n = Number(value);
    return Number.isSafeInteger(n) ? n : String(value);
  }
  if (value instanceof Uint8Array) return `<${value.length} bytes>`;
  if (typeof value === 'string' && value.length > CELL) return `${value.slice(0, CELL)}… (${value.length} characters)`;
  return value;
}

/** What the console can query: plain tables and views, and the chunked columns as rows. */
export function sqlTables(db: Db): SqlTable[] {
  const named = db
    .prepare(
      "SELECT name, type FROM sqlite_schema WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite_%' ORDER BY rowid",
    )
    .all() as { name: string; type: 'table' | 'view' }[];
  const columns = db.prepare('SELECT name, lower(type) type FROM pragma_table_info(?)');
  return [
    ...Object.entries(bulkTables).map(([name, list]): SqlTable => ({
      name,
      kind: 'bulk',
      columns: list.map((column) => ({ name: column, type: '' })),
    })),
    ...named.map(({ name, type }): SqlTable => ({
      name,
      kind: type,
      columns: columns.all(name) as SqlTable['columns'],
    })),
  ];
}
