/** Draws lanes onto a canvas, px. One pass over what is in view; the same bins serve every zoom until finer ones arrive. */
import type { Bands, Bins, TimelineFacts, TracePlace } from '../../core/lab/contract-timeline.ts';
import type { Camera } from './camera.ts';
import { drawChange, drawMarks } from './glyphs.ts';
import { size } from './layout.ts';
import type { LaneRows, Layout } from './layout.ts';
import type { Palette } from './palette.ts';
import type { Picture } from './source.ts';

export interface Scene {
  readonly context: CanvasRenderingContext2D;
  readonly palette: Palette;
  readonly camera: Camera;
  readonly width: number;
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

export function drawScene(scene: Scene): void {
  const { context, width, height, layout, scroll, palette } = scene;
  context.clearRect(0, 0, width, height);
  context.save();
  context.translate(0, -scroll);
  for (const rows of layout.lanes) {
    if (rows.bottom < scroll || rows.top > scroll + height) continue;
    drawLane(scene, rows);
    context.fillStyle = palette.line;
    context.fillRect(0, rows.bottom - 1, width, 1);
  }
  if (layout.vm && layout.vm.top < scroll + height) drawVm(scene, layout.vm.changes);
  context.restore();
  drawLosses(scene);
}

/** px of a moment. */
export function xOf({ camera, width }: Pick<Scene, 'camera' | 'width'>, t: number): number {
  return ((t - camera.start) / (camera.end - camera.start)) * width;
}

function drawLane(scene: Scene, rows: LaneRows): void {
  const { context, palette, picture, width } = scene;
  rows.bands.forEach((top) => {
    context.fillStyle = palette.band;
    context.fillRect(0, top, width, size.band);
  });
  if (!picture) return;
  if (rows.density !== undefined) drawDensity(scene, rows, rows.density);
  if (rows.guest !== undefined) drawGuest(scene, rows.lane.vcpuTid!, rows.guest);
  if (rows.lane.vcpuTid !== undefined) {
    context.fillStyle = palette.muted;
    forBins(scene, 'fault', rows.lane.vcpuTid, (x, w) =>
      context.fillRect(x, rows.events + size.events - 4, Math.max(1, Math.min(w, 2)), 4),
    );
  }
  if (!picture.bands) return;
  const { windows, stalls, buffer, sessions, kinds, causes } = picture.bands;
  if (rows.sessions !== undefined) {
    context.fillStyle = palette.good;
    forBands(scene, sessions, rows.lane.lane, (x, w) => context.fillRect(x, rows.sessions!, w, 1.5));
  }
  forBands(scene, buffer, rows.lane.lane, (x, _w, i) =>
    drawChange(context, palette, kinds[buffer.kind[i]], causes[buffer.cause[i]], x, rows.events + 5),
  );
  context.fillStyle = palette.muted;
  forBands(scene, stalls, rows.lane.lane, (x, w, i) => {
    const top = rows.bands[stalls.policy[i]];
    context.fillRect(x, top + size.band - 2, Math.max(w, 1), 2);
  });
  forBands(scene, windows, rows.lane.lane, (x, w, i) => drawWindow(scene, rows, windows, kinds, x, w, i));
}

function drawWindow(
  { context, palette, window }: Scene,
  rows: LaneRows,
  windows: Bands,
  kinds: readonly string[],
  x: number,
  w: number,
  i: number,
): void {
  const policy = windows.policy[i];
  const top = rows.bands[policy];
  const kind = kinds[windows.kind[i]];
  const full = windows.covered[i] >= (windows.end[i] - windows.start[i]) * 0.999;
  context.fillStyle = w < 5 ? palette.kind[kind] : palette.pattern[kind];
  // Several windows as one, with gaps between them that are less than a bin wide: not the full height.
  context.fillRect(x, full ? top : top + 2, w, full ? size.band : size.band - 4);
  if (window && window.lane === rows.lane.lane && window.policy === policy && window.start === windows.start[i]) {
    context.strokeStyle = palette.ink;
    context.lineWidth = 1.5;
    context.strokeRect(x - 2, top - 2, w + 4, size.band + 4);
  }
}

function drawDensity(scene: Scene, rows: LaneRows, top: number): void {
  const { context, palette, picture, peak, layout } = scene;
  const bins = picture!.density.find((d) => d.lane === rows.lane.spe);
  if (!bins) return;
  context.fillStyle = palette.dens;
  const bottom = top + layout.densityHeight;
  drawBins(scene, bins, 0, 1, (x, w, count) => {
    const h = Math.max(LEAST, Math.min(1, count / (bins.width * peak)) * layout.densityHeight);
    context.rect(x, bottom - h, w, h);
  });
}

function drawGuest(scene: Scene, tid: number, top: number): void {
  const { context, palette } = scene;
  context.fillStyle = palette.band;
  context.fillRect(0, top, scene.width, size.guest);
  context.fillStyle = palette.accent;
  forBins(scene, 'guest', tid, (x, w, ns, width) => {
    const h = (Math.min(1, ns / width) || 0) * size.guest;
    context.rect(x, top + size.guest - h, w, h);
  });
}

/** Stage 2 changes of the whole VM by cause, stacked. */
function drawVm(scene: Scene, top: number): void {
  const { context, palette, picture } = scene;
  if (!picture) return;
  const bottom = top + size.density;
  for (const track of picture.tracks) {
    const [kind, cause] = track.track.split(':');
    if (track.tid >= 0 || kind === 'lost') continue;
    context.fillStyle = cause ? palette.cause[cause] : palette.line;
    const base = cause ? bottom : bottom - size.density / 2;
    forCopies(scene, (shift, scale) =>
      drawBins(scene, track, shift, scale, (x, w, count) => {
        const h = Math.min(size.density, 4 + 5 * Math.log2(count));
        context.rect(
          x,
          kind === 'map' ? base + size.density / 2 - h / 3 : base - h,
          Math.max(w, LEAST),
          kind === 'map' ? h / 3 : h,
        );
      }),
    );
  }
}

/** Where the trace itself lost events: what stands there is not known to be all. */
function drawLosses(scene: Scene): void {
  const { context, palette, picture, height } = scene;
  for (const track of picture?.tracks ?? []) {
    if (track.track !== 'lost') continue;
    forCopies(scene, (shift, scale) =>
      drawMarks(context, palette, height, (mark) =>
        drawBins(scene, track, shift, scale, (x, w) => mark(x + w / 2), false),
      ),
    );
  }
}

type UseBin = (x: number, w: number, value: number, width: number) => void;

function forBins(scene: Scene, name: string, tid: number, use: UseBin): void {
  const track = scene.picture?.tracks.find((t) => t.track === name && t.tid === tid);
  if (!track) return;
  forCopies(scene, (shift, scale) => drawBins(scene, track, shift, scale, use));
}

/** Calls back for each copy of the trace in view with how its time becomes the timeline's. */
function forCopies({ facts, camera }: Scene, use: (shift: number, scale: number) => void): void {
  const { trace } = facts;
  if (!trace) return;
  const [first, last] = copiesIn(trace, camera);
  for (let copy = first; copy <= last; copy++) use(trace.shiftNs + copy * trace.periodNs, trace.scale);
}

/** Copies of a trace that lie in view: at most some hundred, of more the first. */
export function copiesIn({ shiftNs, periodNs, copies }: TracePlace, { start, end }: Camera): [number, number] {
  const clamp = (copy: number) => Math.min(copies - 1, Math.max(0, copy));
  const first = clamp(Math.floor((start - shiftNs) / periodNs));
  return [first, Math.min(first + 500, clamp(Math.floor((end - shiftNs) / periodNs)))];
}

/** One path of all bins in view that hold something. */
function drawBins(scene: Scene, bins: Bins, shift: number, scale: number, use: UseBin, fill = true): void {
  const { context, camera, width } = scene;
  const perNs = width / (camera.end - camera.start);
  const step = bins.width * scale * perNs;
  const x0 = (bins.first * scale + shift - camera.start) * perNs;
  const from = Math.max(0, Math.floor(-x0 / step) - 1);
  const to = Math.min(bins.counts.length, Math.ceil((width - x0) / step) + 1);
  context.beginPath();
  for (let i = from; i < to; i++) {
    const value = bins.counts[i];
    if (value) use(x0 + i * step, Math.max(step, LEAST), value, bins.width);
  }
  if (fill) context.fill();
}

function forBands(scene: Scene, bands: Bands, lane: number, use: (x: number, w: number, i: number) => void): void {
  for (let i = 0; i < bands.n; i++) {
    if (bands.lane[i] !== lane) continue;
    const x = xOf(scene, bands.start[i]);
    const to = xOf(scene, bands.end[i]);
    if (to < -10 || x > scene.width + 10) continue;
    const left = Math.max(x, -10);
    use(left, Math.max(LEAST, Math.min(to, scene.width + 10) - left), i);
  }
}
