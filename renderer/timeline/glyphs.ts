/** Small signs, so that causes also differ without colour. */
import type { CauseClass } from '../../core/model/terms.ts';
import { causeSigns } from '../../core/words/signs.ts';
import type { Palette } from './palette.ts';

const paths = new Map<CauseClass, Path2D>();

/** Draws a cause's sign around a point. */
export function drawCause(context: CanvasRenderingContext2D, cause: CauseClass, x: number, y: number): void {
  const path = paths.get(cause) ?? new Path2D(causeSigns[cause].shape);
  paths.set(cause, path);
  context.save();
  context.translate(x, y);
  context.fill(path);
  context.restore();
}

/** A stage 2 change of a buffer: a map is a tick; anything that takes a page away gets its cause's sign. */
export function drawChange(
  context: CanvasRenderingContext2D,
  palette: Palette,
  kind: string,
  cause: CauseClass | undefined,
  x: number,
  y: number,
): void {
  context.fillStyle = context.strokeStyle = cause === undefined ? palette.muted : palette.cause[cause];
  if (kind === 'unknown') {
    context.strokeStyle = palette.bad;
    stroke(context, x, y);
  } else if (cause !== undefined) drawCause(context, cause, x, y);
  else if (kind === 'map') context.fillRect(x - 0.5, y - 1, 1, 4);
}

export function shape(context: CanvasRenderingContext2D, points: readonly number[]): void {
  context.beginPath();
  for (let i = 0; i < points.length; i += 2) context.lineTo(points[i], points[i + 1]);
  context.fill();
}

function stroke(context: CanvasRenderingContext2D, x: number, y: number): void {
  context.lineWidth = 1.5;
  context.beginPath();
  context.moveTo(x - 3, y - 3);
  context.lineTo(x + 3, y + 3);
  context.moveTo(x + 3, y - 3);
  context.lineTo(x - 3, y + 3);
  context.stroke();
}
