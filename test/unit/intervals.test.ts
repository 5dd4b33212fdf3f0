/** Intervals of a timeline as columns: kept while the lab file stays as it is, merged by bins. */
import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterAll, expect, it } from 'vitest';
import { mergedBands } from '../../core/lab/windows/bands.ts';
import { causeClasses, windowKinds } from '../../core/model/terms.ts';
import { createIntervalCache, intervalsIn, readIntervals } from '../../core/store/intervals.ts';
import type { Intervals, ReadIntervals } from '../../core/store/intervals.ts';
import type { Db } from '../../core/store/lab-file.ts';

const folder = mkdtempSync(join(tmpdir(), 'umbra-intervals-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** start, end, kind, cause, lost */
const columns = (rows: readonly (readonly number[])[]): Intervals => ({
  n: rows.length,
  start: Float64Array.from(rows, (r) => r[0]),
  end: Float64Array.from(rows, (r) => r[1]),
  kind: Uint8Array.from(rows, (r) => r[2]),
  cause: Uint8Array.from(rows, (r) => r[3]),
  lost: Float64Array.from(rows, (r) => r[4]),
});

it('of a stretch: what touches it, with the one that reaches in', () => {
  const all = columns([
    [0, 10, 0, 0, 0],
    [20, 40, 0, 0, 0],
    [50, 60, 0, 0, 0],
  ]);
  expect(intervalsIn(all, 0, 100)).toEqual([0, 3]);
  expect(intervalsIn(all, 10, 20)).toEqual([1, 1]);
  expect(intervalsIn(all, 39, 51)).toEqual([1, 3]);
  expect(intervalsIn(all, 40, 50)).toEqual([2, 2]);
});

it('merges those of one bin, kind and cause, and none across a bin', () => {
  const all = columns([
    [5, 12, 1, 2, 3],
    [100, 110, 1, 2, 1],
    [120, 125, 0, 2, 1],
    [130, 140, 1, 2, 4],
    [200, 230, 255, 255, 0],
  ]);
  const parts = [{ policy: 3, lane: 7, all }];
  const fine = mergedBands(parts, { from: 10, until: 1000, width: 95 }, 10);
  expect([...fine.start]).toEqual([5, 100, 120, 130, 200]);
  expect([[...fine.policy], [...fine.lane]]).toEqual([Array(5).fill(3), Array(5).fill(7)]);
  const coarse = mergedBands(parts, { from: 10, until: 1000, width: 180 }, 10);
  expect([...coarse.start]).toEqual([5, 100, 120, 200]);
  expect([...coarse.end]).toEqual([12, 140, 125, 230]);
  expect([...coarse.count]).toEqual([1, 2, 1, 1]);
  expect([...coarse.covered]).toEqual([7, 20, 5, 30]);
  expect([...coarse.lost]).toEqual([3, 5, 1, 0]);
  expect([...coarse.kind]).toEqual([11, 11, 10, 255]);
  expect([...coarse.cause]).toEqual([2, 2, 2, 255]);
});

it('reads again once the file has changed, and lets go of what was used least lately', () => {
  const file = join(folder, 'lab');
  writeFileSync(file, 'a');
  const asked: string[] = [];
  const read: ReadIntervals = (_, source, owner) => {
    asked.push(`${source} ${owner.join()}`);
    return columns(Array.from({ length: 10 }, (__, i) => [i, i, 0, 0, 0]));
  };
  const cache = createIntervalCache(file, read, 2 * 10 * 26);
  const get = (lane: number) => cache.read(undefined as unknown as Db, 'stalls', [1, 'pin-vm', lane], 0n);
  cache.refresh();
  const first = get(0);
  expect(get(0)).toBe(first);
  get(1);
  get(0);
  get(2);
  get(0);
  expect(asked).toEqual(['stalls 1,pin-vm,0', 'stalls 1,pin-vm,1', 'stalls 1,pin-vm,2']);
  get(1);
  expect(asked.length).toBe(4);
  cache.refresh();
  get(1);
  expect(asked.length).toBe(4);
  appendFileSync(file, 'b');
  cache.refresh();
  get(1);
  expect(asked.length).toBe(5);
});

it('reads rows as columns: places of kinds and causes, 255 for words of a newer version and for none', () => {
  const db = new Database(':memory:');
  db.defaultSafeIntegers(true);
  db.exec('CREATE TABLE blackout_window (run_id, policy, dl_discard, lane, start_ns, end_ns, kind, cause, lost)');
  db.exec(`INSERT INTO blackout_window VALUES
    (1, 'p', 'record', 0, 1790000000000000300, 1790000000000000450, 'torn', NULL, 0),
    (1, 'p', 'record', 0, 1790000000000000100, 1790000000000000200, 'irq-latency', 'host-mm', 4000000000),
    (1, 'p', 'record', 0, 1790000000000000500, 1790000000000000501, 'of-later', 'of-later', 7),
    (1, 'p', 'record', 1, 1790000000000000100, 1790000000000000200, 'torn', NULL, 1)`);
  const read = readIntervals(db, 'windows', [1, 'p', 'record', 0], 1_790_000_000_000_000_000n);
  expect(read).toEqual(
    columns([
      [100, 200, windowKinds.indexOf('irq-latency'), causeClasses.indexOf('host-mm'), 4e9],
      [300, 450, windowKinds.indexOf('torn'), 255, 0],
      [500, 501, 255, 255, 7],
    ]),
  );
  db.close();
});
