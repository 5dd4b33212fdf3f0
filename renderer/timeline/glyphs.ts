/** Small signs, which tell classes apart without colour. */
import type { Palette } from './palette.ts';

type Draw = (context: CanvasRenderingContext2D, x: number, y: number) => void;

/** By cause class. */
export const glyphs: Readonly<Record<string, Draw>> = {
  /** ▼ */
  userspace: (c, x, y) => shape(c, [x - 4, y - 3.5, x + 4, y - 3.5, x, y + 4]),
  /** ◆ */
  'host-mm': (c, x, y) => shape(c, [x, y - 4.5, x + 4.5, y, x, y + 4.5, x - 4.5, y]),
  /** ✕ */
  kvm: (c, x, y) => stroke(c, x, y),
  /** ■ */
  'dirty-log': (c, x, y) => c.fillRect(x - 3.5, y - 3.5, 7, 7),
  /** ○ */
  'first-touch': (c, x, y) => ring(c, x, y),
  /** ▲ */
  'guest-allowed': (c, x, y) => shape(c, [x - 4, y + 3.5, x + 4, y + 3.5, x, y - 4]),
  'guest-forbidden': (c, x, y) => {
    shape(c, [x - 4, y + 3.5, x + 4, y + 3.5, x, y - 4]);
    stroke(c, x, y);
  },
};

/** A stage 2 change of a buffer: a map is a tick, what takes a page away its cause's sign. */
export function drawChange(
  context: CanvasRenderingContext2D,
  palette: Palette,
  kind: string,
  cause: string | undefined,
  x: number,
  y: number,
): void {
  const glyph = cause === undefined ? undefined : glyphs[cause];
  context.fillStyle = context.strokeStyle = cause === undefined ? palette.muted : palette.cause[cause];
  if (kind === 'unknown') {
    context.strokeStyle = palette.bad;
    stroke(context, x, y);
  } else if (glyph) glyph(context, x, y);
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

function ring(context: CanvasRenderingContext2D, x: number, y: number): void {
  context.lineWidth = 1.5;
  context.beginPath();
  context.arc(x, y, 3, 0, 2 * Math.PI);
  context.stroke();
}
