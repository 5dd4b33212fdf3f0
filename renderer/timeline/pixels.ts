/**
 * Plain rectangles by the ten thousand: written into memory and put onto the canvas at once. One canvas command each costs more than
 * the pixels.
 */

export interface Pixels {
  /** Fills a rectangle, CSS px, cut to whole device px and to the canvas. `color`: hex, as CSS writes it. */
  rect(x: number, y: number, width: number, height: number, color: string): void;
  /** A bar in each px column, standing on `bottom`: `heights` in px, 0 for none. Row by row, to suit memory. */
  bars(bottom: number, heights: Uint16Array, color: string): void;
  /**
   * A rectangle in each px column, hanging from `y`: `heights` in px, 0 for none, in colours of `word`. As many `rect`s of 1 px would, but
   * row by row.
   */
  columns(y: number, heights: Uint16Array, colors: Uint32Array): void;
  /** A colour, hex as CSS writes it, as it lies in memory. */
  word(css: string): number;
  /** Puts everything onto the canvas, replacing its content; where there is no rectangle it is transparent. */
  put(context: CanvasRenderingContext2D): void;
}

/** Reuses its memory from frame to frame; `begin` clears it. */
export function createPixels(): { begin(width: number, height: number, ratio: number): Pixels } {
  let image = new ImageData(1, 1);
  let words = new Uint32Array(image.data.buffer);
  let scale = 1;
  /** Device px at which each px column begins. */
  let edges = new Int32Array(0);
  const colors = new Map<string, number>();
  // Neighbours are often alike.
  let last = '';
  let lastWord = 0;
  const wordFor = (css: string): number => {
    if (css === last) return lastWord;
    let color = colors.get(css);
    if (color === undefined) colors.set(css, (color = wordOf(css)));
    [last, lastWord] = [css, color];
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
    columns(y, heights, hues) {
      const top = Math.round(y * scale);
      const most = heights.reduce((a, b) => Math.max(a, b), 0);
      /** By height: the row after its last. */
      const ends = new Int32Array(most + 1).fill(top);
      for (let height = 1; height <= most; height++) ends[height] = Math.max(top + 1, Math.round((y + height) * scale));
      const n = Math.min(heights.length, edges.length - 1);
      const bottom = Math.min(image.height, ends[most]);
      for (let row = Math.max(0, top); row < bottom; row++) {
        const start = row * image.width;
        if (scale === 1) {
          for (let x = 0; x < n; x++) if (ends[heights[x]] > row) words[start + x] = hues[x];
        } else {
          for (let x = 0; x < n; x++) {
            if (ends[heights[x]] <= row) continue;
            const end = start + Math.min(image.width, Math.max(edges[x] + 1, edges[x + 1]));
            for (let i = start + edges[x]; i < end; i++) words[i] = hues[x];
          }
        }
      }
    },
    word: wordFor,
    put: (context) => context.putImageData(image, 0, 0),
  };
  return {
    begin(width, height, ratio) {
      const [w, h] = [Math.max(1, Math.round(width * ratio)), Math.max(1, Math.round(height * ratio))];
      if (image.width !== w || scale !== ratio || !edges.length)
        edges = Int32Array.from({ length: Math.ceil(w / ratio) + 1 }, (_, x) => Math.round(x * ratio));
      scale = ratio;
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
