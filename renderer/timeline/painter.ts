/**
 * Paints a timeline's canvases, one frame at a time. Each is drawn again only if something on it has changed: a pointer that moves, or an
 * area that is dragged, redraws the marks over the lanes and nothing else.
 */
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
  /** Over the lanes, of the same size. */
  readonly marks: HTMLCanvasElement | null;
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

  /** Until there is something to mark, its canvas takes neither memory nor time. */
  let marked = false;
  /** What each canvas was last drawn from. */
  const drawn = new Map<string, readonly unknown[]>();

  function isNew(name: keyof Canvases, key: readonly unknown[]): boolean {
    const before = drawn.get(name);
    if (before?.length === key.length && key.every((part, i) => part === before[i])) return false;
    drawn.set(name, key);
    return true;
  }

  return {
    paint({ root, lanes, marks, ruler, overview }: Canvases, frame: Frame): void {
      const main = prepareCanvas(lanes);
      if (!main || !root) return;
      palette ??= readPalette(root);
      const { context, width, height, ratio } = main;
      const { facts, layout, camera, picture, scroll, policy, measure, window: focus } = frame;
      const place = [palette, camera, layout, scroll, width, height, ratio];
      const view = { palette, camera, width, height, scroll, layout, facts };
      if (isNew('lanes', [...place, picture, policy, measure, focus?.lane, focus?.policy, focus?.start])) {
        const buffer = pixels.begin(width, height, ratio);
        const peak = picture?.peak ?? 1;
        drawScene({ ...view, context, pixels: buffer, picture, peak, window: focus, policy, measure });
      }
      const { markers, flags, area, pinned, pointer, hits, hit, time } = frame;
      if (isNew('marks', [...place, markers, flags, area, pinned, pointer])) {
        marked ||= markers.length + flags.length > 0 || !!area || pinned !== undefined || pointer !== undefined;
        const over = marked ? prepareCanvas(marks) : undefined;
        if (over) drawMarks({ ...view, context: over.context }, frame);
      }
      if (isNew('ruler', [palette, camera, width, ratio, markers, flags, area, hits, hit, time])) {
        const above = prepareCanvas(ruler);
        const ruled = { markers, flags, hits, hit, time, selected: area, origin: facts.origin };
        if (above) drawRuler(above.context, palette, camera, above.width, ruled);
      }
      const whole = overviewOf(frame, overview?.clientWidth ?? 0, palette);
      if (isNew('overview', [whole, palette, camera, width, ratio])) {
        const strip = prepareCanvas(overview);
        if (strip) drawOverview(strip.context, palette, whole, facts.span, camera, strip.width);
      }
    },
    /** The theme changed. */
    restyle(): void {
      palette = undefined;
      base = undefined;
      drawn.clear();
    },
  };
}

/** Lines of markers, flags, the moment whose events are listed, and the pointer; the selected area. */
function drawMarks(
  view: Omit<Scene, 'pixels' | 'picture' | 'peak' | 'window' | 'policy' | 'measure'>,
  { markers, flags, area, pinned, pointer }: Frame,
): void {
  const { context, palette, width, height } = view;
  context.clearRect(0, 0, width, height);
  const line = (x: number, color: string) => {
    context.fillStyle = color;
    context.fillRect(Math.round(x), 0, 1, height);
  };
  for (const { t } of markers) line(xOf(view, t), palette.accent);
  for (const { t, color } of flags) line(xOf(view, t), palette.flag[color]);
  if (area) drawArea(view, palette, area);
  if (pinned !== undefined) line(xOf(view, pinned), palette.ink);
  if (pointer !== undefined) line(pointer, palette.muted);
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
