/** Read-only SQL on a lab file. */
import { EventPrinter } from '../../formats/event-format/event-printer.ts';
import { getCapture } from '../../store/captures.ts';
import { explainLab, isSqliteError, LabFileError } from '../../store/lab-errors.ts';
import { openLabFile } from '../../store/lab-file.ts';
import { query } from '../../store/sql.ts';
import type { SqlResult } from '../../store/sql.ts';
import { RequestError } from '../about.ts';
import { storedTrace } from '../captures/stored-trace.ts';

/** Runs one query and streams its rows to `use`. Throws RequestError with SQLite's message if it can't be run. */
export function runSql(lab: string, sql: string, use: (result: SqlResult) => void): void {
  const db = openLabFile(lab, 'read');
  const chunks = openLabFile(lab, 'read');
  try {
    use(
      query(db, chunks, sql, (capture) => {
        const printer = new EventPrinter(storedTrace(chunks, getCapture(chunks, capture)));
        return (batch, i) => printer.fieldsJson(batch, i);
      }),
    );
  } catch (error) {
    const explained = explainLab(error, lab);
    if (explained instanceof LabFileError) throw explained;
    const { message } = error as Error;
    // better-sqlite3 throws RangeError for no statement, for more than one, and for a missing parameter.
    if (isSqliteError(error) || error instanceof RangeError) throw new RequestError(`SQL: ${message}`);
    throw error;
  } finally {
    db.close();
    chunks.close();
  }
}
