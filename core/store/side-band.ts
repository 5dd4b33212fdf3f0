/**
 * What an SPE capture's side band shows of its own blackouts: flagged AUX records, LOST records, when each CPU ran the profiled context.
 */
import { signed, unsigned } from './captures.ts';
import { inserter } from './insert.ts';
import type { Db } from './lab-file.ts';

export interface Stretch {
  /** ns in the clock of the rows. */
  readonly start: bigint;
  readonly end: bigint;
  /** Bin, ns, 1 or more. */
  readonly width: number;
}

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
  const insert = inserter(db, 'aux_flag', ['capture_id', 't_ns', 'cpu', 'tid', 'flags', 'size_bytes']);
  for (const { t, cpu, tid, flags, size } of rows)
    insert({ capture_id: capture, t_ns: signed(t), cpu, tid, flags, size_bytes: size });
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
  const insert = inserter(db, 'lost_record', ['capture_id', 't_ns', 'cpu', 'count', 'samples']);
  for (const { t, cpu, count, samples } of rows)
    insert({ capture_id: capture, t_ns: signed(t), cpu, count, samples: samples ? 1 : 0 });
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

/** Flagged AUX records, or LOST records (`flags` 0), of one CPU or thread that lie in one bin. */
export interface SideMark {
  /** ns: the first of them. */
  readonly t: bigint;
  readonly cpu: number;
  readonly tid: number;
  readonly flags: number;
  /** AUX records; the losses that the LOST records report. */
  readonly count: number;
}

/** Those in a stretch, in time order. Records without a time are in none. */
export function readSideMarks(db: Db, capture: number, { start, end, width }: Stretch): SideMark[] {
  const from = signed(start > 0n ? start : 1n);
  const bin = BigInt(Math.max(1, Math.floor(width)));
  const thread = 'iif(cpu < 0, tid, -1)';
  const rows = (columns: string, table: string, group: string) =>
    db
      .prepare(
        `SELECT min(t_ns) AS t, ${columns} FROM ${table} WHERE capture_id = ? AND t_ns >= ? AND t_ns < ?
         GROUP BY (t_ns - ?) / ?, ${group} ORDER BY t`,
      )
      .all(capture, from, signed(end), from, bin) as Record<string, bigint>[];
  return [
    // For a CPU's records it doesn't matter which thread was on it.
    ...rows(`cpu, ${thread} AS tid, flags, count(*) AS n`, 'aux_flag', `cpu, ${thread}, flags`),
    ...rows('cpu, -1 AS tid, 0 AS flags, sum(count) AS n', 'lost_record', 'cpu'),
  ].map((r) => ({
    t: unsigned(r['t'])!,
    cpu: Number(r['cpu']),
    tid: Number(r['tid']),
    flags: Number(r['flags']),
    count: Number(r['n']),
  }));
}

/** @param running start, end pairs, ns after `origin` */
export function addRunning(db: Db, capture: number, lane: number, running: Float64Array, origin: bigint): void {
  const insert = inserter(db, 'spe_running', ['capture_id', 'lane', 'start_ns', 'end_ns']);
  for (let i = 0; i < running.length; i += 2) {
    const [start, end] = [running[i], running[i + 1]].map((t) => signed(origin + BigInt(t)));
    insert({ capture_id: capture, lane, start_ns: start, end_ns: end });
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
