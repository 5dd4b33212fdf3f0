/**
 * A lane's bins as px columns of the view. A bin that spans several columns gives each its share, so that sums over columns equal
 * those over bins at any zoom, and nothing is wider than it is.
 */
import type { LaneFates, ObservedBands, PolicyFates } from '../../core/contract/timeline.ts';
import type { Camera } from './camera.ts';
import { firstAtLeast } from '../../core/model/terms/search.ts';

export interface LaneColumns {
  readonly samples: Float32Array;
  /** ns in which the lane was profiled. */
  readonly session: Float32Array;
}

export interface LossColumns {
  readonly lost: Float32Array;
  readonly dark: Float32Array;
  readonly losing: Float32Array;
  /** Kind of window that loses most in a column: 1 + its index; 0: none. */
  readonly kind: Uint8Array;
}

/** What darkness measures: samples lost of samples, or ns in windows of ns profiled. */
export type Measure = 'samples' | 'time';

/** Bins in view, `to` excluded. */
export function binsInView({ first, width }: Pick<LaneFates, 'first' | 'width'>, { start, end }: Camera, n: number) {
  return {
    from: Math.max(0, Math.floor((start - first) / width)),
    to: Math.min(n, Math.ceil((end - first) / width)),
  };
}

/** Plain loops: a frame places a hundred thousand bins, and the first one before anything is compiled. */
export function laneColumns(fates: LaneFates, camera: Camera, width: number): LaneColumns {
  const samples = new Float32Array(width);
  const session = new Float32Array(width);
  const perNs = width / (camera.end - camera.start);
  const px = fates.width * perNs;
  const { from, to } = binsInView(fates, camera, fates.samples.length);
  for (let bin = from; bin < to; bin++) {
    const n = fates.samples[bin];
    const ns = fates.session[bin];
    if (!n && !ns) continue;
    const left = (fates.first + bin * fates.width - camera.start) * perNs;
    const right = left + px;
    const last = Math.min(width, Math.ceil(right));
    for (let x = Math.max(0, Math.floor(left)); x < last; x++) {
      const share = (Math.min(right, x + 1) - Math.max(left, x)) / px;
      samples[x] += n * share;
      session[x] += ns * share;
    }
  }
  return { samples, session };
}

export function lossColumns(loss: PolicyFates, lane: LaneFates, camera: Camera, width: number): LossColumns {
  const lost = new Float32Array(width);
  const dark = new Float32Array(width);
  const losing = new Float32Array(width);
  const kind = new Uint8Array(width);
  const most = new Float32Array(width);
  const perNs = width / (camera.end - camera.start);
  const px = lane.width * perNs;
  const { from, to } = binsInView(lane, camera, lane.samples.length);
  for (let i = firstAtLeast(loss.bin, from); i < loss.bin.length && loss.bin[i] < to; i++) {
    const left = (lane.first + loss.bin[i] * lane.width - camera.start) * perNs;
    const right = left + px;
    const last = Math.min(width, Math.ceil(right));
    for (let x = Math.max(0, Math.floor(left)); x < last; x++) {
      const share = (Math.min(right, x + 1) - Math.max(left, x)) / px;
      const samples = loss.lost[i] * share;
      lost[x] += samples;
      dark[x] += loss.dark[i] * share;
      losing[x] += loss.losing[i] * share;
      // Samples first: ns only break ties where no samples are lost.
      const weight = samples > 0 ? 1 + samples : loss.dark[i] / (1 + loss.dark[i]);
      if (weight > most[x]) {
        most[x] = weight;
        kind[x] = loss.kind[i] + 1;
      }
    }
  }
  return { lost, dark, losing, kind };
}

/** Per column, the share taken by a lane's observed blackouts, of the time in which the profiled context ran. */
export function observedColumns(bands: ObservedBands, lane: number, camera: Camera, width: number): Float32Array {
  const out = new Float32Array(width);
  for (let i = 0; i < bands.lane.length; i++) {
    const ns = bands.end[i] - bands.start[i];
    if (bands.lane[i] !== lane || ns <= 0 || bands.end[i] < camera.start || bands.start[i] > camera.end) continue;
    const perNs = width / (camera.end - camera.start);
    const left = (bands.start[i] - camera.start) * perNs;
    const right = left + ns * perNs;
    const last = Math.min(width, Math.ceil(right));
    for (let x = Math.max(0, Math.floor(left)); x < last; x++)
      out[x] += ((Math.min(right, x + 1) - Math.max(left, x)) * bands.darkNs[i]) / ns;
  }
  return out;
}

/** The fraction lost in a column, 0 … 1. Between two samples there are none to lose: there, how much of it losing windows cover. */
export function fractionIn(x: number, loss: LossColumns, lane: LaneColumns, nsPerPx: number, by: Measure): number {
  const session = lane.session[x] || nsPerPx;
  if (by === 'time') return Math.min(1, loss.dark[x] / session);
  const samples = lane.samples[x];
  return Math.min(1, samples > 0 ? loss.lost[x] / samples : loss.losing[x] / session);
}
