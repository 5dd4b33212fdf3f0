/**
 * Plain rectangles by the ten thousand: written into memory and put onto the canvas at once. One canvas command each costs more than
 * the pixels.
 */

export interface Pixels {
  /** Fills a rectangle, CSS px, cut to whole device px and to the canvas. `color`: hex, as CSS writes it. */
  rect(x: number, y: number, width: number, height: number, color: string): void;
  /** A bar in each px column, standing on `bottom`: `heights` in px, 0 for none. Row by row, to suit memory. */
  bars(bottom: number, heights: Uint16Array, color: string): void;
  /** Puts everything onto the canvas, replacing its content; where there is no rectangle it is transparent. */
  put(context: CanvasRenderingContext2D): void;
}

/** Reuses its memory from frame to frame; `begin` clears it. */
export function createPixels(): { begin(width: number, height: number, ratio: number): Pixels } {
  let image = new ImageData(1, 1);
  let words = new Uint32Array(image.data.buffer);
  let scale = 1;
  const colors = new Map<string, number>();
  const wordFor = (css: string): number => {
    let color = colors.get(css);
    if (color === undefined) colors.set(css, (color = wordOf(css)));
    return color;
  };
  const pixels: Pixels = {
    rect(x, y, width, height, css) {
      const color = wordFor(css);
      // Most are one column, on whole px.
      if (width === 1 && scale === 1) {
        const column = Math.round(x);
        if (column < 0 || column >= image.width) return;
        const from = Math.max(0, Math.round(y));
        const end = Math.min(image.height, Math.max(from + 1, Math.round(y + height))) * image.width;
        for (let i = from * image.width + column; i < end; i += image.width) words[i] = color;
        return;
      }
      const left = Math.max(0, Math.round(x * scale));
      const right = Math.min(image.width, Math.max(left + 1, Math.round((x + width) * scale)));
      const top = Math.max(0, Math.round(y * scale));
      const bottom = Math.min(image.height, Math.max(top + 1, Math.round((y + height) * scale)));
      const narrow = right - left < 16;
      for (let row = top * image.width; row < bottom * image.width; row += image.width) {
        if (narrow) for (let i = row + left; i < row + right; i++) words[i] = color;
        else words.fill(color, row + left, row + right);
      }
    },
    bars(bottom, heights, css) {
      const color = wordFor(css);
      const most = Math.round(heights.reduce((a, b) => Math.max(a, b), 0) * scale);
      const columns = Math.min(image.width, Math.round(heights.length * scale));
      const foot = Math.round(bottom * scale);
      for (let row = Math.max(0, foot - most); row < Math.min(image.height, foot); row++) {
        const height = (foot - row) / scale;
        const start = row * image.width;
        if (scale === 1) {
          for (let x = 0; x < columns; x++) if (heights[x] >= height) words[start + x] = color;
        } else {
          for (let x = 0; x < columns; x++) if (heights[(x / scale) | 0] >= height) words[start + x] = color;
        }
      }
    },
    put: (context) => context.putImageData(image, 0, 0),
  };
  return {
    begin(width, height, ratio) {
      scale = ratio;
      const [w, h] = [Math.max(1, Math.round(width * ratio)), Math.max(1, Math.round(height * ratio))];
      if (image.width !== w || image.height !== h) {
        image = new ImageData(w, h);
        words = new Uint32Array(image.data.buffer);
      } else words.fill(0);
      return pixels;
    },
  };
}

/** `#rgb` or `#rrggbb` as a pixel word (little endian: every machine that Chromium runs on). */
function wordOf(css: string): number {
  const digits = css.slice(1);
  const rgb = digits.length === 3 ? [...digits].map((d) => d + d) : (digits.match(/../g) ?? []);
  const [red, green, blue] = rgb.map((d) => Number.parseInt(d, 16));
  return ((255 << 24) | (blue << 16) | (green << 8) | red) >>> 0;
}
