/** What lies under the pointer. */
import type { RunBands } from '../../core/contract/timeline.ts';
import type { LaneRows } from './layout.ts';

/** Index of the window of a policy's band at `t`, or next to it within `grace` ns; the nearest of several. */
export function windowIndexAt(
  bands: RunBands | undefined,
  rows: LaneRows | undefined,
  policy: number | undefined,
  t: number,
  grace: number,
): number | undefined {
  if (!bands || !rows || policy === undefined) return undefined;
  const { windows } = bands;
  let best: number | undefined;
  let least = grace;
  for (let i = 0; i < windows.n; i++) {
    if (windows.policy[i] !== policy || windows.lane[i] !== rows.lane.lane) continue;
    const away = Math.max(windows.start[i] - t, t - windows.end[i], 0);
    if (away > least || (away === least && best !== undefined)) continue;
    least = away;
    best = i;
  }
  return best;
}

/** Its start, ns: that of the first of those drawn as one. */
export function windowAt(...args: Parameters<typeof windowIndexAt>): number | undefined {
  const i = windowIndexAt(...args);
  return i === undefined ? undefined : args[0]!.windows.start[i];
}
