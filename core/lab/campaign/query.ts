/** SQL over a campaign's dataset: DuckDB in its own process, which is killed to cancel, or in this one, if it may be killed. */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { RequestError } from '../about.ts';
import { DATASET } from './dataset.ts';
import type { DuckLine, DuckRequest, DuckValue } from './duckdb.ts';
import { datasetTableNames } from './tables.ts';

export type { DuckValue };

export interface QueryOptions {
  /** In DuckDB's notation: `400MB`. */
  readonly memory?: string;
  /** Resolves when the user asks to stop. */
  readonly stopped?: Promise<void>;
}

/** Gets a query's columns, then its rows in batches. */
export interface QuerySink {
  columns(query: number, names: readonly string[]): void;
  rows(query: number, rows: readonly (readonly DuckValue[])[]): void;
}

/**
 * Runs queries one after the other. Returns false if the user stopped them. @throws RequestError: no dataset, or DuckDB's own words
 */
export async function queryDataset(
  campaign: string,
  queries: readonly string[],
  sink: QuerySink,
  { memory, stopped }: QueryOptions = {},
): Promise<boolean> {
  const request = requestOf(campaign, queries, memory);
  const child = spawn(process.execPath, [program()], { stdio: ['pipe', 'pipe', 'pipe'] });
  let cancelled = false;
  void stopped?.then(() => {
    cancelled = true;
    child.kill('SIGKILL');
  });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (words: string) => (said = (said + words).slice(-2000)));
  child.stdin.on('error', () => undefined);
  child.stdin.end(JSON.stringify(request));
  const ended = new Promise<string>((done) => {
    child.on('error', (error) => done(error.message));
    child.on('close', (code, signal) => done(signal ?? `exit code ${code}`));
  });
  let done = false;
  try {
    for await (const text of createInterface({ input: child.stdout })) {
      const line = JSON.parse(text) as DuckLine;
      if ('error' in line) throw new RequestError(explained(line.error));
      if ('done' in line) done = true;
      else if ('columns' in line) sink.columns(line.query, line.columns);
      else sink.rows(line.query, line.rows);
    }
    const how = await ended;
    if (!done && !cancelled)
      throw new RequestError(`DuckDB’s process ended (${how}): ${said.trim().split('\n').at(-1) || 'out of memory?'}`);
    return !cancelled;
  } finally {
    child.kill('SIGKILL');
  }
}

function requestOf(campaign: string, queries: readonly string[], memory: string | undefined): DuckRequest {
  const dataset = resolve(campaign, DATASET);
  if (!existsSync(dataset))
    throw new RequestError(
      `${campaign}: has no dataset yet: \`umbra campaign collect ${campaign}\` makes it of the results`,
    );
  return { dataset, tables: datasetTableNames, queries, ...(memory !== undefined && { memory }) };
}

export interface QueryAnswer {
  columns: readonly string[];
  rows: (readonly DuckValue[])[];
}

const noAnswer = (): QueryAnswer => ({ columns: [], rows: [] });

export type QueryAll = typeof queryAll;

/** `queryAll` in this process, for one that the caller may kill. @param onQuery gets how many are done */
export const queryAllHere =
  (onQuery: (done: number) => void = () => undefined): QueryAll =>
  async (campaign, queries, { memory } = {}) => {
    const { runDuckDb } = await import('./duckdb.ts');
    const found = queries.map(noAnswer);
    await runDuckDb(requestOf(campaign, queries, memory), (line) => {
      if ('error' in line) throw new RequestError(explained(line.error));
      if ('done' in line) return;
      if ('rows' in line) for (const row of line.rows) found[line.query].rows.push(row);
      else {
        onQuery(line.query);
        found[line.query].columns = line.columns;
      }
    });
    return found;
  };

/** All rows of each query, for queries with few. */
export async function queryAll(
  campaign: string,
  queries: readonly string[],
  options?: QueryOptions,
): Promise<QueryAnswer[]> {
  const found = queries.map(noAnswer);
  await queryDataset(
    campaign,
    queries,
    {
      columns: (query, names) => (found[query].columns = names),
      rows: (query, rows) => {
        for (const row of rows) found[query].rows.push(row);
      },
    },
    options,
  );
  return found;
}

/** A source file beside this one, or its own bundle beside this one's. */
function program(): string {
  return fileURLToPath(
    new URL(import.meta.url.endsWith('.ts') ? './duckdb-process.ts' : './duckdb-process.js', import.meta.url),
  );
}

/** One line of DuckDB's message, with the candidates if a name is wrong. */
function explained(message: string): string {
  const first = message
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line && !/^(LINE|\^)/.test(line));
  const tables = /Table with name/.test(message)
    ? `; there are ${datasetTableNames.map((t) => join(t)).join(', ')}`
    : '';
  return `DuckDB: ${first.join(' ')}${tables}`;
}
