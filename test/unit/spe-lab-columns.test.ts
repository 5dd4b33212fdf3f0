/** Packets that few captures have, from a perf.data to SQL and exports. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, expect, it } from 'vitest';
import { Warnings } from '../../core/formats/problems.ts';
import { decodeSpe } from '../../core/formats/spe/decode.ts';
import { sampleJson } from '../../core/formats/spe/sample-json.ts';
import { captureTable } from '../../core/lab/exports/tables.ts';
import { importFiles } from '../../core/lab/import/import.ts';
import { runSql } from '../../core/lab/service/sql.ts';
import { listCaptures } from '../../core/store/captures.ts';
import { openLabFile } from '../../core/store/lab-file.ts';
import { speFile, words } from './perf-data.builder.ts';
import { columnsOf, open } from './spe.rows.ts';

const folder = mkdtempSync(join(tmpdir(), 'umbra-columns-'));
afterAll(() => rmSync(folder, { recursive: true }));

const at = (h: number, top: bigint): Uint8Array => words(Uint8Array.of(h), (top << 56n) | 0x10n);
const ts = (t: number): Uint8Array => words(Uint8Array.of(0x71), BigInt(t));
const context = (index: number, value: number): Uint8Array => words(Uint8Array.of(0x64 + index), value);
const file = speFile(
  words(
    ...[at(0xb0, 0xb0n), context(0, 7), context(1, 0xffff_fff0), Uint8Array.of(0x9c, 9, 0), at(0xb3, 0x20n), ts(1)],
    ...[at(0xb0, 0xa0n), context(0, 7), at(0xb3, 0x80n), ts(2)],
  ),
);

function rowsOf(lab: string, sql: string): unknown[] {
  let rows: unknown[] = [];
  runSql(lab, sql, (result) => (rows = [...result.rows].map((row) => [...row])));
  return rows;
}

const QUERY = `select alt_issue_lat, context, context_el1, context_el2, pc_state, target_state, pa_state
  from spe_sample order by t_ns limit 2`;

it('come through to SQL and exports', () => {
  const path = join(folder, 'few.perf.data');
  const lab = join(folder, 'few.umbra');
  writeFileSync(path, file);
  importFiles(lab, [path]);
  expect(rowsOf(lab, QUERY).map(String)).toEqual([
    '9,4294967280,7,4294967280,realm,,secure',
    ',7,7,,non-secure,,non-secure',
  ]);
  const db = openLabFile(lab, 'read');
  const table = captureTable(db, listCaptures(db)[0]);
  const names = table.columns.map((c) => c.name);
  const few = ['alt_issue_lat_cycles', 'context', 'context_el1', 'context_el2', 'pc_state', 'target_state', 'pa_state'];
  for (const batch of table.batches())
    expect([0, 1].map((i) => few.map((name) => batch.cell(names.indexOf(name), i)))).toEqual([
      [9, 4294967280n, 7n, 4294967280n, 'realm', null, 'secure'],
      [null, 7n, 7n, null, 'non-secure', null, 'non-secure'],
    ]);
  db.close();
});

it('are in the JSON of samples where they say something', () => {
  const perf = open(file);
  const lines: Record<string, unknown>[] = [];
  const keep = (c: ReturnType<typeof columnsOf>) => {
    for (let i = 0; i < c.n; i++) lines.push(JSON.parse(sampleJson(c, i)) as Record<string, unknown>);
  };
  decodeSpe(perf, perf.queues[0], columnsOf(4), keep, new Warnings());
  const both = { context: 4294967280, contextEl1: 7, contextEl2: 4294967280 };
  expect(lines[0]).toMatchObject({ pcState: 'realm', paState: 'secure', altIssueLat: 9, ...both });
  expect(Object.keys(lines[1])).toEqual(['t', 'counter', 'cpu', 'tid', 'pc', 'el', 'pa', 'context', 'size']);
});

it('are null in labs of older formats, which never kept them', () => {
  const lab = join(folder, 'old.umbra');
  writeFileSync(lab, gunzipSync(readFileSync(new URL('../fixtures/labs/format-7.umbra.gz', import.meta.url))));
  const rows = rowsOf(lab, QUERY) as unknown[][];
  expect(rows).toHaveLength(2);
  for (const [alt, thread, ...rest] of rows)
    expect([alt, Number(thread) > 0, rest]).toEqual([null, true, [null, null, null, null, null]]);
});
