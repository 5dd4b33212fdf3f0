/**
 * Draws lanes, px: first what there may be thousands of, as plain pixels, then signs, patterns and frames over it. One pass over
 * what is in view; the same bins serve every zoom until finer ones arrive.
 */
import type { TimelineFacts } from '../../core/contract/timeline.ts';
import { drawBins, forBands, forBins, forCopies } from './bins.ts';
import type { View } from './bins.ts';
import { drawChange } from './glyphs.ts';
import { size } from './layout.ts';
import type { LaneRows, Layout } from './layout.ts';
import { drawLosses, drawSideMarks } from './marks.ts';
import type { Palette } from './palette.ts';
import type { Pixels } from './pixels.ts';
import type { Picture } from './source.ts';

export interface Scene extends View {
  readonly context: CanvasRenderingContext2D;
  readonly pixels: Pixels;
  readonly palette: Palette;
  readonly height: number;
  /** px scrolled down. */
  readonly scroll: number;
  readonly layout: Layout;
  readonly facts: TimelineFacts;
  readonly picture: Picture | undefined;
  /** Highest count of a lane's bin per ns, which fills its height: kept steady over pan and zoom by the caller. */
  readonly peak: number;
  /** In focus: drawn framed. */
  readonly window?: { readonly lane: number; readonly policy: number; readonly start: number };
}

/** Least width of a mark, px: nothing that happened disappears. */
const LEAST = 1.5;
/** From that width on a window shows its pattern, px. */
const WIDE = 5;
/** Signs of one kind closer than that are one, px. */
const APART = 4;

export function drawScene(scene: Scene): void {
  const { context, pixels, width, height, layout, scroll, palette } = scene;
  /** What comes over the pixels. */
  const over: (() => void)[] = [];
  const inView = layout.lanes.filter((rows) => rows.bottom >= scroll && rows.top <= scroll + height);
  for (const rows of inView) {
    drawLane(scene, rows, over);
    rect(scene, 0, rows.bottom - 1, width, 1, palette.line);
  }
  if (layout.vm && layout.vm.top < scroll + height) drawVm(scene, layout.vm.changes);
  pixels.put(context);
  context.save();
  context.translate(0, -scroll);
  for (const draw of over) draw();
  context.restore();
  drawLosses(scene);
}

function rect({ pixels, scroll }: Scene, x: number, y: number, w: number, h: number, color: string): void {
  pixels.rect(x, y - scroll, w, h, color);
}

function drawLane(scene: Scene, rows: LaneRows, over: (() => void)[]): void {
  const { palette, picture, width } = scene;
  for (const top of rows.bands) rect(scene, 0, top, width, size.band, palette.band);
  if (!picture) return;
  if (rows.density !== undefined) drawDensity(scene, rows, rows.density);
  if (rows.guest !== undefined) drawGuest(scene, rows.lane.vcpuTid!, rows.guest);
  const { events } = rows;
  if (events !== undefined && rows.lane.vcpuTid !== undefined) {
    forBins(scene, 'fault', rows.lane.vcpuTid, (x, w) =>
      rect(scene, x, events + size.events - 4, Math.max(1, Math.min(w, 2)), 4, palette.muted),
    );
  }
  drawSideMarks(scene, rows, over);
  drawBands(scene, rows, over);
}

function drawBands(scene: Scene, rows: LaneRows, over: (() => void)[]): void {
  const { context, palette, picture } = scene;
  const { bands, index } = picture!;
  if (!bands || !index) return;
  const { buffer, sessions, stalls, kinds, causes } = bands;
  const { lane } = rows.lane;
  if (rows.sessions !== undefined) {
    forBands(scene, sessions, index.sessions, lane, 0, (left, right) =>
      rect(scene, left, rows.sessions!, Math.max(LEAST, right - left), 1.5, palette.good),
    );
  }
  const last = new Map<number, number>();
  const { events = 0 } = rows;
  forBands(scene, buffer, index.buffer, lane, 0, (x, _right, i) => {
    const sort = buffer.kind[i] * 256 + buffer.cause[i];
    if (x - (last.get(sort) ?? -100) < APART) return;
    last.set(sort, x);
    over.push(() => drawChange(context, palette, kinds[buffer.kind[i]], causes[buffer.cause[i]], x, events + 5));
  });
  rows.bands.forEach((top, policy) => {
    let before = -100;
    forBands(scene, stalls, index.stalls, lane, policy, (left, right) => {
      const at = Math.round(left);
      const w = Math.max(1, Math.round(right - left));
      if (at !== before || w > 2) rect(scene, at, top + size.band - 2, w, 2, palette.muted);
      before = at;
    });
    drawWindows(scene, lane, policy, top, over);
  });
}

