/** Paints a timeline's three canvases, one frame at a time; what doesn't move is kept from frame to frame. */
import type { TimelineFacts } from '../../core/contract/timeline.ts';
import type { Area } from './area.ts';
import { xOf } from './bins.ts';
import type { Camera } from './camera.ts';
import { prepareCanvas } from './canvas.ts';
import { drawScene } from './draw.ts';
import type { Scene } from './scene.ts';
import type { Layout } from './layout.ts';
import { drawOverview, overviewBase } from './overview.ts';
import type { OverviewData } from './overview.ts';
import { readPalette } from './palette.ts';
import type { Palette } from './palette.ts';
import { createPixels } from './pixels.ts';
import { drawRuler } from './ruler.ts';
import type { RulerMarks } from './ruler.ts';
import type { Picture } from './source.ts';

export interface Canvases {
  /** The palette is taken from this element. */
  readonly root: HTMLElement | null;
  readonly lanes: HTMLCanvasElement | null;
  readonly ruler: HTMLCanvasElement | null;
  readonly overview: HTMLCanvasElement | null;
}

export interface Frame extends Omit<RulerMarks, 'selected' | 'origin'> {
  readonly facts: TimelineFacts;
  readonly layout: Layout;
  readonly camera: Camera;
  readonly picture: Picture | undefined;
  readonly overview: OverviewData | undefined;
  readonly window: Scene['window'];
  readonly policy: number;
  readonly measure: Scene['measure'];
  /** The selected area. */
  readonly area: Area | undefined;
  /** px; the pointer's position, if it is over the lanes. */
  readonly pointer: number | undefined;
  /** ns; the moment whose events are shown. */
  readonly pinned: number | undefined;
  readonly scroll: number;
}

export function createPainter() {
  const pixels = createPixels();
  let palette: Palette | undefined;
  let base: { readonly key: readonly unknown[]; readonly image: HTMLCanvasElement } | undefined;

  /** The overview without the view's frame. */
  function overviewOf({ overview, facts, measure }: Frame, width: number, colors: Palette): HTMLCanvasElement {
    const key = [overview, facts.span, measure, width, colors, window.devicePixelRatio];
    if (!base || key.some((part, i) => part !== base?.key[i])) {
      base = { key, image: overviewBase(overview, facts.span, width, colors, measure) };
    }
    return base.image;
  }

  return {
    paint({ root, lanes, ruler, overview }: Canvases, frame: Frame): void {
      const main = prepareCanvas(lanes);
      if (!main || !root) return;
      palette ??= readPalette(root);
      const { context, width, height, ratio } = main;
      const { facts, layout, camera, picture, markers, scroll, policy, measure, area, flags } = frame;
      const peak = picture?.peak ?? 1;
      const buffer = pixels.begin(width, height, ratio);
      const view = { context, pixels: buffer, palette, camera, width, height, scroll, layout, facts };
      drawScene({ ...view, picture, peak, window: frame.window, policy, measure });
      const line = (x: number, color: string) => {
        context.fillStyle = color;
        context.fillRect(Math.round(x), 0, 1, height);
      };
      for (const { t } of markers) line(xOf(view, t), palette.accent);
      for (const { t, color } of flags) line(xOf(view, t), palette.flag[color]);
      if (area) drawArea(view, palette, area);
      if (frame.pinned !== undefined) line(xOf(view, frame.pinned), palette.ink);
      if (frame.pointer !== undefined) line(frame.pointer, palette.muted);
      const above = prepareCanvas(ruler);
      if (above)
        drawRuler(above.context, palette, camera, above.width, {
          ...{ ...frame, selected: area, origin: facts.origin },
        });
      const strip = prepareCanvas(overview);
      if (!strip) return;
      drawOverview(strip.context, palette, overviewOf(frame, strip.width, palette), facts.span, camera, strip.width);
    },
    /** The theme changed. */
    restyle(): void {
      palette = undefined;
      base = undefined;
    },
  };
}

/** A frame around the selected lanes and time; the picture inside keeps its colours. */
function drawArea(
  view: Pick<Scene, 'context' | 'camera' | 'width' | 'height' | 'layout' | 'scroll'>,
  palette: Palette,
  { from, to, lanes }: Area,
): void {
  const { context, width, height, layout, scroll } = view;
  const left = Math.max(-2, xOf(view, from));
  const right = Math.min(width + 2, xOf(view, to));
  if (right < 0 || left > width) return;
  const shown = layout.lanes.filter((l) => lanes?.includes(l.lane.lane) ?? true);
  const parts = lanes
    ? shown.map((l) => [l.top, l.bottom, l.pinned] as const)
    : [[scroll, scroll + height, false] as const];
  context.strokeStyle = palette.accent;
  context.lineWidth = 1.5;
  for (const [top, bottom, pinned] of parts) {
    const y = pinned ? top : top - scroll;
    context.strokeRect(left, y + 0.75, Math.max(1, right - left), bottom - top - 2);
  }
}
