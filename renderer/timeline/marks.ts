/** Where data is missing: as flagged by perf in the SPE capture, and where the tracer lost events. */
import { flagsOf } from '../captures/aux-flags.ts';
import { drawBins, forCopies, xOf } from './bins.ts';
import type { Scene } from './scene.ts';
import { shape } from './glyphs.ts';
import type { LaneRows } from './layout.ts';

const BOX = 10;

/**
 * A letter for each flag (T TRUNCATED, L LOST, P PARTIAL, C COLLISION, O OVERWRITE), with a line through the lane's density where
 * samples are missing. Where they are too close for letters, just lines.
 */
export function drawSideMarks(scene: Scene, rows: LaneRows, over: (() => void)[]): void {
  const { context, pixels, palette, picture, scroll, width } = scene;
  const side = picture?.side;
  if (!side || rows.density === undefined) return;
  let free = -BOX;
  for (let i = 0; i < side.n; i++) {
    if (side.lane[i] !== rows.lane.spe && side.lane[i] >= 0) continue;
    const x = Math.round(xOf(scene, side.t[i]));
    if (x < -BOX || x > width + BOX) continue;
    const [flag] = flagsOf(side.flags[i]);
    if (!flag) continue;
    const color = flag.loss ? palette.bad : palette.muted;
    const top = rows.top + 2;
    pixels.rect(x, top - scroll, 1, flag.loss ? rows.density + rows.densityHeight - top : BOX, color);
    // Two sequences in time order, AUX and LOST: the second starts at the left again.
    if (x < free && x > free - 2 * BOX) continue;
    free = x + BOX + 1;
    over.push(() => {
      context.fillStyle = color;
      context.fillRect(x, top, BOX, BOX);
      context.fillStyle = palette.surface;
      context.font = palette.tiny;
      context.textAlign = 'center';
      context.textBaseline = 'alphabetic';
      context.fillText(flag.letter, x + BOX / 2, top + BOX - 1.5);
      context.textAlign = 'start';
    });
  }
}

/** Dashed lines with a flag where the trace itself lost events: what is shown there may be incomplete. */
export function drawLosses(scene: Scene): void {
  const { context, palette, picture, height } = scene;
  for (const track of picture?.tracks ?? []) {
    if (track.track !== 'lost') continue;
    context.save();
    context.strokeStyle = context.fillStyle = palette.bad;
    context.setLineDash([2, 3]);
    forCopies(scene, (shift, scale) =>
      drawBins(scene, track, shift, scale, (x, w) => {
        const at = x + Math.floor(w / 2) + 0.5;
        context.beginPath();
        context.moveTo(at, 0);
        context.lineTo(at, height);
        context.stroke();
        shape(context, [at, 0, at + 6, 3, at, 6]);
      }),
    );
    context.restore();
  }
}

/** The index of a side mark near `t` on a lane; undefined if none is within `grace` ns. */
export function sideMarkAt(
  scene: Pick<Scene, 'picture'>,
  rows: LaneRows,
  t: number,
  grace: number,
): number | undefined {
  const side = scene.picture?.side;
  if (!side || rows.density === undefined) return undefined;
  let best: number | undefined;
  let least = grace;
  for (let i = 0; i < side.n; i++) {
    if (side.lane[i] !== rows.lane.spe && side.lane[i] >= 0) continue;
    const away = Math.abs(side.t[i] - t);
    if (away <= least) [least, best] = [away, i];
  }
  return best;
}
