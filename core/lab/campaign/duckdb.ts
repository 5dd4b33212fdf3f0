/** SQL over a dataset with DuckDB, in this process: it reads that folder only and writes nothing. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { DuckDBInstance, StatementType } from '@duckdb/node-api';
import type { DuckDBConnection } from '@duckdb/node-api';

export interface DuckRequest {
  /** The dataset's folder. */
  readonly dataset: string;
  readonly tables: readonly string[];
  readonly queries: readonly string[];
  /** In DuckDB's notation: `400MB`; its default if not given. */
  readonly memory?: string;
}

/** Results of a request, a part at a time. The query's number, from 0. */
export type DuckLine =
  | { readonly query: number; readonly columns: readonly string[] }
  | { readonly query: number; readonly rows: readonly (readonly DuckValue[])[] }
  | { readonly error: string; readonly query?: number }
  | { readonly done: true };

/** Whole numbers from 2^53 on are decimal text; lists and structs are JSON. */
export type DuckValue = null | number | string | boolean | object;

const quoted = (words: string): string => `'${words.replaceAll("'", "''")}'`;

function open({ memory }: DuckRequest): Promise<DuckDBInstance> {
  return DuckDBInstance.create(':memory:', {
    ...(memory !== undefined && { memory_limit: memory }),
    autoinstall_known_extensions: 'false',
  });
}

async function connect(instance: DuckDBInstance, { dataset, tables }: DuckRequest): Promise<DuckDBConnection> {
  const db = await instance.connect();
  for (const table of tables) {
    const files = join(dataset, table, '**', '*.parquet');
    if (!existsSync(join(dataset, table))) continue;
    // A board called 7 is a name, not a number.
    await db.run(
      `CREATE VIEW "${table}" AS SELECT * FROM read_parquet(${quoted(files)}, hive_partitioning = true, hive_types_autocast = false)`,
    );
  }
  await db.run(`SET allowed_directories = [${quoted(dataset)}]`);
  await db.run('SET enable_external_access = false');
  await db.run('SET lock_configuration = true');
  return db;
}

const reading: readonly StatementType[] = [StatementType.SELECT, StatementType.EXPLAIN, StatementType.PRAGMA];

/** Runs a request's queries one after the other; the first that fails ends it. `say` is called in order, and awaited. */
export async function runDuckDb(request: DuckRequest, say: (line: DuckLine) => Promise<void> | void): Promise<void> {
  const instance = await open(request);
  const db = await connect(instance, request);
  try {
    await runQueries(db, request.queries, say);
  } finally {
    db.closeSync();
    instance.closeSync();
  }
}

async function runQueries(
  db: DuckDBConnection,
  queries: readonly string[],
  say: (line: DuckLine) => Promise<void> | void,
): Promise<void> {
  for (const [query, sql] of queries.entries()) {
    try {
      const statements = await db.extractStatements(sql);
      for (let s = 0; s < statements.count; s++) {
        const prepared = await statements.prepare(s);
        if (!reading.includes(prepared.statementType)) throw new Error('only queries: nothing is written');
        const result = await prepared.stream();
        if (s < statements.count - 1) continue;
        await say({ query, columns: result.columnNames() });
        for (let chunk = await result.fetchChunk(); chunk && chunk.rowCount > 0; chunk = await result.fetchChunk())
          await say({ query, rows: chunk.getRows().map((row) => row.map(plain)) });
      }
    } catch (error) {
      await say({ query, error: (error as Error).message });
      return;
    }
  }
  await say({ done: true });
}

function plain(value: unknown): DuckValue {
  if (typeof value === 'bigint')
    return value <= BigInt(Number.MAX_SAFE_INTEGER) && value >= -BigInt(Number.MAX_SAFE_INTEGER)
      ? Number(value)
      : String(value);
  if (typeof value === 'number') return Number.isFinite(value) ? value : String(value);
  if (value === null || value === undefined) return null;
  if (typeof value === 'string' || typeof value === 'boolean') return value;
  if (typeof value !== 'object') return null;
  if ('items' in value && Array.isArray(value.items)) return value.items.map(plain);
  if (
    'entries' in value &&
    typeof value.entries === 'object' &&
    value.entries !== null &&
    !Array.isArray(value.entries)
  )
    return Object.fromEntries(Object.entries(value.entries).map(([name, of]) => [name, plain(of)]));
  // DuckDB's own types know how to print themselves.

  return String(value);
}
