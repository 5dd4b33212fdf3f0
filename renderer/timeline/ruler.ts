/** Ruler, markers and overview: the narrow canvases around the lanes. */
import type { Bins, RunBands } from '../../core/contract/timeline.ts';
import { rulerLabel, rulerStep } from './camera.ts';
import type { Camera } from './camera.ts';
import type { Palette } from './palette.ts';

export const RULER = 22;
export const OVERVIEW = 34;

export interface Marker {
  readonly name: 'A' | 'B';
  readonly t: number;
}

export function drawRuler(
  context: CanvasRenderingContext2D,
  palette: Palette,
  camera: Camera,
  width: number,
  markers: readonly Marker[],
): void {
  context.clearRect(0, 0, width, RULER);
  const step = rulerStep(camera, width, 110);
  const x = (t: number) => ((t - camera.start) / (camera.end - camera.start)) * width;
  context.font = palette.mono;
  context.textBaseline = 'top';
  for (let t = Math.ceil(camera.start / step) * step; t <= camera.end; t += step) {
    context.fillStyle = palette.line;
    context.fillRect(Math.round(x(t)), RULER - 6, 1, 6);
    context.fillStyle = palette.muted;
    if (x(t) < width - 60) context.fillText(rulerLabel(t, step), x(t) + 3, 3);
  }
  for (const { name, t } of markers) {
    const at = x(t);
    context.fillStyle = palette.accent;
    context.fillRect(at - 6, RULER - 14, 12, 14);
    context.fillStyle = palette.surface;
    context.fillText(name, at - 3.5, RULER - 12);
  }
}

export interface OverviewData {
  /** Samples of all lanes. */
  readonly density: readonly Bins[];
  readonly bands?: RunBands;
}

/** The whole timeline, drawn once: what there is doesn't change while the view moves. */
export function overviewBase(
  data: OverviewData | undefined,
  whole: number,
  width: number,
  palette: Palette,
): HTMLCanvasElement {
  const canvas = document.createElement('canvas');
  const ratio = window.devicePixelRatio || 1;
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(OVERVIEW * ratio);
  const context = canvas.getContext('2d');
  if (!context) return canvas;
  context.scale(ratio, ratio);
  const x = (t: number) => (t / Math.max(1, whole)) * width;
  const sums = new Float64Array(width);
  for (const { width: bin, first, counts } of data?.density ?? []) {
    for (let i = 0; i < counts.length; i++) {
      const from = x(first + i * bin);
      const to = Math.max(from + 1e-6, x(first + (i + 1) * bin));
      // A bin's samples over the px that it covers, each by how much of it.
      for (let p = Math.max(0, Math.floor(from)); p < Math.min(width, to); p++) {
        sums[p] += (counts[i] * (Math.min(to, p + 1) - Math.max(from, p))) / (to - from);
      }
    }
  }
  const peak = sums.reduce((most, sum) => Math.max(most, sum), 1e-9);
  context.fillStyle = palette.dens;
  for (let p = 0; p < width; p++) {
    const h = sums[p] ? Math.max(1, (sums[p] / peak) * (OVERVIEW - 10)) : 0;
    context.fillRect(p, OVERVIEW - 6 - h, 1, h);
  }
  if (data?.bands) {
    const { windows, kinds } = data.bands;
    for (let i = 0; i < windows.n; i++) {
      context.fillStyle = palette.kind[kinds[windows.kind[i]]];
      context.fillRect(x(windows.start[i]), OVERVIEW - 5, Math.max(1, x(windows.end[i]) - x(windows.start[i])), 4);
    }
  }
  return canvas;
}

/** The overview with the stretch in view left bright. */
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
