/** Samples, sessions and each policy's losses in the bins of one range of a run: the dark parts of a timeline. */
import { lossBins } from '../../analysis/loss-bins.ts';
import { windowKinds } from '../../model/terms.ts';
import type { Params } from '../../contract/contract.ts';
import type { Fates, LaneFates, PolicyFates } from '../../contract/timeline.ts';
import { intervalsIn, readIntervals } from '../../store/intervals.ts';
import type { Intervals, ReadIntervals } from '../../store/intervals.ts';
import type { Db } from '../../store/lab-file.ts';
import { binRange, wantedShift } from '../../store/lod.ts';
import { getRun } from '../../store/run-store.ts';
import { readLanes } from '../../store/spe-store.ts';
import { sampleBins } from '../captures/levels.ts';
import { runLanes } from './timeline-facts.ts';

/** Throws a LabFileError if there is no such run. */
export function fatesOf(
  db: Db,
  { run, dlDiscard, policies, lanes: wanted, ...stretch }: Params<'fates'>,
  read: ReadIntervals = readIntervals,
): Fates {
  const { speId, facts } = getRun(db, run);
  const { origin: zero, span } = facts;
  const origin = BigInt(zero);
  const start = origin + BigInt(Math.max(0, stretch.start));
  const end = origin + BigInt(Math.max(stretch.start + 1, Math.min(span + 1, stretch.end)));
  const stored = readLanes(db, speId);
  const parts = runLanes(db, run)
    .filter(({ lane }) => !wanted || wanted.includes(lane))
    .map((lane) => {
      const own = stored.find((l) => l.lane === lane.spe);
      const density = own && sampleBins(db, speId, own, { start, end, bins: stretch.bins }, origin);
      const shift = density?.counts.length
        ? Math.round(Math.log2(density.width))
        : wantedShift(start, end, stretch.bins);
      const range = binRange(start, end, shift);
      const first = Number((range.first << BigInt(shift)) - origin);
      const samples = new Uint32Array(range.n);
      if (density?.counts.length) {
        const at = Math.round((density.first - first) / density.width);
        samples.set(density.counts.subarray(Math.max(0, -at), range.n - at), Math.max(0, at));
      }
      return { lane, first, width: 2 ** shift, samples };
    });
  return {
    kinds: windowKinds,
    lanes: parts.map(({ lane, ...bins }): LaneFates => {
      const session = sessionNs(read(db, 'sessions', [speId, lane.spe ?? -1], origin), bins);
      return { lane: lane.lane, ...bins, session };
    }),
    policies: policies.flatMap((id, policy) =>
      parts.map(({ lane, first, width, samples }): PolicyFates => {
        const windows = read(db, 'windows', [run, id, dlDiscard, lane.lane], origin);
        const [from, to] = intervalsIn(windows, first, first + samples.length * width);
        return { policy, lane: lane.lane, ...lossBins(windows, { from, to, first, width, samples }) };
      }),
    ),
  };
}

/** ns of each bin in which the lane was profiled. */
function sessionNs(sessions: Intervals, { first, width, samples }: Omit<LaneFates, 'lane' | 'session'>): Float32Array {
  const ns = new Float32Array(samples.length);
  const [from, to] = intervalsIn(sessions, first, first + ns.length * width);
  for (let i = from; i < to; i++) {
    const [start, end] = [sessions.start[i] - first, sessions.end[i] - first];
    const last = Math.min(ns.length - 1, Math.floor(end / width));
    for (let bin = Math.max(0, Math.floor(start / width)); bin <= last; bin++) {
      ns[bin] += Math.max(0, Math.min(end, (bin + 1) * width) - Math.max(start, bin * width));
    }
  }
  return ns;
}
