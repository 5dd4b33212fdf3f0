/**
 * A process that runs SQL over a dataset (duckdb.ts); its parent kills it to cancel. The request is one JSON document on stdin; results
 * are JSON lines on stdout, as fast as they are read.
 */
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { runDuckDb } from './duckdb.ts';
import type { DuckLine, DuckRequest } from './duckdb.ts';

async function say(line: DuckLine): Promise<void> {
  if (!process.stdout.write(`${JSON.stringify(line)}\n`)) await once(process.stdout, 'drain');
}

try {
  await runDuckDb(JSON.parse(await text(process.stdin)) as DuckRequest, say);
} catch (error) {
  await say({ error: (error as Error).message });
}
// DuckDB's threads would keep the process alive.
process.stdout.end(() => process.exit(0));
