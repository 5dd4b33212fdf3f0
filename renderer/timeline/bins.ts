/** Iterates over the part of a picture in view: bins and bands by their screen positions, px. */
import type { Bands, Bins, TimelineFacts, TracePlace } from '../../core/contract/timeline.ts';
import { bandsIn } from './band-index.ts';
import type { BandIndex } from './band-index.ts';
import type { Camera } from './camera.ts';
import type { Picture } from './source.ts';

export interface View {
  readonly camera: Camera;
  readonly width: number;
}

/** The data to look at. */
export interface TraceView extends View {
  readonly facts: TimelineFacts;
  readonly picture: Picture | undefined;
}

/** px of a moment. */
export function xOf({ camera, width }: View, t: number): number {
  return ((t - camera.start) / (camera.end - camera.start)) * width;
}

type UseBin = (x: number, w: number, value: number, width: number) => void;

/** A thread's track of the trace, in all copies. */
export function forBins(view: TraceView, name: string, tid: number, use: UseBin): void {
  const track = view.picture?.tracks.find((t) => t.track === name && t.tid === tid);
  if (!track) return;
  forCopies(view, (shift, scale) => drawBins(view, track, shift, scale, use));
}

/** Calls back for each copy of the trace in view, with the mapping from its time to the timeline's. */
export function forCopies({ facts, camera }: TraceView, use: (shift: number, scale: number) => void): void {
  const { trace } = facts;
  if (!trace) return;
  const [first, last] = copiesIn(trace, camera);
  for (let copy = first; copy <= last; copy++) use(trace.shiftNs + copy * trace.periodNs, trace.scale);
}

/** Copies of a trace in view: some hundred at most, the first ones if there are more. */
export function copiesIn({ shiftNs, periodNs, copies }: TracePlace, { start, end }: Camera): [number, number] {
  const clamp = (copy: number) => Math.min(copies - 1, Math.max(0, copy));
  const first = clamp(Math.floor((start - shiftNs) / periodNs));
  return [first, Math.min(first + 500, clamp(Math.floor((end - shiftNs) / periodNs)))];
}

/** All bins in view that hold something, on whole px: drawing without smoothing is many times faster. */
export function drawBins({ camera, width }: View, bins: Bins, shift: number, scale: number, use: UseBin): void {
  const perNs = width / (camera.end - camera.start);
  const step = bins.width * scale * perNs;
  const x0 = (bins.first * scale + shift - camera.start) * perNs;
  const from = Math.max(0, Math.floor(-x0 / step) - 1);
  const to = Math.min(bins.counts.length, Math.ceil((width - x0) / step) + 1);
  for (let i = from; i < to; i++) {
    const value = bins.counts[i];
    if (!value) continue;
    const x = Math.round(x0 + i * step);
    use(x, Math.max(1, Math.round(x0 + (i + 1) * step) - x), value, bins.width);
  }
}

/** The bands of a policy on a lane, from left to right, cut to the view. */
export function forBands(
  view: View,
  bands: Bands,
  index: BandIndex,
  lane: number,
  policy: number,
  use: (left: number, right: number, i: number) => void,
): void {
  const { camera, width } = view;
  const margin = ((camera.end - camera.start) / width) * 10;
  const [from, to] = bandsIn(bands, index, { lane, policy }, camera.start - margin, camera.end + margin);
  for (let i = from; i < to; i++) {
    const left = Math.max(xOf(view, bands.start[i]), -10);
    const right = Math.min(xOf(view, bands.end[i]), width + 10);
    if (right > -10) use(left, right, i);
  }
}
