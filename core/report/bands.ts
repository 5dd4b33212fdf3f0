/**
 * Blackout windows as a band of time bins. A bin's height is the share of it that is dark, so no reduction can hide a gap or
 * blow one up; a bin with any window at all gets a foot.
 */
import type { WindowColumns } from './model.ts';

/** Height of a band, in the units of its paths. */
export const BAND_HEIGHT = 12;
const FOOT = 4;

/** Stretches of fewer bins are too narrow for a pattern to show. */
const PATTERN_FROM = 5;

/** SVG path data over x = 0 … bins and y = 0 … BAND_HEIGHT; empty where there is none. */
export interface BandPath {
  /** Wide enough for the kind's pattern. */
  wide: string;
  /** In the kind's plain colour. */
  narrow: string;
}

/** One path per window kind. */
export function bandPaths(
  windows: WindowColumns,
  lane: number,
  span: { readonly start: number; readonly end: number },
  bins: number,
  kinds: number,
): BandPath[] {
  const scale = bins / Math.max(1, span.end - span.start);
  // Per bin: how much of it each kind darkens; -1 where it doesn't occur.
  const dark = Array.from({ length: kinds }, () => new Float64Array(bins).fill(-1));
  for (let i = 0; i < windows.n; i++) {
    if (windows.lane[i] !== lane) continue;
    const from = Math.max(0, (windows.start[i] - span.start) * scale);
    const to = Math.min(bins, (windows.end[i] - span.start) * scale);
    const column = dark[windows.kind[i]];
    for (let bin = Math.min(bins - 1, Math.floor(from)); bin < bins && (bin < to || bin <= from); bin++) {
      const part = Math.min(to, bin + 1) - Math.max(from, bin);
      column[bin] = Math.max(0, column[bin]) + Math.max(0, part);
    }
  }
  const leading = new Int8Array(bins).fill(-1);
  const heights = new Uint8Array(bins);
  for (let bin = 0; bin < bins; bin++) {
    let most = -1;
    let all = 0;
    for (let kind = 0; kind < kinds; kind++) {
      const share = dark[kind][bin];
      if (share < 0) continue;
      all += share;
      if (share > most) {
        most = share;
        leading[bin] = kind;
      }
    }
    heights[bin] = Math.round(FOOT + (BAND_HEIGHT - FOOT) * Math.min(1, all));
  }
  return runs(leading, heights, kinds);
}

/** Neighbouring bins of one kind and height become one rectangle; a stretch of one kind is wide or narrow as a whole. */
function runs(leading: Int8Array, heights: Uint8Array, kinds: number): BandPath[] {
  const paths = Array.from({ length: kinds }, () => ({ wide: '', narrow: '' }));
  for (let from = 0, to = 0; from < leading.length; from = to) {
    while (to < leading.length && leading[to] === leading[from]) to++;
    if (leading[from] < 0) continue;
    paths[leading[from]][to - from < PATTERN_FROM ? 'narrow' : 'wide'] += stretch(heights, from, to);
  }
  return paths;
}

function stretch(heights: Uint8Array, from: number, to: number): string {
  let path = '';
  for (let bin = from, end = from; bin < to; bin = end) {
    const height = heights[bin];
    while (end < to && heights[end] === height) end++;
    path += `M${bin} ${BAND_HEIGHT - height}h${end - bin}v${height}h${bin - end}z`;
  }
  return path;
}

/** Path data of a histogram, over x = 0 … bins and y = 0 … height. */
export function densityPath(counts: ArrayLike<number>, height: number): string {
  let most = 1;
  for (let i = 0; i < counts.length; i++) most = Math.max(most, counts[i]);
  let path = `M0 ${height}`;
  for (let i = 0; i < counts.length; i++) {
    const y = Math.round(10 * height * (1 - counts[i] / most)) / 10;
    path += `V${y}H${i + 1}`;
  }
  return `${path}V${height}z`;
}
