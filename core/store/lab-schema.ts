/**
 * Whether a lab file's tables are those that its version's migrations make. A file from elsewhere may hold views in place of tables, or
 * triggers: SQL that would run with every command.
 */
import Database from 'better-sqlite3';
import { LabFileError } from './lab-errors.ts';
import { migrations } from './schema.ts';

/** One row of sqlite_schema. */
interface Entry {
  readonly type: string;
  readonly name: string;
  readonly tbl_name: string;
  readonly sql: string | null;
}

const QUERY = 'SELECT type, name, tbl_name, sql FROM sqlite_schema';

/** A lab has no more than this, in bytes of SQL and objects. */
const MAX_OBJECTS = 1000;

/** Left by ANALYZE: figures for the query planner, which can't hold code. */
const analysed = /^sqlite_stat[134]$/;

const expected = new Map<number, ReadonlyMap<string, string>>();

/** Bytes of a text of a capture or a run, such as a name or a path, and of one that holds JSON. Every view and report shows them. */
const TEXT_BYTES = 1 << 20;
const JSON_BYTES = 64 << 20;
const json = new Set(['facts', 'vm', 'params', 'definition', 'summary', 'detail']);
/** Some rows each: looking takes no time. */
const shown = ['capture', 'run', 'replay_result', 'skew_result'];

/** Throws a LabFileError that names the first text that is longer than Umbra leaves any. */
export function checkTexts(db: Database.Database, path: string): void {
  for (const table of shown) {
    const columns = db
      .prepare<[string], string>("SELECT name FROM pragma_table_info(?) WHERE type = 'TEXT'")
      .pluck()
      .all(table);
    for (const column of columns) {
      const most = json.has(column) ? JSON_BYTES : TEXT_BYTES;
      const long = db
        .prepare<[], { id: bigint; n: bigint }>(
          `SELECT rowid AS id, octet_length("${column}") AS n FROM ${table} WHERE octet_length("${column}") > ${most} LIMIT 1`,
        )
        .get();
      if (long)
        throw new LabFileError(
          `${path}: not opened: ${table}.${column} of row ${long.id} has ${long.n} bytes, ${most} are the most; changed by something other than Umbra`,
        );
    }
  }
}

/** Throws a LabFileError that names the first difference. @param path for the message */
export function checkSchema(db: Database.Database, version: number, path: string): void {
  const known = schemaOf(version);
  let found = 0;
  for (const entry of db.prepare(`${QUERY} LIMIT ${MAX_OBJECTS}`).iterate() as Iterable<Entry>) {
    if (entry.type === 'table' && analysed.test(entry.name)) continue;
    const sql = known.get(keyOf(entry));
    if (sql === undefined) throw foreign(path, version, `a ${entry.type} '${entry.name}' that Umbra didn't make`);
    if (sql !== plain(entry.sql))
      throw foreign(path, version, `another ${entry.type} '${entry.name}' than Umbra makes`);
    found++;
  }
  if (found < known.size) throw foreign(path, version, `${found} of ${known.size} tables and indexes`);
}

function foreign(path: string, version: number, what: string): LabFileError {
  return new LabFileError(
    `${path}: not opened: it holds ${what} (lab format ${version}); changed by something other than Umbra`,
  );
}

function schemaOf(version: number): ReadonlyMap<string, string> {
  let schema = expected.get(version);
  if (!schema) {
    const db = new Database(':memory:');
    for (const step of migrations.slice(0, version)) db.exec(step);
    schema = new Map((db.prepare(QUERY).all() as Entry[]).map((entry) => [keyOf(entry), plain(entry.sql)]));
    db.close();
    expected.set(version, schema);
  }
  return schema;
}

const keyOf = ({ type, name, tbl_name }: Entry): string => `${type} ${name} ${tbl_name}`;

/** Strips comments and layout, which change when a migration's text is tidied up. No string of ours holds a double hyphen. */
function plain(sql: string | null): string {
  return (sql ?? '').replaceAll(/--[^\n]*/g, '').replaceAll(/\s+/g, '');
}
