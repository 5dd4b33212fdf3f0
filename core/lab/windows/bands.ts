/**
 * Intervals and moments of a stretch of time, merged if they begin in one bin: start of the first, end of the last, how many, and how much
 * of it they cover. A gap wider than a bin is never hidden.
 */
import { causeClasses } from '../../model/terms.ts';
import type { Params } from '../../contract/contract.ts';
import type { Bands, RunBands, TimelineLane } from '../../contract/timeline.ts';
import { intervalKinds, intervalsIn } from '../../store/intervals.ts';
import type { Intervals, IntervalSource, ReadIntervals } from '../../store/intervals.ts';
import type { Db } from '../../store/lab-file.ts';
import { getRun } from '../../store/run-store.ts';
import { runLanes } from './timeline-facts.ts';

/** Throws a LabFileError if there is no such run. */
export function runBands(db: Db, params: Params<'bands'>, read: ReadIntervals): RunBands {
  const { run, dlDiscard, policies, lanes: wanted, start, end, bins } = params;
  const { speId, facts } = getRun(db, run);
  const origin = BigInt(facts.origin);
  // Clocks begin at 0; a range may start before that.
  const from = Math.max(start, -Number(origin));
  const stretch = { from, until: Math.max(from, end), width: Math.max(1, Math.floor((end - start) / bins)) };
  const lanes = runLanes(db, run).filter(({ lane }) => !wanted || wanted.includes(lane));
  const kinds: string[] = [];
  const collect = (
    source: IntervalSource,
    owner: (policy: string, lane: TimelineLane) => (string | number)[],
    of = policies,
  ) => {
    const parts = of.flatMap((id, policy) =>
      lanes.map((lane) => ({ policy, lane: lane.lane, all: read(db, source, owner(id, lane), origin) })),
    );
    const bands = mergedBands(parts, stretch, kinds.length);
    kinds.push(...intervalKinds[source]);
    return bands;
  };
  return {
    windows: collect('windows', (policy, { lane }) => [run, policy, dlDiscard, lane]),
    stalls: collect('stalls', (policy, { lane }) => [run, policy, lane]),
    buffer: collect('buffer', (_, { lane }) => [run, lane], ['']),
    sessions: collect('sessions', (_, { spe }) => [speId, spe ?? -1], ['']),
    kinds,
    causes: causeClasses,
  };
}

interface Part {
  readonly policy: number;
  readonly lane: number;
  readonly all: Intervals;
}

/**
 * The intervals of each part that touch `[from, until)` ns, in the order of the parts and of their starts.
 * @param width ns a bin, counted from `from`
 * @param firstKind added to each kind
 */
export function mergedBands(
  parts: readonly Part[],
  { from, until, width }: { readonly from: number; readonly until: number; readonly width: number },
  firstKind = 0,
): Bands {
  const ranges = parts.map(({ all }) => intervalsIn(all, from, until));
  const most = ranges.reduce((sum, [first, last]) => sum + last - first, 0);
  const out = {
    policy: new Uint16Array(most),
    lane: new Int32Array(most),
    start: new Float64Array(most),
    end: new Float64Array(most),
    kind: new Uint8Array(most),
    cause: new Uint8Array(most),
    count: new Uint32Array(most),
    covered: new Float64Array(most),
    lost: new Float64Array(most),
  };
  let n = 0;
  parts.forEach(({ policy, lane, all }, part) => {
    const [first, last] = ranges[part];
    let bin = NaN;
    let open = n;
    for (let i = first; i < last; i++) {
      const [start, end] = [all.start[i], all.end[i]];
      const kind = all.kind[i] === 255 ? 255 : firstKind + all.kind[i];
      // Those that reach in from before are in a bin of their own: it counts from zero.
      const at = Math.floor((start - from) / width);
      if (at !== bin) [bin, open] = [at, n];
      // Few sorts share a bin.
      let to = open;
      while (to < n && (out.kind[to] !== kind || out.cause[to] !== all.cause[i])) to++;
      if (to === n) {
        n++;
        [out.policy[to], out.lane[to], out.start[to], out.end[to]] = [policy, lane, start, end];
        [out.kind[to], out.cause[to]] = [kind, all.cause[i]];
      } else out.end[to] = Math.max(out.end[to], end);
      out.count[to]++;
      out.covered[to] += end - start;
      out.lost[to] += all.lost[i];
    }
  });
  return {
    n,
    policy: out.policy.slice(0, n),
    lane: out.lane.slice(0, n),
    start: out.start.slice(0, n),
    end: out.end.slice(0, n),
    kind: out.kind.slice(0, n),
    cause: out.cause.slice(0, n),
    count: out.count.slice(0, n),
    covered: out.covered.slice(0, n),
    lost: out.lost.slice(0, n),
  };
}