/**
 * Narrow windows in plain colour, a px column each: there may be many times as many. Where several share a column, the one that
 * costs the profile most is seen; where they stand side by side with gaps too narrow to see, the band isn't filled. Wide ones with
 * their pattern.
 */
function drawWindows(scene: Scene, lane: number, policy: number, top: number, over: (() => void)[]): void {
  const { context, camera, palette, picture, window, width } = scene;
  const { windows, kinds } = picture!.bands!;
  const ranks = kinds.map((kind) => severity.indexOf(kind) + 1);
  /** By px column: rank of the worst kind, and ns of blackout in what begins there. */
  const worst = new Uint8Array(Math.ceil(width) + 2);
  const dark = new Float64Array(worst.length);
  forBands(scene, windows, picture!.index!.windows, lane, policy, (left, right, i) => {
    const rank = ranks[windows.kind[i]];
    if (!rank) return;
    const at = Math.round(left);
    const w = Math.max(2, Math.round(right - left));
    const covered = windows.covered[i];
    if (w < WIDE) {
      for (let x = Math.max(0, at); x < at + w && x < worst.length; x++) worst[x] = Math.max(worst[x], rank);
      dark[Math.min(worst.length - 1, Math.max(0, at))] += covered;
    } else {
      const inset = covered >= (windows.end[i] - windows.start[i]) * FILLED ? 0 : 2;
      over.push(() => {
        context.fillStyle = palette.pattern[kinds[windows.kind[i]]];
        context.fillRect(at, top + inset, w, size.band - 2 * inset);
      });
    }
    if (window?.lane !== lane || window.policy !== policy || windows.start[i] !== window.start) return;
    over.push(() => {
      context.strokeStyle = palette.ink;
      context.lineWidth = 1.5;
      context.strokeRect(at - 2, top - 2, w + 4, size.band + 4);
    });
  });
  const nsPerPx = (camera.end - camera.start) / width;
  for (let x = 0; x < worst.length;) {
    if (!worst[x]) {
      x++;
      continue;
    }
    let end = x;
    let ns = 0;
    for (; worst[end]; end++) ns += dark[end];
    const inset = end - x < WIDE || ns >= (end - x) * nsPerPx * FILLED ? 0 : 3;
    for (let to = x; x < end; x = to) {
      while (worst[to] === worst[x]) to++;
      rect(scene, x, top + inset, to - x, size.band - 2 * inset, palette.kind[severity[worst[x] - 1]]);
    }
  }
}

/** From that share on a stretch of windows is drawn as one. */
const FILLED = 0.95;

/** Kinds of blackout, from what costs least to what costs most. */
const severity = ['buffer-full', 'copy-out', 'irq-latency', 'discarded', 'session-killed', 'vm-dead'];

function drawDensity(scene: Scene, rows: LaneRows, top: number): void {
  const { palette, pixels, picture, peak, layout, scroll, width } = scene;
  const bins = picture!.density.find((d) => d.lane === rows.lane.spe);
  if (!bins) return;
  const heights = new Uint16Array(Math.ceil(width));
  drawBins(scene, bins, 0, 1, (x, w, count) => {
    const h = Math.max(1, Math.round(Math.min(1, count / (bins.width * peak)) * layout.densityHeight));
    for (let column = Math.max(0, x); column < x + w && column < heights.length; column++)
      if (heights[column] < h) heights[column] = h;
  });
  pixels.bars(top + layout.densityHeight - scroll, heights, palette.dens);
}

function drawGuest(scene: Scene, tid: number, top: number): void {
  const { palette } = scene;
  rect(scene, 0, top, scene.width, size.guest, palette.band);
  forBins(scene, 'guest', tid, (x, w, ns, width) => {
    const h = Math.max(1, Math.min(1, ns / width) * size.guest);
    rect(scene, x, top + size.guest - h, w, h, palette.accent);
  });
}

/** Stage 2 changes of the whole VM by cause, stacked. */
function drawVm(scene: Scene, top: number): void {
  const { palette, picture } = scene;
  const bottom = top + size.density;
  for (const track of picture?.tracks ?? []) {
    const [kind, cause] = track.track.split(':');
    if (track.tid >= 0 || kind === 'lost') continue;
    const color = cause ? palette.cause[cause] : palette.line;
    const base = cause ? bottom : bottom - size.density / 2;
    forCopies(scene, (shift, scale) =>
      drawBins(scene, track, shift, scale, (x, w, count) => {
        const h = Math.min(size.density, 4 + 5 * Math.log2(count));
        if (kind === 'map') rect(scene, x, base + size.density / 2 - h / 3, Math.max(w, LEAST), h / 3, color);
        else rect(scene, x, base - h, Math.max(w, LEAST), h, color);
      }),
    );
  }
}
