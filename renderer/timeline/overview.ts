/** The whole timeline in one strip: samples kept and lost under the chosen policy, above a strip of darkness. */
import type { Bins, Fates } from '../../core/contract/timeline.ts';
import type { Camera } from './camera.ts';
import { fractionIn, laneColumns, lossColumns } from './columns.ts';
import type { LaneColumns, LossColumns, Measure } from './columns.ts';
import { alphaOf, stepOf } from './darkness.ts';
import type { Palette } from './palette.ts';

export const OVERVIEW = 34;
/** The strip of darkness at the bottom, px. */
const STRIP = 5;

export interface OverviewData {
  /** For a capture alone, samples of all lanes; for a trace alone, ns in the guest. */
  readonly density: readonly Bins[];
  readonly fates?: Fates;
}

export interface OverviewColumns {
  readonly lane: LaneColumns;
  readonly loss: LossColumns;
}

/** All lanes as one. */
export function overviewColumns(data: OverviewData | undefined, whole: number, width: number): OverviewColumns {
  const camera = { start: 0, end: Math.max(1, whole) };
  const empty = () => new Float32Array(width);
  const lane = { samples: empty(), session: empty() };
  const loss = { lost: empty(), dark: empty(), losing: empty(), kind: new Uint8Array(width) };
  const add = (to: Float32Array, of: Float32Array) => of.forEach((value, x) => (to[x] += value));
  for (const { width: ns, first, counts } of data?.density ?? []) {
    const own = { lane: 0, width: ns, first, samples: counts, session: new Float32Array(counts.length) };
    add(lane.samples, laneColumns(own, camera, width).samples);
  }
  const most = empty();
  for (const own of data?.fates?.lanes ?? []) {
    const columns = laneColumns(own, camera, width);
    add(lane.samples, columns.samples);
    add(lane.session, columns.session);
    const found = data?.fates?.policies.find((p) => p.lane === own.lane);
    if (!found) continue;
    const part = lossColumns(found, own, camera, width);
    add(loss.lost, part.lost);
    add(loss.dark, part.dark);
    add(loss.losing, part.losing);
    part.kind.forEach((kind, x) => {
      const weight = 1 + part.lost[x];
      if (kind && weight > most[x]) [most[x], loss.kind[x]] = [weight, kind];
    });
  }
  return { lane, loss };
}

/** Drawn once: the content doesn't change while the view moves. */
export function overviewBase(
  data: OverviewData | undefined,
  whole: number,
  width: number,
  palette: Palette,
  measure: Measure,
): HTMLCanvasElement {
  const canvas = document.createElement('canvas');
  const ratio = window.devicePixelRatio || 1;
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(OVERVIEW * ratio);
  const context = canvas.getContext('2d');
  if (!context) return canvas;
  context.scale(ratio, ratio);
  const { lane, loss } = overviewColumns(data, whole, Math.ceil(width));
  const kinds = data?.fates?.kinds ?? [];
  const peak = lane.samples.reduce((most, sum) => Math.max(most, sum), 1e-9);
  const foot = OVERVIEW - STRIP - 2;
  const nsPerPx = Math.max(1, whole) / width;
  for (let x = 0; x < width; x++) {
    const n = lane.samples[x];
    const h = n ? Math.max(1, (n / peak) * (foot - 2)) : 0;
    context.fillStyle = palette.dens;
    context.fillRect(x, foot - h, 1, h);
    if (!loss.kind[x]) continue;
    context.fillStyle = palette.kind[kinds[loss.kind[x] - 1]] ?? palette.muted;
    if (n) context.fillRect(x, foot - h, 1, h * Math.min(1, loss.lost[x] / n));
    const fraction = fractionIn(x, loss, lane, nsPerPx, measure);
    context.globalAlpha = alphaOf(stepOf(fraction));
    if (context.globalAlpha) context.fillRect(x, OVERVIEW - STRIP - 1, 1, STRIP);
    context.globalAlpha = 1;
    // Nonzero, but less than a step; a hairline where windows lose nothing.
    if (!stepOf(fraction) && fraction > 0) context.fillRect(x, OVERVIEW - STRIP - 1, 1, 2);
    else if (!fraction) {
      context.fillStyle = palette.muted;
      context.fillRect(x, OVERVIEW - STRIP - 1, 1, 1);
    }
  }
  return canvas;
}

/** The overview with the part in view left bright. */
export function drawOverview(
  context: CanvasRenderingContext2D,
  palette: Palette,
  base: HTMLCanvasElement,
  whole: number,
  camera: Camera,
  width: number,
): void {
  context.clearRect(0, 0, width, OVERVIEW);
  context.drawImage(base, 0, 0, width, OVERVIEW);
  const x = (t: number) => (t / Math.max(1, whole)) * width;
  const [from, to] = [Math.max(0, x(camera.start)), Math.min(width, x(camera.end))];
  context.fillStyle = palette.surface;
  context.globalAlpha = 0.65;
  context.fillRect(0, 0, from, OVERVIEW);
  context.fillRect(to, 0, width - to, OVERVIEW);
  context.globalAlpha = 1;
  context.strokeStyle = palette.accent;
  context.strokeRect(from + 0.5, 0.5, Math.max(3, to - from - 1), OVERVIEW - 1);
}
