/** A canvas in device pixels, drawn on in CSS pixels. */

/** Sizes the canvas to its box; undefined while it has none. */
export function prepareCanvas(canvas: HTMLCanvasElement | null):
  | {
      readonly context: CanvasRenderingContext2D;
      readonly width: number;
      readonly height: number;
      readonly ratio: number;
    }
  | undefined {
  const context = canvas?.getContext('2d');
  if (!canvas || !context) return undefined;
  const { clientWidth: width, clientHeight: height } = canvas;
  if (!width || !height) return undefined;
  const ratio = window.devicePixelRatio || 1;
  const [w, h] = [Math.round(width * ratio), Math.round(height * ratio)];
  if (canvas.width !== w || canvas.height !== h) {
    canvas.width = w;
    canvas.height = h;
  }
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  return { context, width, height, ratio };
}
