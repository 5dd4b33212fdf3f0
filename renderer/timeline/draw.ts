/**
 * Draws lanes, px: first anything that comes in thousands, as plain pixels, then signs, patterns and frames over it. One pass over
 * what is in view; the same bins serve every zoom until finer ones arrive.
 */
import type { CauseClass } from '../../core/model/terms.ts';
import { drawBins, forBands, forBins, forCopies } from './bins.ts';
import { drawChange } from './glyphs.ts';
import { lanesInView, size } from './layout.ts';
import type { LaneRows } from './layout.ts';
import { drawLane } from './losses.ts';
import { drawLosses, drawSideMarks } from './marks.ts';
import type { Scene } from './scene.ts';

/** Signs of one kind closer than this are merged, px. */
const APART = 4;

export function drawScene(scene: Scene): void {
  const { context, pixels, width, height, layout, scroll, palette } = scene;
  const inView = lanesInView(layout, scroll, height);
  const scrolling = inView.filter((rows) => !rows.pinned);
  const over = drawRows(scene, scrolling);
  if (layout.vm && layout.vm.top < scroll + height) drawVm(scene, layout.vm.changes);
  const pinned = inView.filter((rows) => rows.pinned);
  if (layout.pinned) pixels.rect(0, 0, width, layout.pinned, palette.surface);
  const onTop = drawRows({ ...scene, scroll: 0 }, pinned);
  pixels.put(context);
  drawOver(scene, over, layout.pinned, scroll);
  drawOver(scene, onTop, 0, 0);
  if (layout.pinned) {
    context.fillStyle = palette.muted;
    context.fillRect(0, layout.pinned - 1, width, 1);
  }
  drawLosses(scene);
}

/** Draws lanes as pixels; returns what goes on top of them. */
function drawRows(scene: Scene, lanes: readonly LaneRows[]): (() => void)[] {
  const over: (() => void)[] = [];
  for (const rows of lanes) {
    drawTracks(scene, rows, over);
    rect(scene, 0, rows.bottom - 1, scene.width, 1, scene.palette.line);
  }
  return over;
}

function drawOver({ context, width, height }: Scene, over: readonly (() => void)[], top: number, scroll: number): void {
  context.save();
  context.beginPath();
  context.rect(0, top, width, height - top);
  context.clip();
  context.translate(0, -scroll);
  for (const draw of over) draw();
  context.restore();
}

function rect({ pixels, scroll }: Scene, x: number, y: number, w: number, h: number, color: string): void {
  pixels.rect(x, y - scroll, w, h, color);
}

function drawTracks(scene: Scene, rows: LaneRows, over: (() => void)[]): void {
  const { palette, picture, width } = scene;
  for (const top of rows.bands) rect(scene, 0, top, width, size.band, palette.band);
  if (!picture) return;
  drawLane(scene, rows, over);
  if (rows.guest !== undefined) drawGuest(scene, rows.lane.vcpuTid!, rows.guest);
  const { events } = rows;
  if (events !== undefined && rows.lane.vcpuTid !== undefined) {
    forBins(scene, 'fault', rows.lane.vcpuTid, (x, w) =>
      rect(scene, x, events + size.events - 4, Math.max(1, Math.min(w, 2)), 4, palette.muted),
    );
  }
  drawSideMarks(scene, rows, over);
  drawChanges(scene, rows, over);
}

/** Signs for changes of the buffer, and what the host did while the vCPU was stopped. */
function drawChanges(scene: Scene, rows: LaneRows, over: (() => void)[]): void {
  const { context, palette, picture } = scene;
  const { bands, index } = picture!;
  if (!bands || !index) return;
  const { buffer, stalls, kinds, causes } = bands;
  const { lane } = rows.lane;
  const last = new Map<number, number>();
  const { events } = rows;
  if (events !== undefined) {
    forBands(scene, buffer, index.buffer, lane, 0, (x, _right, i) => {
      const sort = buffer.kind[i] * 256 + buffer.cause[i];
      if (x - (last.get(sort) ?? -100) < APART) return;
      last.set(sort, x);
      over.push(() =>
        drawChange(
          context,
          palette,
          kinds[buffer.kind[i]],
          causes[buffer.cause[i]] as CauseClass | undefined,
          x,
          events + 5,
        ),
      );
    });
  }
  rows.bands.forEach((top, policy) => {
    let before = -100;
    forBands(scene, stalls, index.stalls, lane, policy, (left, right) => {
      const at = Math.round(left);
      const w = Math.max(1, Math.round(right - left));
      if (at !== before || w > 2) rect(scene, at, top + size.band - 2, w, 2, palette.muted);
      before = at;
    });
  });
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
        if (kind === 'map') rect(scene, x, base + size.density / 2 - h / 3, Math.max(w, 1), h / 3, color);
        else rect(scene, x, base - h, Math.max(w, 1), h, color);
      }),
    );
  }
}
