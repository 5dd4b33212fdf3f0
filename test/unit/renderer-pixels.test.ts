import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createRandom } from '../../core/model/random.ts';
import { createPixels } from '../../renderer/timeline/pixels.ts';
import type { Pixels } from '../../renderer/timeline/pixels.ts';

class Image {
  readonly data: Uint8ClampedArray;
  readonly width: number;
  readonly height: number;

  constructor(width: number, height: number) {
    [this.width, this.height] = [width, height];
    this.data = new Uint8ClampedArray(width * height * 4);
  }
}

/** The picture in letters: `.` nothing, `a` the first colour met, `b` the second. */
function show(pixels: Pixels): string[] {
  let lines: string[] = [];
  const seen: number[] = [];
  const putImageData = ({ data, width, height }: Image) => {
    const words = new Uint32Array(data.buffer);
    lines = Array.from({ length: height }, (_, y) =>
      Array.from(words.subarray(y * width, (y + 1) * width), (word) => {
        if (!word) return '.';
        if (!seen.includes(word)) seen.push(word);
        return 'ab'[seen.indexOf(word)];
      }).join(''),
    );
  };
  pixels.put({ putImageData } as unknown as CanvasRenderingContext2D);
  return lines;
}

describe('renderer-pixels', () => {
  beforeEach(() => void vi.stubGlobal('ImageData', Image));
  afterEach(() => void vi.unstubAllGlobals());

  it('fills rectangles, cut to the canvas, at least a px each', () => {
    const pixels = createPixels().begin(8, 4, 1);
    pixels.rect(1, 1, 2, 2, '#123456');
    pixels.rect(6.2, -3, 30, 4, '#fff');
    pixels.rect(4, 3, 0.1, 0.1, '#fff');
    expect(show(pixels)).toEqual(['......aa', '.bb.....', '.bb.....', '....a...']);
  });

  it('draws in device px', () => {
    const pixels = createPixels().begin(3, 2, 2);
    pixels.rect(1, 0.5, 1, 1, '#000');
    expect(show(pixels)).toEqual(['......', '..aa..', '..aa..', '......']);
  });

  it.each([1, 2])('stands bars on their foot, %i device px a px', (ratio) => {
    const pixels = createPixels().begin(4, 4, ratio);
    pixels.bars(3, Uint16Array.of(0, 1, 3, 9), '#000');
    const wide = (line: string) => [...line].map((c) => c.repeat(ratio)).join('');
    const rows = ['..aa', '..aa', '.aaa', '....'].flatMap((line) => Array<string>(ratio).fill(line));
    expect(show(pixels)).toEqual(rows.map(wide));
  });

  it.each([1, 2, 1.5, 1.25, 0.8])('hangs columns as rectangles of one px each would, %d device px a px', (ratio) => {
    const random = createRandom(7);
    const [width, height] = [23, 12];
    for (const y of [3, 0.4, -2, 7.5, 11]) {
      const heights = Uint16Array.from({ length: width }, () => random.below(5));
      const hues = Array.from({ length: width }, () => ['#123456', '#fff'][random.below(2)]);
      const rects = createPixels().begin(width, height, ratio);
      heights.forEach((h, x) => h && y + h > 0.5 && rects.rect(x, y, 1, h, hues[x]));
      const columns = createPixels().begin(width, height, ratio);
      columns.columns(y, heights, Uint32Array.from(hues, columns.word));
      expect(show(columns)).toEqual(show(rects));
    }
  });

  it('gives pixels the colour of their CSS, opaque, and forgets the frame before', () => {
    const painter = createPixels();
    painter.begin(1, 1, 1).rect(0, 0, 1, 1, '#f00');
    let bytes: number[] = [];
    const context = {
      putImageData: ({ data }: Image) => void (bytes = [...data]),
    } as unknown as CanvasRenderingContext2D;
    const again = painter.begin(1, 1, 1);
    again.put(context);
    expect(bytes).toEqual([0, 0, 0, 0]);
    again.rect(0, 0, 1, 1, '#0a64c2');
    again.put(context);
    expect(bytes).toEqual([0x0a, 0x64, 0xc2, 255]);
  });
});
