/** A selected area: a stretch of time over some lanes. */
import type { Layout } from './layout.ts';

export interface Area {
  /** ns; whole, and at least 1 apart. */
  readonly from: number;
  readonly to: number;
  /** vCPUs; undefined: all. */
  readonly lanes: readonly number[] | undefined;
}

/** A drag from one corner to the other: y in px of the lanes' layout, t in ns. */
export function areaBetween(
  a: { readonly t: number; readonly y: number },
  b: { readonly t: number; readonly y: number },
  layout: Layout,
  span: number,
): Area {
  const [top, bottom] = [Math.min(a.y, b.y), Math.max(a.y, b.y)];
  const under = layout.lanes.filter((l) => l.bottom > top && l.top <= bottom).map((l) => l.lane.lane);
  const all = under.length === 0 || under.length === layout.lanes.length;
  const clip = (t: number) => Math.min(span, Math.max(0, t));
  const from = Math.floor(clip(Math.min(a.t, b.t)));
  return { from, to: Math.max(from + 1, Math.ceil(clip(Math.max(a.t, b.t)))), lanes: all ? undefined : under };
}

/** As in the address: `0,2`. Empty for all. */
export function lanesText(lanes: readonly number[] | undefined): string | undefined {
  return lanes?.length ? lanes.join() : undefined;
}

export function parseLaneList(text: string | undefined): number[] | undefined {
  const lanes = (text ?? '')
    .split(',')
    .filter((word) => /^\d{1,6}$/.test(word))
    .map(Number);
  return lanes.length ? [...new Set(lanes)] : undefined;
}

/** Moves the end of a selection by keys, by a share of the view; without a selection one starts in the view's middle. */
export function grown(
  area: Area | undefined,
  by: number,
  view: { readonly start: number; readonly end: number },
  span: number,
): Area {
  const step = (view.end - view.start) * by;
  const middle = Math.round(Math.min(span, Math.max(0, (view.start + view.end) / 2)));
  const [from, to] = area ? [area.from, area.to + step] : [middle, middle + step];
  const clip = (t: number) => Math.round(Math.min(span, Math.max(0, t)));
  const [left, right] = [clip(Math.min(from, to)), clip(Math.max(from, to))];
  return { from: left, to: Math.max(left + 1, right), lanes: area?.lanes };
}

/** The next choice of lanes: each alone, in display order, then all. */
export function nextLanes(
  lanes: readonly number[] | undefined,
  order: readonly number[],
  by: 1 | -1,
): number[] | undefined {
  const choices: (number | undefined)[] = [undefined, ...order];
  const at = lanes?.length === 1 ? choices.indexOf(lanes[0]) : 0;
  const next = choices[(at + by + choices.length) % choices.length];
  return next === undefined ? undefined : [next];
}
