/** Blackouts visible in a capture itself, without replay (model.md section 6). */
import { defaultObservedOptions, observeBlackouts, observedReasons } from '../../analysis/observed.ts';
import type { ObservedLane, ObservedOptions, ObservedReason } from '../../analysis/observed.ts';
import { getCapture } from '../../store/captures.ts';
import type { CaptureRow } from '../../store/captures.ts';
import type { Db } from '../../store/lab-file.ts';
import { readLab } from '../../store/lab-file.ts';
import { readAuxFlags, readLost, readRunning } from '../../store/side-band.ts';
import type { SpeLane } from '../../store/spe-store.ts';
import { MAX_OBSERVED } from '../../contract/timeline.ts';
import type { ObservedBands, ObservedSummary } from '../../contract/timeline.ts';
import { loadReference } from './reference.ts';
import type { Reference } from './reference.ts';
import type { ObservedShare } from '../../contract/compare.ts';

/** ns in the capture's clock. */
export interface ObservedRow {
  /** The CPU, or the lane's number in a per-thread capture. */
  readonly lane: number;
  /** Last record before and first record after the blackout. */
  readonly start: bigint;
  readonly end: bigint;
  /** Time in it with the profiled context running. */
  readonly darkNs: number;
  readonly reason: ObservedReason;
}

export interface ObservedBlackouts {
  readonly rows: readonly ObservedRow[];
  readonly totals: ObservedShare;
  readonly options: ObservedOptions;
  /** Lanes whose context switches are unknown: idle time in them may show as gaps. */
  readonly lanesWithoutSwitches: readonly number[];
}

/** @throws LabFileError (no such SPE capture), RequestError (its samples have no times) */
export function observedInLab(lab: string, spe: number, options: Partial<ObservedOptions> = {}): ObservedBlackouts {
  return readLab(lab, (db) => observed(db, getCapture(db, spe, 'spe'), options));
}

export function observed(db: Db, capture: CaptureRow, options: Partial<ObservedOptions> = {}): ObservedBlackouts {
  const reference = loadReference(db, capture, 'auto');
  const { lanes, unplaced } = observedLanes(db, capture, reference);
  const found = observeBlackouts(lanes, options);
  const rows = Array.from({ length: found.n }, (_, i): ObservedRow => ({
    lane: found.lane[i],
    start: reference.origin + BigInt(found.start[i]),
    end: reference.origin + BigInt(found.end[i]),
    darkNs: found.darkNs[i],
    reason: observedReasons[found.reason[i]],
  }));
  const byReason = Object.fromEntries(
    observedReasons.map((reason) => {
      const own = rows.filter((r) => r.reason === reason);
      return [reason, { blackouts: own.length, darkNs: own.reduce((sum, r) => sum + r.darkNs, 0) }];
    }),
  ) as ObservedBlackouts['totals']['byReason'];
  const { darkNs, runningNs } = found.totals;
  return {
    rows,
    totals: { ...found.totals, darkShare: runningNs > 0 ? darkNs / runningNs : 0, byReason, unplaced },
    options: { ...defaultObservedOptions, ...options },
    lanesWithoutSwitches: lanes.filter((l) => !l.running.length).map((l) => l.lane),
  };
}

/** In short, for a capture's card. */
export function observedSummary(db: Db, spe: number): ObservedSummary {
  const { rows, totals, lanesWithoutSwitches } = observed(db, getCapture(db, spe, 'spe'));
  const { darkNs, runningNs, unplaced } = totals;
  const byReason = Object.entries(totals.byReason)
    .map(([reason, of]) => ({ reason, ...of }))
    .filter((r) => r.blackouts);
  return { blackouts: rows.length, darkNs, runningNs, byReason, unplaced, lanesWithoutSwitches };
}

/** One by one, for a timeline. @param origin ns in the capture's clock */
export function observedBands(db: Db, spe: number, origin: bigint): ObservedBands {
  const { rows } = observed(db, getCapture(db, spe, 'spe'));
  const longest = rows.toSorted((a, b) => Number(b.end - b.start - (a.end - a.start))).slice(0, MAX_OBSERVED);
  const shown = longest.toSorted((a, b) => a.lane - b.lane || Number(a.start - b.start));
  return {
    lane: Int32Array.from(shown, (r) => r.lane),
    start: Float64Array.from(shown, (r) => Number(r.start - origin)),
    end: Float64Array.from(shown, (r) => Number(r.end - origin)),
    darkNs: Float64Array.from(shown, (r) => r.darkNs),
    reason: Uint8Array.from(shown, (r) => observedReasons.indexOf(r.reason)),
    reasons: observedReasons,
    left: rows.length - shown.length,
  };
}

/** A side band record at `at`, ns after the origin. */
interface Placed {
  readonly at: number;
  readonly value: number;
}

function observedLanes(
  db: Db,
  capture: CaptureRow,
  { origin, lanes, stored }: Reference,
): { lanes: ObservedLane[]; unplaced: number } {
  // Times far outside the capture are corrupt: they would land at its ends.
  const reach = BigInt(Number.MAX_SAFE_INTEGER);
  const after = (t: bigint): number => (t - origin > -reach && t - origin < reach ? Number(t - origin) : NaN);
  const aux: Placed[][] = stored.map(() => []);
  const lost: Placed[][] = stored.map(() => []);
  let unplaced = 0;
  const place = (lists: Placed[][], lane: number, t: bigint, value: number): void => {
    const at = t > 0n ? after(t) : NaN;
    if (lane < 0 || Number.isNaN(at)) unplaced++;
    else lists[lane].push({ at, value });
  };
  for (const r of readAuxFlags(db, capture.id)) place(aux, laneOf(stored, r.cpu, r.tid), r.t, r.flags);
  for (const r of readLost(db, capture.id)) place(lost, laneOf(stored, r.cpu, -1), r.t, r.count);
  return {
    unplaced,
    lanes: lanes.map((lane, i) => ({
      lane: lane.lane,
      t: lane.t,
      running: stored[i].mode === 'task-bound' ? lane.sessions : readRunning(db, capture.id, stored[i].lane, origin),
      aux: { t: times(aux[i]), flags: Uint32Array.from(aux[i], (p) => p.value) },
      lost: { t: times(lost[i]), count: Float64Array.from(lost[i], (p) => p.value) },
    })),
  };
}

function times(list: readonly Placed[]): Float64Array {
  return Float64Array.from(list, (p) => p.at);
}

/** Index of a side band record's lane: by CPU; in a per-thread capture by thread, or the only lane. -1: none. */
export function laneOf(stored: readonly SpeLane[], cpu: number, tid: number): number {
  const lane = stored.findIndex((l) => (l.cpu >= 0 ? l.cpu === cpu : l.tid === tid));
  return lane < 0 && stored.length === 1 && stored[0].cpu < 0 ? 0 : lane;
}
