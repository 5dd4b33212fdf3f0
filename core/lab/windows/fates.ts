/** Samples, sessions and each policy's losses in the bins of one range of a run: the dark parts of a timeline. */
import { lossBins } from '../../analysis/loss-bins.ts';
import { windowKinds } from '../../model/terms.ts';
import type { Params } from '../../contract/contract.ts';
import type { Fates, LaneFates, PolicyFates, TimelineLane } from '../../contract/timeline.ts';
import { binnedSessions, binnedWindows } from '../../store/interval-bins.ts';
import type { Db } from '../../store/lab-file.ts';
import { binRange, wantedShift } from '../../store/lod.ts';
import type { BinRange } from '../../store/lod.ts';
import { getRun } from '../../store/run-store.ts';
import { readLanes } from '../../store/spe-store.ts';
import { sampleBins } from '../captures/levels.ts';
import { runLanes } from './timeline-facts.ts';

/** Throws a LabFileError if there is no such run. */
export function fatesOf(db: Db, { run, dlDiscard, policies, lanes: wanted, ...stretch }: Params<'fates'>): Fates {
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
      return { lane, range, first, samples };
    });
  return {
    kinds: windowKinds,
    lanes: parts.map(({ lane, range, first, samples }): LaneFates => {
      const session = sessionNs(db, speId, lane, range);
      return { lane: lane.lane, width: 2 ** range.shift, first, samples, session };
    }),
    policies: policies.flatMap((id, policy) =>
      parts.map(({ lane, range, samples }): PolicyFates => {
        const { within, crossing } = binnedWindows(db, [run, id, dlDiscard, lane.lane], range);
        const kinds: readonly string[] = windowKinds;
        const coded = <T extends { readonly kind: string }>(rows: readonly T[]) =>
          rows.map((row) => ({ ...row, kind: kinds.indexOf(row.kind) }));
        return { policy, lane: lane.lane, ...lossBins(coded(within), coded(crossing), samples, 2 ** range.shift) };
      }),
    ),
  };
}

/** ns of each bin in which the lane was profiled. */
function sessionNs(db: Db, spe: number, { spe: stored }: TimelineLane, range: BinRange): Float32Array {
  const ns = new Float32Array(range.n);
  const { within, crossing } = binnedSessions(db, [spe, stored ?? -1], range);
  const width = 2 ** range.shift;
  for (const row of within) ns[row.bin] += row.ns;
  for (const { start, end } of crossing) {
    const last = Math.min(range.n - 1, Math.floor(end / width));
    for (let bin = Math.max(0, Math.floor(start / width)); bin <= last; bin++) {
      ns[bin] += Math.max(0, Math.min(end, (bin + 1) * width) - Math.max(start, bin * width));
    }
  }
  return ns;
}
