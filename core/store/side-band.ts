/** What an SPE capture's side band tells of its own blackouts: flagged AUX records, LOST records, when each CPU ran what is profiled. */
import { signed, unsigned } from './captures.ts';
import type { Db } from './lab-file.ts';

/** An AUX record with flags (include/uapi/linux/perf_event.h, PERF_AUX_FLAG_*). */
export interface AuxFlagRow {
  /** ns; 0 where records carry no time. */
  readonly t: bigint;
  /** -1 in a per-thread capture. */
  readonly cpu: number;
  readonly tid: number;
  readonly flags: number;
  /** Bytes. */
  readonly size: number;
}

export function addAuxFlags(db: Db, capture: number, rows: Iterable<AuxFlagRow>): void {
  const insert = db.prepare('INSERT INTO aux_flag VALUES (?, ?, ?, ?, ?, ?)');
  for (const r of rows) insert.run(capture, signed(r.t), r.cpu, r.tid, r.flags, r.size);
}

/** In time order. */
export function readAuxFlags(db: Db, capture: number): AuxFlagRow[] {
  const rows = db.prepare('SELECT * FROM aux_flag WHERE capture_id = ? ORDER BY t_ns, rowid').all(capture);
  return (rows as Record<string, bigint>[]).map((r) => ({
    t: unsigned(r['t_ns'])!,
    cpu: Number(r['cpu']),
    tid: Number(r['tid']),
    flags: Number(r['flags']),
    size: Number(r['size_bytes']),
  }));
}

export interface LostRow {
  /** ns; 0 where records carry no time. */
  readonly t: bigint;
  readonly cpu: number;
  /** Records, or samples if `samples`. */
  readonly count: number;
  readonly samples: boolean;
}

export function addLost(db: Db, capture: number, rows: Iterable<LostRow>): void {
  const insert = db.prepare('INSERT INTO lost_record VALUES (?, ?, ?, ?, ?)');
  for (const r of rows) insert.run(capture, signed(r.t), r.cpu, r.count, r.samples ? 1 : 0);
}

/** In time order. */
export function readLost(db: Db, capture: number): LostRow[] {
  const rows = db.prepare('SELECT * FROM lost_record WHERE capture_id = ? ORDER BY t_ns, rowid').all(capture);
  return (rows as Record<string, bigint>[]).map((r) => ({
    t: unsigned(r['t_ns'])!,
    cpu: Number(r['cpu']),
    count: Number(r['count']),
    samples: r['samples'] === 1n,
  }));
}

/** @param running start, end pairs, ns after `origin` */
export function addRunning(db: Db, capture: number, lane: number, running: Float64Array, origin: bigint): void {
  const insert = db.prepare('INSERT INTO spe_running VALUES (?, ?, ?, ?)');
  for (let i = 0; i < running.length; i += 2) {
    insert.run(capture, lane, signed(origin + BigInt(running[i])), signed(origin + BigInt(running[i + 1])));
  }
}

/** Start, end pairs in time order, ns after `origin`. */
export function readRunning(db: Db, capture: number, lane: number, origin: bigint): Float64Array {
  const rows = db
    .prepare('SELECT start_ns, end_ns FROM spe_running WHERE capture_id = ? AND lane = ? ORDER BY start_ns')
    .raw()
    .all(capture, lane) as [bigint, bigint][];
  return Float64Array.from(rows.flat(), (t) => Number(unsigned(t)! - origin));
}
