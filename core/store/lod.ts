/** Levels of detail in the lab file; lod-counter.ts makes them. */
import { decodeColumn } from './column-codec.ts';
import { inserter } from './insert.ts';
import type { Db } from './lab-file.ts';
import { BLOCK } from './lod-counter.ts';
import type { LodBlock } from './lod-counter.ts';

export function storeLevels(db: Db, capture: number, track: string, lane: number, levels: Iterable<LodBlock>): void {
  const insert = inserter(db, 'lod', ['capture_id', 'track', 'lane', 'shift', 'block', 'total', 'bins']);
  for (const { shift, block, total, data } of levels)
    insert({ capture_id: capture, track, lane, shift, block, total, bins: data });
}

/** Bins `[first, first + n)` of 2^shift ns, counted from the clock's zero: fine ones of late clocks exceed 2^53. */
export interface BinRange {
  readonly shift: number;
  readonly first: bigint;
  readonly n: number;
}

/** The bins that hold `[start, end)`, ns of the clock. */
export function binRange(start: bigint, end: bigint, shift: number): BinRange {
  const first = start >> BigInt(shift);
  return { shift, first, n: Math.max(1, Number(((end - 1n) >> BigInt(shift)) - first) + 1) };
}

/** The shift with which `[start, end)` takes about `bins` bins, and never more than one above that. */
export function wantedShift(start: bigint, end: bigint, bins: number): number {
  return Math.max(0, Math.ceil(Math.log2(Math.max(1, Number(end - start)) / bins)));
}

/** Stored shifts of a lane's track, finest first; empty if nothing was counted. */
export function lodShifts(db: Db, capture: number, track: string, lane: number): number[] {
  const query = db
    .prepare('SELECT DISTINCT shift FROM lod WHERE capture_id = ? AND track = ? AND lane = ? ORDER BY shift')
    .pluck();
  return (query.all(capture, track, lane) as bigint[]).map(Number);
}

/** One lane's bins of a stored level; zeros where nothing is stored. */
export function readBins(db: Db, capture: number, track: string, lane: number, range: BinRange): Uint32Array {
  const out = new Uint32Array(range.n);
  // Exact: stored levels are coarse enough.
  const first = Number(range.first);
  const block0 = Math.floor(first / BLOCK);
  const block1 = Math.floor((first + range.n - 1) / BLOCK);
  const rows = db
    .prepare(
      'SELECT block, bins FROM lod WHERE capture_id = ? AND track = ? AND lane = ? AND shift = ? AND block BETWEEN ? AND ?',
    )
    .all(capture, track, lane, range.shift, block0, block1) as { block: bigint; bins: Uint8Array }[];
  const bins = new Uint32Array(BLOCK);
  for (const row of rows) {
    decodeColumn(row.bins, BLOCK, bins);
    const at = Number(row.block) * BLOCK - first;
    const from = Math.max(0, -at);
    const to = Math.min(BLOCK, range.n - at);
    if (to > from) out.set(bins.subarray(from, to), at + from);
  }
  return out;
}

/** Tracks and lanes that were counted. */
export function lodTracks(db: Db, capture: number): { readonly track: string; readonly lane: number }[] {
  const rows = db
    .prepare('SELECT DISTINCT track, lane FROM lod WHERE capture_id = ? ORDER BY track, lane')
    .all(capture);
  return (rows as { track: string; lane: bigint }[]).map(({ track, lane }) => ({ track, lane: Number(lane) }));
}

/** Captures that were counted. */
export function lodCaptures(db: Db): number[] {
  return (db.prepare('SELECT DISTINCT capture_id FROM lod').pluck().all() as bigint[]).map(Number);
}

/** Forgets the levels of a capture: before they are counted again. */
export function clearLod(db: Db, capture: number): void {
  db.prepare('DELETE FROM lod WHERE capture_id = ?').run(capture);
}
