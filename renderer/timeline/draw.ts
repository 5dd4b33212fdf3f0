/** Draws lanes onto a canvas, px. One pass over what is in view; the same bins serve every zoom until finer ones arrive. */
import type { Bands, Bins, TimelineFacts, TracePlace } from '../../core/lab/contract-timeline.ts';
import { bandsIn } from './band-index.ts';
import type { BandIndex } from './band-index.ts';
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
  drawBands(scene, rows);
}

function drawBands(scene: Scene, rows: LaneRows): void {
  const { context, palette, picture } = scene;
  const { bands, index } = picture!;
  if (!bands || !index) return;
  const { buffer, sessions, stalls, kinds, causes } = bands;
  const { lane } = rows.lane;
  if (rows.sessions !== undefined) {
    context.fillStyle = palette.good;
    forBands(scene, sessions, index.sessions, lane, 0, (x, w) => context.fillRect(x, rows.sessions!, w, 1.5));
  }
  forBands(scene, buffer, index.buffer, lane, 0, (x, _w, i) =>
    drawChange(context, palette, kinds[buffer.kind[i]], causes[buffer.cause[i]], x, rows.events + 5),
  );
  rows.bands.forEach((top, policy) => {
    context.fillStyle = palette.muted;
    let last = -100;
    forBands(scene, stalls, index.stalls, lane, policy, (x, w) => {
      const at = Math.round(x);
      if (at !== last || w > 2) context.fillRect(at, top + size.band - 2, Math.max(1, Math.round(w)), 2);
      last = at;
    });
    drawWindows(scene, lane, policy, top);
  });
}

/** Narrow windows in plain colour, kind by kind, one a px column: there may be thousands. Wide ones with their pattern. */
function drawWindows(scene: Scene, lane: number, policy: number, top: number): void {
  const { context, palette, picture, window } = scene;
  const { windows, kinds } = picture!.bands!;
  const index = picture!.index!.windows;
  kinds.forEach((kind, code) => {
    if (!palette.kind[kind]) return;
    context.fillStyle = palette.kind[kind];
    let last = -100;
    forBands(scene, windows, index, lane, policy, (x, w, i) => {
      if (windows.kind[i] !== code) return;
      const at = Math.round(x);
      if (w < 5 && at === last) return;
      last = at;
      // Several windows as one, with gaps between them that are less than a bin wide: not the full height.
      const full = windows.covered[i] >= (windows.end[i] - windows.start[i]) * 0.999;
      const [y, h] = full ? [top, size.band] : [top + 2, size.band - 4];
      if (w >= 5) context.fillStyle = palette.pattern[kind];
      context.fillRect(at, y, Math.max(2, Math.round(w)), h);
      if (w >= 5) context.fillStyle = palette.kind[kind];
    });
  });
  if (window?.lane !== lane || window.policy !== policy) return;
  forBands(scene, windows, index, lane, policy, (x, w, i) => {
    if (windows.start[i] !== window.start) return;
    context.strokeStyle = palette.ink;
    context.lineWidth = 1.5;
    context.strokeRect(Math.round(x) - 2, top - 2, w + 4, size.band + 4);
  });
}

function drawDensity(scene: Scene, rows: LaneRows, top: number): void {
  const { context, palette, picture, peak, layout } = scene;
  const bins = picture!.density.find((d) => d.lane === rows.lane.spe);
  if (!bins) return;
  context.fillStyle = palette.dens;
  const bottom = top + layout.densityHeight;
  drawBins(scene, bins, 0, 1, (x, w, count) => {
    const h = Math.max(1, Math.round(Math.min(1, count / (bins.width * peak)) * layout.densityHeight));
    context.fillRect(x, bottom - h, w, h);
  });
}

function drawGuest(scene: Scene, tid: number, top: number): void {
  const { context, palette } = scene;
  context.fillStyle = palette.band;
  context.fillRect(0, top, scene.width, size.guest);
  context.fillStyle = palette.accent;
  forBins(scene, 'guest', tid, (x, w, ns, width) => {
    const h = Math.min(1, ns / width) * size.guest;
    context.fillRect(x, top + size.guest - h, w, h);
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
        context.fillRect(
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
      drawMarks(context, palette, height, (mark) => drawBins(scene, track, shift, scale, (x, w) => mark(x + w / 2))),
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

/** All bins in view that hold something, on whole px: what isn't smoothed is drawn many times faster. */
function drawBins(scene: Scene, bins: Bins, shift: number, scale: number, use: UseBin): void {
  const { camera, width } = scene;
  const perNs = width / (camera.end - camera.start);
  const step = bins.width * scale * perNs;
  const x0 = (bins.first * scale + shift - camera.start) * perNs;
  const from = Math.max(0, Math.floor(-x0 / step) - 1);
  const to = Math.min(bins.counts.length, Math.ceil((width - x0) / step) + 1);
  for (let i = from; i < to; i++) {
    const value = bins.counts[i];
    if (!value) continue;
    const x = Math.round(x0 + i * step);
    use(x, Math.max(1, Math.round(x0 + (i + 1) * step) - x), value, bins.width);
  }
}

function forBands(
  scene: Scene,
  bands: Bands,
  index: BandIndex,
  lane: number,
  policy: number,
  use: (x: number, w: number, i: number) => void,
): void {
  const { camera, width } = scene;
  const margin = ((camera.end - camera.start) / width) * 10;
  const [from, to] = bandsIn(bands, index, { lane, policy }, camera.start - margin, camera.end + margin);
  for (let i = from; i < to; i++) {
    const left = Math.max(xOf(scene, bands.start[i]), -10);
    const right = Math.min(xOf(scene, bands.end[i]), width + 10);
    if (right > -10) use(left, Math.max(LEAST, right - left), i);
  }
}
