/**
 * Blackout windows and sessions by the bins of a level of detail. Those within one bin are summed; those that cross an edge are returned
 * singly: a lane's intervals are disjoint, so there are at most as many of these as bins, whatever the capture's size.
 */
import { signed } from './captures.ts';
import type { Db } from './lab-file.ts';
import type { BinRange } from './lod.ts';

/** Windows of one kind in one bin: how many, how many ns they cover, how many samples they lose. */
export interface BinnedWindows {
  /** Place in the range. */
  readonly bin: number;
  readonly kind: string;
  readonly windows: number;
  readonly ns: number;
  readonly lost: number;
}

/** An interval that crosses a bin edge: ns after the range's first bin. */
export interface CrossingInterval {
  readonly start: number;
  readonly end: number;
  readonly kind: string;
  readonly lost: number;
}

export interface IntervalBins {
  readonly within: readonly BinnedWindows[];
  readonly crossing: readonly CrossingInterval[];
}

/** @param of run, policy, dlDiscard, lane */
export function binnedWindows(
  db: Db,
  of: readonly [run: number, policy: string, dlDiscard: string, lane: number],
  range: BinRange,
): IntervalBins {
  const mine = 'blackout_window WHERE run_id = ? AND policy = ? AND dl_discard = ? AND lane = ?';
  return binned(db, mine, of, { kind: 'kind', lost: 'lost' }, range);
}

/** When profiling was on. @param of capture, its own number of the lane */
export function binnedSessions(db: Db, of: readonly [capture: number, lane: number], range: BinRange): IntervalBins {
  return binned(db, 'spe_session WHERE capture_id = ? AND lane = ?', of, { kind: "''", lost: '0' }, range);
}

function binned(
  db: Db,
  rows: string,
  of: readonly (number | string)[],
  { kind, lost }: { readonly kind: string; readonly lost: string },
  { shift, first, n }: BinRange,
): IntervalBins {
  const zero = signed(first << BigInt(shift));
  const end = signed((first + BigInt(n)) << BigInt(shift));
  const all = <T>(sql: string, ...bound: unknown[]) =>
    db
      .prepare(sql)
      .safeIntegers(false)
      .all(...of, ...bound) as T[];
  // An earlier interval may reach in: only the last one can.
  const before = `SELECT start_ns - ${zero} AS start, end_ns - ${zero} AS end, ${kind} AS kind, ${lost} AS lost FROM
    (SELECT * FROM ${rows} AND start_ns < ? ORDER BY start_ns DESC LIMIT 1) WHERE end_ns > ?`;
  const inside = `${rows} AND start_ns >= ? AND start_ns < ?`;
  return {
    crossing: [
      ...all<CrossingInterval>(before, zero, zero),
      ...all<CrossingInterval>(
        `SELECT start_ns - ${zero} AS start, end_ns - ${zero} AS end, ${kind} AS kind, ${lost} AS lost FROM ${inside}
         AND start_ns >> ${shift} <> end_ns >> ${shift} ORDER BY start_ns`,
        ...[zero, end],
      ),
    ],
    within: all<BinnedWindows>(
      `SELECT (start_ns - ${zero}) >> ${shift} AS bin, ${kind} AS kind, count(*) AS windows, sum(end_ns - start_ns) AS ns,
         sum(${lost}) AS lost
       FROM ${inside} AND start_ns >> ${shift} = end_ns >> ${shift} GROUP BY 1, 2, ${lost} > 0 ORDER BY 1`,
      ...[zero, end],
    ),
  };
}
