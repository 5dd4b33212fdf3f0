/**
 * Draws losses: samples stacked into kept and lost, and a band per policy whose columns are as dark as the fraction lost
 * (darkness.ts). Nothing is drawn wider than it is; less than a step, or no loss, is a mark or a hairline.
 */
import type { Fates } from '../../core/contract/timeline.ts';
import { rangeOf } from './band-index.ts';
import { forBands } from './bins.ts';
import { fractionIn, laneColumns, lossColumns, observedColumns } from './columns.ts';
import type { LaneColumns, LossColumns } from './columns.ts';
import { stepOf } from './darkness.ts';
import { BLENDS } from './palette.ts';
import type { Scene } from './scene.ts';
import { size } from './layout.ts';
import type { LaneRows } from './layout.ts';

/** From this width on a window shows its pattern, px. */
const WIDE = 5;
/** How much of its colour the chosen policy's blackout gets over the whole lane, where everything is lost. */
const VEIL = 0.22;
/** Below this there is no veil. */
const VEILED = 0.05;

/** Columns on one line, used by one band after the other: a frame draws dozens. */
interface Strip {
  readonly heights: Uint16Array;
  readonly colors: Uint32Array;
}

interface Column {
  readonly lane: LaneColumns;
  readonly loss: LossColumns | undefined;
}

/** Density, sessions and bands of a lane. */
export function drawLane(scene: Scene, rows: LaneRows, over: (() => void)[]): void {
  const { picture, camera, policy, pixels, scroll, palette } = scene;
  const width = Math.ceil(scene.width);
  const fates = picture?.fates;
  const own = fates?.lanes.find((l) => l.lane === rows.lane.lane);
  if (!fates || !own) return drawPlain(scene, rows);
  const lane = laneColumns(own, camera, width);
  const nsPerPx = (camera.end - camera.start) / scene.width;
  const lossOf = (place: number): LossColumns | undefined => {
    const loss = fates.policies.find((p) => p.policy === place && p.lane === own.lane);
    return loss && lossColumns(loss, own, camera, width);
  };
  const chosen = lossOf(policy);
  veil(scene, rows, { lane, loss: chosen }, fates, nsPerPx);
  drawDensity(scene, rows, { lane, loss: chosen }, fates, nsPerPx);
  const strip = { heights: new Uint16Array(width), colors: new Uint32Array(width) };
  if (rows.sessions !== undefined) {
    const good = palette.blends(palette.good, palette.surface);
    for (let x = 0; x < width; x++) {
      const share = Math.min(1, lane.session[x] / nsPerPx);
      if (share > 0) [strip.heights[x], strip.colors[x]] = [1, pixels.word(good[levelOf(share)])];
    }
    pixels.columns(rows.sessions - scroll, strip.heights, strip.colors);
  }
  rows.bands.forEach((top, place) => {
    const loss = place === policy ? chosen : lossOf(place);
    if (!loss) return;
    drawBand(scene, top, { lane, loss }, fates, nsPerPx, strip);
    drawWide(scene, rows, place, top, over);
  });
}

/** Samples of a capture without a replayed run: nothing is known to be lost. */
function drawPlain(scene: Scene, rows: LaneRows): void {
  const { picture, palette, camera, pixels, peak, scroll } = scene;
  const bins = picture?.density.find((d) => d.lane === rows.lane.spe);
  if (!bins || rows.density === undefined) return;
  const width = Math.ceil(scene.width);
  const fates = { lane: 0, width: bins.width, first: bins.first, samples: bins.counts, session: NO_SESSION };
  const { samples } = laneColumns(fates, camera, width);
  const nsPerPx = (camera.end - camera.start) / scene.width;
  const bottom = rows.density + rows.densityHeight - scroll;
  const heights = Uint16Array.from(samples, (n) => heightOf(n / nsPerPx, peak, rows.densityHeight));
  pixels.bars(bottom, heights, palette.dens);
  if (rows.observed !== undefined) drawObserved(scene, rows, rows.observed - scroll, width);
}

/** Losses that the capture itself shows: as dark as the fraction of the column's time that is missing; less than a step is a tick. */
function drawObserved({ picture, palette, camera, pixels }: Scene, rows: LaneRows, y: number, width: number): void {
  pixels.rect(0, y, width, size.band, palette.band);
  const share = picture?.observed && observedColumns(picture.observed, rows.lane.lane, camera, width);
  for (let x = 0; share && x < width; x++) {
    const step = stepOf(Math.min(1, share[x]));
    if (step) pixels.rect(x, y, 1, size.band, palette.observed[step]);
    else if (share[x] > 0) pixels.rect(x, y, 1, 2, palette.bad);
  }
}

const NO_SESSION = new Float32Array(0);

function heightOf(rate: number, peak: number, most: number): number {
  return rate > 0 ? Math.max(1, Math.round(Math.min(1, rate / peak) * most)) : 0;
}

