/** The ruler and what is marked on it: markers, flags, search hits, the selected time. */
import type { Flag } from '../../core/contract/timeline.ts';
import type { Display } from '../state/display.ts';
import { clockLabel, rulerLabel, rulerStep } from './camera.ts';
import type { Camera } from './camera.ts';
import type { Palette } from './palette.ts';

export const RULER = 22;
/** Between labels, px; clock labels are longer. */
const APART = { relative: 110, absolute: 150 } as const;

export interface Marker {
  readonly name: 'A' | 'B';
  readonly t: number;
}

export interface RulerMarks {
  readonly markers: readonly Marker[];
  readonly flags: readonly Flag[];
  /** Search hits, and the one shown. */
  readonly hits: readonly { readonly t: number }[];
  readonly hit: number;
  readonly selected: { readonly from: number; readonly to: number } | undefined;
  /** How times are printed, and ns of the timeline's zero in the capture's clock. */
  readonly time: Display['time'];
  readonly origin: string;
}

export function drawRuler(
  context: CanvasRenderingContext2D,
  palette: Palette,
  camera: Camera,
  width: number,
  { markers, flags, hits, hit, selected, time, origin }: RulerMarks,
): void {
  context.clearRect(0, 0, width, RULER);
  const x = (t: number) => ((t - camera.start) / (camera.end - camera.start)) * width;
  if (selected) {
    const left = Math.max(0, x(selected.from));
    context.fillStyle = palette.accent;
    context.globalAlpha = 0.2;
    context.fillRect(left, 0, Math.max(1, Math.min(width, x(selected.to)) - left), RULER);
    context.globalAlpha = 1;
  }
  const step = rulerStep(camera, width, APART[time]);
  context.font = palette.mono;
  context.textBaseline = 'top';
  for (let t = Math.ceil(camera.start / step) * step; t <= camera.end; t += step) {
    context.fillStyle = palette.line;
    context.fillRect(Math.round(x(t)), RULER - 6, 1, 6);
    context.fillStyle = palette.muted;
    const label = time === 'absolute' ? clockLabel(t, step, BigInt(origin)) : rulerLabel(t, step);
    if (x(t) + 3 + context.measureText(label).width <= width) context.fillText(label, x(t) + 3, 3);
  }
  drawHits(context, palette, width, hits, hit, x);
  for (const { t, name, color } of flags) {
    const at = Math.round(x(t));
    if (at < -80 || at > width) continue;
    context.fillStyle = palette.flag[color];
    context.fillRect(at, 0, 1, RULER);
    context.beginPath();
    context.moveTo(at, 0);
    context.lineTo(at + 9, 4);
    context.lineTo(at, 8);
    context.fill();
    context.font = palette.tiny;
    context.fillText(name.slice(0, 16), at + 11, 0);
    context.font = palette.mono;
  }
  for (const { name, t } of markers) {
    const at = x(t);
    context.fillStyle = palette.accent;
    context.fillRect(at - 6, RULER - 14, 12, 14);
    context.fillStyle = palette.surface;
    context.fillText(name, at - 3.5, RULER - 12);
  }
}

/** One tick per hit, merged within a px; the shown one is larger. */
function drawHits(
  context: CanvasRenderingContext2D,
  palette: Palette,
  width: number,
  hits: RulerMarks['hits'],
  shown: number,
  x: (t: number) => number,
): void {
  context.fillStyle = palette.good;
  let last = -1;
  hits.forEach(({ t }, i) => {
    const at = Math.round(x(t));
    if (at < 0 || at > width || (at === last && i !== shown)) return;
    last = at;
    if (i === shown) context.fillRect(at - 2, RULER - 9, 5, 9);
    else context.fillRect(at, RULER - 6, 1, 6);
  });
}
