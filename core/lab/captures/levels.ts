/** Bins of a timeline, for any range: from a stored level, or counted from the records if those are few enough. */
import { halves, Has } from '../../formats/spe/columns.ts';
import type { Db } from '../../store/lab-file.ts';
import { binRange, lodShifts, readBins, wantedShift } from '../../store/lod.ts';
import type { BinRange } from '../../store/lod.ts';
import { readTimes } from '../../store/spe-store.ts';
import type { SpeLane } from '../../store/spe-store.ts';
import type { Bins } from '../../contract/timeline.ts';

/** Most records that a request counts itself: some 8 chunks, 10 ms. */
const MAX_RECORDS = 8 * 65536;

export interface Want {
  /** ns of the clock. */
  readonly start: bigint;
  readonly end: bigint;
  readonly bins: number;
}

/** Samples of one lane. `origin`: zero of the result's times. */
export function sampleBins(db: Db, spe: number, lane: SpeLane, want: Want, origin: bigint): Bins {
  const stretch = clip(want, lane.t0, lane.t1);
  if (!stretch) return { width: 1, first: 0, counts: new Uint32Array(0) };
  const shift = wantedShift(stretch.start, stretch.end, want.bins);
  const stored = lodShifts(db, spe, 'samples', lane.lane);
  const level = stored.find((s) => s >= shift);
  if (level === undefined || level > shift) {
    const range = binRange(stretch.start, stretch.end, shift);
    const counts = countSamples(db, spe, lane.lane, stretch, range);
    if (counts) return bins(range, counts, origin);
  }
  return storedBins(db, spe, 'samples', lane.lane, level ?? stored.at(-1) ?? shift, stretch, origin);
}

/** A stored track at about the wanted level, or the finest stored. */
export function trackBins(
  db: Db,
  capture: number,
  track: string,
  lane: number,
  want: Want,
  bounds: { readonly t0?: bigint; readonly t1?: bigint },
): Bins {
  const stretch = clip(want, bounds.t0, bounds.t1);
  if (!stretch) return { width: 1, first: 0, counts: new Uint32Array(0) };
  const shift = wantedShift(stretch.start, stretch.end, want.bins);
  const stored = lodShifts(db, capture, track, lane);
  const level = stored.find((s) => s >= shift) ?? stored.at(-1) ?? shift;
  return storedBins(db, capture, track, lane, level, stretch, bounds.t0 ?? 0n);
}

function storedBins(
  db: Db,
  capture: number,
  track: string,
  lane: number,
  shift: number,
  stretch: { readonly start: bigint; readonly end: bigint },
  origin: bigint,
): Bins {
  const range = binRange(stretch.start, stretch.end, shift);
  return bins(range, readBins(db, capture, track, lane, range), origin);
}

function bins(range: BinRange, counts: Uint32Array, origin: bigint): Bins {
  const first = (range.first << BigInt(range.shift)) - origin;
  return { width: 2 ** range.shift, first: Number(first), counts };
}

/** The part of a range that has anything in it. */
function clip({ start, end }: Want, t0: bigint | undefined, t1: bigint | undefined) {
  if (t0 === undefined || t1 === undefined) return undefined;
  const from = start > t0 ? start : t0;
  const to = end < t1 + 1n ? end : t1 + 1n;
  return from < to ? { start: from, end: to } : undefined;
}

function countSamples(
  db: Db,
  spe: number,
  lane: number,
  stretch: { readonly start: bigint; readonly end: bigint },
  range: BinRange,
): Uint32Array | undefined {
  const chunks = readTimes(db, spe, lane, stretch.start, stretch.end, MAX_RECORDS);
  if (!chunks) return undefined;
  const counts = new Uint32Array(range.n);
  const [lo0, hi0] = halves(BigUint64Array.of(range.first << BigInt(range.shift)));
  const width = 2 ** range.shift;
  for (const { n, t, present } of chunks) {
    const words = halves(t);
    for (let i = 0; i < n; i++) {
      if (!(present[i] & Has.TIME)) continue;
      const at = Math.floor(((words[2 * i + 1] - hi0) * 2 ** 32 + (words[2 * i] - lo0)) / width);
      if (at >= 0 && at < range.n) counts[at]++;
    }
  }
  return counts;
}
