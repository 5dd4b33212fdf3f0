/** What is under the pointer. */
import type { ObservedBands } from '../../core/contract/timeline.ts';
import { bandsIn } from './band-index.ts';
import type { LaneRows } from './layout.ts';
import type { Picture } from './source.ts';

/** Index of the window in a policy's band at `t`, or within `grace` ns of it; the nearest of several. */
export function windowIndexAt(
  picture: Pick<Picture, 'bands' | 'index'> | undefined,
  rows: LaneRows | undefined,
  policy: number | undefined,
  t: number,
  grace: number,
): number | undefined {
  const { bands, index } = picture ?? {};
  if (!bands || !index || !rows || policy === undefined) return undefined;
  const { windows } = bands;
  let best: number | undefined;
  let least = grace;
  // One that begins exactly `grace` later counts, too.
  const [from, to] = bandsIn(windows, index.windows, { lane: rows.lane.lane, policy }, t - grace, t + grace + 1);
  for (let i = from; i < to; i++) {
    const away = Math.max(windows.start[i] - t, t - windows.end[i], 0);
    if (away > least || (away === least && best !== undefined)) continue;
    least = away;
    best = i;
  }
  return best;
}

/** For a capture alone: the observed blackout of a lane at `t`, or within `grace` ns of it; the nearest of several. */
export function observedAt(
  bands: ObservedBands | undefined,
  lane: number,
  t: number,
  grace: number,
): { readonly reason: string; readonly darkNs: number; readonly ns: number } | undefined {
  let best: number | undefined;
  let least = grace;
  for (let i = 0; bands && i < bands.lane.length; i++) {
    if (bands.lane[i] !== lane) continue;
    const away = Math.max(bands.start[i] - t, t - bands.end[i], 0);
    if (away > least || (away === least && best !== undefined)) continue;
    [least, best] = [away, i];
  }
  if (!bands || best === undefined) return undefined;
  return {
    reason: bands.reasons[bands.reason[best]],
    ...{ darkNs: bands.darkNs[best], ns: bands.end[best] - bands.start[best] },
  };
}

/** Its start, ns: that of the first of several drawn as one. */
export function windowAt(...args: Parameters<typeof windowIndexAt>): number | undefined {
  const i = windowIndexAt(...args);
  return i === undefined ? undefined : args[0]?.bands?.windows.start[i];
}
