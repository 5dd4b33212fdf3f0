/** The contract's requests of the timeline (contract-timeline.ts). Each reads what it shows and no more. */
import { causeClasses, stage2Kinds, stallKinds, windowKinds } from '../model/terms.ts';
import { readBands } from '../store/bands.ts';
import type { Band, Stretch } from '../store/bands.ts';
import { getCapture } from '../store/captures.ts';
import type { Db } from '../store/lab-file.ts';
import { lodTracks } from '../store/lod.ts';
import { getRun } from '../store/run-store.ts';
import { readLanes } from '../store/spe-store.ts';
import type { Call, Params, Result } from './contract.ts';
import type { Bands, RunBands, timelineMethods, TraceTrack } from './contract-timeline.ts';
import { sampleBins, trackBins } from './levels.ts';
import type { RunFacts } from './run-facts.ts';
import { findWindow } from './find-window.ts';
import { queriesOf } from './service-runs.ts';
import type { QueryRunner } from './service-runs.ts';
import { captureTimeline, runLanes, runTimeline } from './timeline-facts.ts';
import { exactTracks, traceLines } from './trace-near.ts';

type Methods = typeof timelineMethods;
export type TimelineHandlers = {
  readonly [M in keyof Methods]: (params: Params<M>, call: Call) => Result<M> | Promise<Result<M>>;
};

/**
 * @param read gives a connection for one request
 * @param run carries out what takes its time
 */
export function timelineHandlers(read: <T>(use: (db: Db) => T) => T, run: QueryRunner): TimelineHandlers {
  const query = queriesOf(run);
  return {
    timeline: (params) =>
      read((db) => ('run' in params ? runTimeline(db, params.run) : captureTimeline(db, params.capture))),
    density: ({ spe, origin, ...stretch }) => read((db) => density(db, spe, BigInt(origin), stretch)),
    traceTracks: (params) => read((db) => traceTracks(db, params)),
    bands: (params) => read((db) => runBands(db, params)),
    findWindow: (params) => read((db) => findWindow(db, params)),
    traceEvents: ({ kvm, start, end, limit }) => read((db) => traceLines(db, kvm, start, end, limit)),
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

function traceTracks(db: Db, { kvm, start, end, bins }: Params<'traceTracks'>): TraceTrack[] {
  const capture = getCapture(db, kvm, 'kvm');
  if (capture.t0 === undefined) return [];
  const want = { start: atLeast0(capture.t0 + BigInt(start)), end: atLeast0(capture.t0 + BigInt(end)), bins };
  return (
    exactTracks(db, capture, want) ??
    lodTracks(db, kvm).map(({ track, lane }) => ({
      track,
      tid: lane,
      ...trackBins(db, kvm, track, lane, want, capture),
    }))
  );
}

function runBands(db: Db, { run, dlDiscard, policies, start, end, bins }: Params<'bands'>): RunBands {
  const { speId, facts } = getRun(db, run);
  const origin = BigInt((facts as RunFacts).origin);
  const stretch: Stretch = {
    start: atLeast0(origin + BigInt(start)),
    end: atLeast0(origin + BigInt(end)),
    width: (end - start) / bins,
  };
  const kinds = [...windowKinds, ...stallKinds, ...stage2Kinds, 'session'];
  const lanes = runLanes(db, run);
  const collect = (rows: (policy: string, lane: (typeof lanes)[number]) => Band[], of = policies) =>
    columns(
      of.flatMap((id, policy) => lanes.flatMap((l) => rows(id, l).map((band) => ({ policy, lane: l.lane, band })))),
      origin,
      kinds,
    );
  return {
    kinds,
    causes: causeClasses,
    windows: collect((policy, { lane }) => readBands(db, 'windows', [run, policy, dlDiscard, lane], stretch)),
    stalls: collect((policy, { lane }) => readBands(db, 'stalls', [run, policy, lane], stretch)),
    buffer: collect((_, { lane }) => readBands(db, 'buffer', [run, lane], stretch), ['']),
    sessions: collect((_, { spe }) => readBands(db, 'sessions', [speId, spe ?? -1], stretch), ['']),
  };
}

function columns(
  rows: readonly { readonly policy: number; readonly lane: number; readonly band: Band }[],
  origin: bigint,
  kinds: readonly string[],
): Bands {
  return {
    n: rows.length,
    policy: Uint16Array.from(rows, (r) => r.policy),
    lane: Int32Array.from(rows, (r) => r.lane),
    start: Float64Array.from(rows, (r) => Number(r.band.start - origin)),
    end: Float64Array.from(rows, (r) => Number(r.band.end - origin)),
    kind: Uint8Array.from(rows, (r) => kinds.indexOf(r.band.kind)),
    cause: Uint8Array.from(rows, (r) => (causeClasses as readonly (string | null)[]).indexOf(r.band.cause)),
    count: Uint32Array.from(rows, (r) => r.band.count),
    covered: Float64Array.from(rows, (r) => r.band.covered),
    lost: Float64Array.from(rows, (r) => r.band.lost),
  };
}

/** Clocks begin at 0; a stretch may reach out before that. */
function atLeast0(t: bigint): bigint {
  return t < 0n ? 0n : t;
}
