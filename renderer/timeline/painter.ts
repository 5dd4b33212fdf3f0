/** Paints the three canvases of a timeline, a frame at a time; what doesn't move is kept from frame to frame. */
import type { TimelineFacts } from '../../core/contract/timeline.ts';
import { xOf } from './bins.ts';
import type { Camera } from './camera.ts';
import { prepareCanvas } from './canvas.ts';
import { drawScene } from './draw.ts';
import type { Scene } from './draw.ts';
import type { Layout } from './layout.ts';
import { readPalette } from './palette.ts';
import type { Palette } from './palette.ts';
import { createPixels } from './pixels.ts';
import { drawOverview, drawRuler, overviewBase } from './ruler.ts';
import type { Marker, OverviewData } from './ruler.ts';
import type { Picture } from './source.ts';

export interface Canvases {
  /** The palette is that of this element. */
  readonly root: HTMLElement | null;
  readonly lanes: HTMLCanvasElement | null;
  readonly ruler: HTMLCanvasElement | null;
  readonly overview: HTMLCanvasElement | null;
}

export interface Frame {
  readonly facts: TimelineFacts;
  readonly layout: Layout;
  readonly camera: Camera;
  readonly picture: Picture | undefined;
  readonly overview: OverviewData | undefined;
  readonly window: Scene['window'];
  readonly markers: readonly Marker[];
  /** px; where the pointer is, if it is over the lanes. */
  readonly pointer: number | undefined;
  /** ns; the moment whose events are shown beside the lanes. */
  readonly pinned: number | undefined;
  readonly scroll: number;
}

export function createPainter() {
  const pixels = createPixels();
  let palette: Palette | undefined;
  let base: { readonly key: readonly unknown[]; readonly image: HTMLCanvasElement } | undefined;

  /** The overview without the view's frame. */
  function overviewOf(
    data: OverviewData | undefined,
    whole: number,
    width: number,
    colors: Palette,
  ): HTMLCanvasElement {
    const key = [data, whole, width, colors, window.devicePixelRatio];
    if (!base || key.some((part, i) => part !== base?.key[i])) {
      base = { key, image: overviewBase(data, whole, width, colors) };
    }
    return base.image;
  }

  return {
    paint({ root, lanes, ruler, overview }: Canvases, frame: Frame): void {
      const main = prepareCanvas(lanes);
      if (!main || !root) return;
      palette ??= readPalette(root);
      const { context, width, height, ratio } = main;
      const { facts, layout, camera, picture, markers, scroll } = frame;
      const peak = picture?.peak ?? 1;
      const buffer = pixels.begin(width, height, ratio);
      const view = { context, pixels: buffer, palette, camera, width, height, scroll, layout, facts };
      drawScene({ ...view, picture, peak, window: frame.window });
      context.fillStyle = palette.accent;
      for (const { t } of markers) context.fillRect(Math.round(xOf(view, t)), 0, 1, height);
      if (frame.pinned !== undefined) {
        context.fillStyle = palette.ink;
        context.fillRect(Math.round(xOf(view, frame.pinned)), 0, 1, height);
      }
      if (frame.pointer !== undefined) {
        context.fillStyle = palette.muted;
        context.fillRect(frame.pointer, 0, 1, height);
      }
      const above = prepareCanvas(ruler);
      if (above) drawRuler(above.context, palette, camera, above.width, markers);
      const strip = prepareCanvas(overview);
      if (!strip) return;
      const image = overviewOf(frame.overview, facts.span, strip.width, palette);
      drawOverview(strip.context, palette, image, facts.span, camera, strip.width);
    },
    /** The theme changed. */
    restyle(): void {
      palette = undefined;
    },
  };
}