/** Kept samples, and lost ones on top: the row that both share mixes their colours in proportion. */
function drawDensity(scene: Scene, rows: LaneRows, { lane, loss }: Column, { kinds }: Fates, nsPerPx: number): void {
  const { palette, pixels, peak, scroll } = scene;
  if (rows.density === undefined) return;
  const bottom = rows.density + rows.densityHeight - scroll;
  const heights = new Uint16Array(lane.samples.length);
  for (let x = 0; x < heights.length; x++) heights[x] = heightOf(lane.samples[x] / nsPerPx, peak, rows.densityHeight);
  pixels.bars(bottom, heights, palette.dens);
  if (!loss) return;
  const mixes: (readonly string[])[] = [];
  for (let x = 0; x < heights.length; x++) {
    if (!(loss.lost[x] > 0) || !heights[x]) continue;
    const color = palette.kind[kinds[loss.kind[x] - 1]] ?? palette.muted;
    const mix = (mixes[loss.kind[x]] ??= palette.blends(color, palette.dens));
    const px = heights[x] * Math.min(1, loss.lost[x] / lane.samples[x]);
    const whole = Math.floor(px);
    const top = bottom - heights[x];
    if (whole) pixels.rect(x, top, 1, whole, color);
    if (px > whole) pixels.rect(x, top + whole, 1, 1, mix[levelOf(px - whole)]);
  }
}

function drawBand(
  scene: Scene,
  top: number,
  { lane, loss }: Required<Column>,
  { kinds }: Fates,
  nsPerPx: number,
  { heights, colors }: Strip,
): void {
  const { palette, pixels, scroll, measure } = scene;
  if (!loss) return;
  heights.fill(0);
  for (let x = 0; x < loss.kind.length; x++) {
    if (!loss.kind[x]) continue;
    const kind = kinds[loss.kind[x] - 1];
    const fraction = fractionIn(x, loss, lane, nsPerPx, measure);
    const step = stepOf(fraction);
    heights[x] = step ? size.band : fraction > 0 ? 2 : 1;
    colors[x] = pixels.word(step ? palette.steps[kind][step] : fraction > 0 ? palette.kind[kind] : palette.muted);
  }
  pixels.columns(top - scroll, heights, colors);
}

/** The chosen policy's blackouts through the whole lane, behind its tracks, which stay unchanged. */
function veil(scene: Scene, rows: LaneRows, { lane, loss }: Column, { kinds }: Fates, nsPerPx: number): void {
  const { palette, pixels, measure, scroll } = scene;
  if (!loss) return;
  const height = (rows.bands[0] ?? rows.bottom) - 1 - rows.top;
  const heights = new Uint16Array(loss.kind.length);
  const colors = new Uint32Array(loss.kind.length);
  const mixes: (readonly string[])[] = [];
  for (let x = 0; x < loss.kind.length; x++) {
    if (!loss.kind[x]) continue;
    const fraction = fractionIn(x, loss, lane, nsPerPx, measure);
    if (fraction < VEILED) continue;
    const mix = (mixes[loss.kind[x]] ??= palette.blends(palette.kind[kinds[loss.kind[x] - 1]], palette.surface));
    heights[x] = height;
    colors[x] = pixels.word(mix[levelOf(VEIL * fraction)]);
  }
  pixels.columns(rows.top - scroll, heights, colors);
}

/** Windows wide enough to be seen individually: a pattern from start to end; a frame around the one in focus. */
function drawWide(scene: Scene, rows: LaneRows, policy: number, top: number, over: (() => void)[]): void {
  const { context, palette, picture, window, measure } = scene;
  const { bands, index } = picture!;
  if (!bands || !index) return;
  const { windows, kinds } = bands;
  const { lane } = rows.lane;
  const isFocused = window?.lane === lane && window.policy === policy;
  const nsPerPx = (scene.camera.end - scene.camera.start) / scene.width;
  // In most views none is wide.
  if (!isFocused && rangeOf(index.windows, { lane, policy }).longestSingle < WIDE * nsPerPx) return;
  forBands(scene, windows, index.windows, lane, policy, (left, right, i) => {
    const inFocus = isFocused && windows.start[i] === window.start;
    const wide = right - left >= WIDE && windows.count[i] === 1;
    if (!wide && !inFocus) return;
    over.push(() => {
      if (wide && (windows.lost[i] > 0 || measure === 'time')) {
        context.fillStyle = palette.pattern[kinds[windows.kind[i]]] ?? palette.muted;
        context.fillRect(left, top, right - left, size.band);
      }
      if (!inFocus) return;
      context.strokeStyle = palette.ink;
      context.lineWidth = 1.5;
      context.strokeRect(left - 2, top - 2, Math.max(1, right - left) + 4, size.band + 4);
    });
  });
}

/** Of `palette.blends`; something is never nothing. */
function levelOf(share: number): number {
  return Math.min(BLENDS, Math.max(1, Math.round(share * BLENDS)));
}
