/** The contract's timeline requests (contract-timeline.ts). Each reads only what it shows. */
import { getCapture } from '../../store/captures.ts';
import { readFlags } from '../../store/flags.ts';
import type { ReadIntervals } from '../../store/intervals.ts';
import type { Db } from '../../store/lab-file.ts';
import { lodTracks } from '../../store/lod.ts';
import { readSideMarks } from '../../store/side-band.ts';
import { readLanes } from '../../store/spe-store.ts';
import type { Call, Params, Result } from '../../contract/contract.ts';
import { flagColors } from '../../contract/limits.ts';
import type { FlagColor } from '../../contract/limits.ts';
import type { SideMarks, timelineMethods, TraceTrack } from '../../contract/timeline.ts';
import { sampleBins, trackBins } from '../captures/levels.ts';
import { laneOf } from '../captures/observed.ts';
import { areaFacts } from '../windows/area.ts';
import { runBands } from '../windows/bands.ts';
import { fatesOf } from '../windows/fates.ts';
import { findWindow } from '../windows/find-window.ts';
import type { JobRunner } from './service-jobs.ts';
import { queriesOf } from './service-runs.ts';
import type { QueryRunner } from './service-runs.ts';
import { captureTimeline, runTimeline } from '../windows/timeline-facts.ts';
import { createNearTrace } from '../captures/trace-near.ts';
import type { NearTrace } from '../captures/trace-near.ts';

type Methods = typeof timelineMethods;
export type TimelineHandlers = {
  readonly [M in keyof Methods]: (params: Params<M>, call: Call) => Result<M> | Promise<Result<M>>;
};

/**
 * @param read gives a connection for one request
 * @param intervals as they are in that connection's lab
 * @param run runs slow requests
 * @param job runs jobs that write
 */
export function timelineHandlers(
  read: <T>(use: (db: Db) => T) => T,
  intervals: ReadIntervals,
  run: QueryRunner,
  job: JobRunner,
): TimelineHandlers {
  const query = queriesOf(run);
  const near = createNearTrace();
  return {
    timeline: (params) =>
      read((db) => ('run' in params ? runTimeline(db, params.run) : captureTimeline(db, params.capture))),
    density: ({ spe, origin, ...stretch }) => read((db) => density(db, spe, BigInt(origin), stretch)),
    traceTracks: (params) => read((db) => traceTracks(db, params, near)),
    bands: (params) => read((db) => runBands(db, params, intervals)),
    fates: (params) => read((db) => fatesOf(db, params, intervals)),
    area: (params) => read((db) => areaFacts(db, params, intervals)),
    flags: ({ capture, origin }) =>
      read((db) =>
        readFlags(db, capture).map((f) => ({ ...f, t: Number(f.t - BigInt(origin)), color: colorOf(f.color) })),
      ),
    putFlag: async (of, call) => (await job({ kind: 'flag', of }, call)) as Result<'putFlag'>,
    removeFlag: async ({ id }, call) => (await job({ kind: 'unflag', id }, call)) as Result<'removeFlag'>,
    findWindow: (params) => read((db) => findWindow(db, params, near)),
    traceEvents: ({ kvm, start, end, limit }) => read((db) => near.lines(db, kvm, start, end, limit)),
    sideMarks: ({ spe, origin, ...stretch }) => read((db) => sideMarks(db, spe, BigInt(origin), stretch)),
    observed: query('observed'),
    observedBands: query('observedBands'),
    exits: query('exits'),
    search: query('search'),
  };
}

function density(
  db: Db,
  spe: number,
  origin: bigint,
  { start, end, bins }: { readonly start: number; readonly end: number; readonly bins: number },
) {
  const want = { start: atLeast0(origin + BigInt(start)), end: atLeast0(origin + BigInt(end)), bins };
  return readLanes(db, spe).map((lane) => ({ lane: lane.lane, ...sampleBins(db, spe, lane, want, origin) }));
}

function sideMarks(
  db: Db,
  spe: number,
  origin: bigint,
  { start, end, bins }: { readonly start: number; readonly end: number; readonly bins: number },
): SideMarks {
  const lanes = readLanes(db, spe);
  const marks = readSideMarks(db, spe, {
    start: origin + BigInt(start),
    end: atLeast0(origin + BigInt(end)),
    width: (end - start) / bins,
  });
  return {
    n: marks.length,
    lane: Int32Array.from(marks, (m) => lanes[laneOf(lanes, m.cpu, m.tid)]?.lane ?? -1),
    t: Float64Array.from(marks, (m) => Number(m.t - origin)),
    flags: Uint8Array.from(marks, (m) => m.flags),
    count: Uint32Array.from(marks, (m) => m.count),
  };
}

function traceTracks(db: Db, { kvm, start, end, bins }: Params<'traceTracks'>, near: NearTrace): TraceTrack[] {
  const capture = getCapture(db, kvm, 'kvm');
  if (capture.t0 === undefined) return [];
  const want = { start: atLeast0(capture.t0 + BigInt(start)), end: atLeast0(capture.t0 + BigInt(end)), bins };
  return (
    near.tracks(db, capture, want) ??
    lodTracks(db, kvm).map(({ track, lane }) => ({
      track,
      tid: lane,
      ...trackBins(db, kvm, track, lane, want, capture),
    }))
  );
}

/** A newer version may have more colours. */
function colorOf(word: string): FlagColor {
  return flagColors.find((c) => c === word) ?? 'muted';
}

/** Clocks begin at 0; a range may start before that. */
function atLeast0(t: bigint): bigint {
  return t < 0n ? 0n : t;
}
