/**
 * The replay: what one policy would have done to a reference profile, given what happened to stage 2. The rules, exact to the sample,
 * window, stall, ns and random number, are in docs/design/replay-rules.md; comments cite its numbers.
 */
import { LaneReplay } from './lane-replay.ts';
import type { Death } from './lane-replay.ts';
import { Latencies } from './latencies.ts';
import type { Distributions } from './latencies.ts';
import { W, S } from './lane-record.ts';
import type { LaneRecord } from './lane-record.ts';
import { emptyWindows } from './outcome.ts';
import type { Lane, PolicyOutcome, Stalls, Windows } from './outcome.ts';
import type { RunParams } from './params.ts';
import type { Policy } from './policy.ts';
import { prepare } from './prepare.ts';
import type { Prepared } from './prepare.ts';
import { createRandom } from './random.ts';
import { seededStream } from './seeds.ts';
import { causeClasses, PAGE_SHIFT } from './terms.ts';
import { pinnedMemory, pinnedThroughout } from './pinned-memory.ts';
import type { TimelineIndex } from './timeline-index.ts';
import type { Stage2Timeline } from './timeline.ts';

/**
 * Replays the lanes against a timeline under one policy. For many policies or placements: `prepare` once (and `withBuffers`
 * for another placement), then `replayPrepared`.
 * @param timeline in the run's time (alignment.ts)
 * @param distributions measured latencies; used with `latency: sampled` only
 * @throws ModelError when the lanes don't make sense (prepare.ts)
 */
export function replay(
  lanes: readonly Lane[],
  timeline: Stage2Timeline | TimelineIndex,
  policy: Policy,
  params: RunParams,
  distributions: Distributions = {},
): PolicyOutcome {
  return replayPrepared(prepare(lanes, timeline), policy, params, distributions);
}

/** `replay` after the common work. @param trial each trial draws its own random numbers */
export function replayPrepared(
  run: Prepared,
  policy: Policy,
  params: RunParams,
  distributions: Distributions = {},
  trial = 0,
): PolicyOutcome {
  const lanes = replayLanes(run, policy, params, distributions, trial);
  const records = lanes.map((l) => l.record);
  const faults = new Uint32Array(causeClasses.length);
  for (const record of records) record.faults.forEach((n, cause) => (faults[cause] += n));
  const death = Math.min(...lanes.map((l) => l.death?.at ?? Infinity));
  let fates: readonly Uint8Array[] | undefined;
  return {
    policy: policy.id,
    reference: records.map((record, i) => run.lanes[i].lane.t.length - record.samplesOutside),
    get fates() {
      return (fates ??= records.map((record) => record.fates()));
    },
    get inside() {
      return records.map((record) => record.inside());
    },
    get lost() {
      return records.map((record) => record.lost());
    },
    windows: allWindows(run, records),
    stalls: stallColumns(run, records),
    faults,
    refused: records.reduce((sum, r) => sum + r.refused, 0),
    ...(policy.pin === 'vm'
      ? pinnedThroughout(vmBytes(run, params), run.start, Math.min(run.end, death))
      : pinnedMemory(records, death - 1, Math.min(run.end, death))),
  };
}

/** Lanes know nothing of each other until one of them kills the VM; then those that lived longer are replayed up to that moment. */
function replayLanes(
  run: Prepared,
  policy: Policy,
  params: RunParams,
  distributions: Distributions,
  trial: number,
): LaneReplay[] {
  const seeds = seededStream(params.seed, 'lanes', trial);
  const laneSeeds = run.lanes.map(() => seeds.next());
  const upFront =
    policy.pin === 'vm' && run.lanes.some((l) => l.lane.sessions.length)
      ? Math.ceil(vmBytes(run, params) / 2 ** PAGE_SHIFT)
      : 0;
  const start = (i: number, doom: Death): LaneReplay => {
    const latencies = new Latencies(params, policy, distributions, createRandom(laneSeeds[i]));
    const upFrontPages = i === 0 ? upFront : 0;
    const of = { start: run.start, end: run.end, lanes: run.lanes.length, upFrontPages, doom };
    const lane = new LaneReplay(run.lanes[i], policy, params, latencies, of);
    lane.run();
    return lane;
  };

  let doom: Death = { at: Infinity, cause: 0, page: -1 };
  let killer = -1;
  const limits: number[] = [];
  const lanes = run.lanes.map((_, i) => {
    const lane = start(i, doom);
    limits.push(doom.at);
    if (lane.death && lane.death.at < doom.at) {
      doom = lane.death;
      killer = i;
    }
    return lane;
  });
  return lanes.map((lane, i) => (i !== killer && limits[i] > doom.at ? start(i, doom) : lane));
}

function allWindows(run: Prepared, records: readonly LaneRecord[]): Windows {
  const n = records.reduce((sum, r) => sum + r.windows.n, 0);
  const columns = emptyWindows(n);
  let out = 0;
  records.forEach(({ windows }, i) => {
    for (let row = 0; row < windows.n * W.WIDTH; row += W.WIDTH, out++) {
      const { data } = windows;
      columns.lane[out] = run.lanes[i].lane.lane;
      columns.start[out] = data[row + W.START];
      columns.end[out] = data[row + W.END];
      columns.kind[out] = data[row + W.KIND];
      columns.cause[out] = data[row + W.CAUSE];
      columns.page[out] = data[row + W.PAGE];
      columns.action[out] = data[row + W.ACTION];
      columns.lost[out] = data[row + W.TO] - data[row + W.FROM];
    }
  });
  return columns;
}

/** Merges the lanes' stalls by time; at one time in lane order. */
function stallColumns(run: Prepared, records: readonly LaneRecord[]): Stalls {
  const n = records.reduce((sum, r) => sum + r.stalls.n, 0);
  const columns = {
    n,
    lane: new Int32Array(n),
    t: new Float64Array(n),
    ns: new Float64Array(n),
    kind: new Uint8Array(n),
  };
  const next = records.map(() => 0);
  for (let out = 0; out < n; out++) {
    let from = -1;
    let earliest = Infinity;
    records.forEach(({ stalls }, i) => {
      const t = next[i] < stalls.n ? stalls.data[next[i] * S.WIDTH + S.T] : Infinity;
      if (t < earliest) [earliest, from] = [t, i];
    });
    const { data } = records[from].stalls;
    const row = next[from]++ * S.WIDTH;
    columns.lane[out] = run.lanes[from].lane.lane;
    columns.t[out] = earliest;
    columns.ns[out] = data[row + S.NS];
    columns.kind[out] = data[row + S.KIND];
  }
  return columns;
}

/** Bytes that `pin: vm` pins: all guest memory, or the buffers if they are more. */
function vmBytes(run: Prepared, params: RunParams): number {
  const buffers = run.lanes.reduce((sum, l) => sum + l.lane.pages.length, 0) * 2 ** PAGE_SHIFT;
  return params.vmBytes === 'auto' ? buffers : Math.max(params.vmBytes, buffers);
}
