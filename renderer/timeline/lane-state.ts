/**
 * The user's arrangement of lanes: their order, which are pinned to the top, collapsed, or of custom height. As text, for the
 * address: `3p,0,2c,1h90`, in order; lanes it doesn't name follow in theirs.
 */

export interface LaneState {
  readonly lane: number;
  readonly pinned?: boolean;
  readonly collapsed?: boolean;
  /** px of the density; the default if missing. */
  readonly height?: number;
}

export const DENSITY_PX = { least: 16, most: 400 } as const;

/** States of all `lanes` in display order: pinned ones first. Invalid parts of the text are ignored. */
export function parseLanes(text: string | undefined, lanes: readonly number[]): LaneState[] {
  const named = (text ?? '').split(',').flatMap((word): LaneState[] => {
    const [, lane, flags, height] = /^(\d{1,6})([pc]{0,2})(?:h(\d{1,4}))?$/.exec(word) ?? [];
    if (lane === undefined || !lanes.includes(Number(lane))) return [];
    return [
      {
        lane: Number(lane),
        ...(flags.includes('p') && { pinned: true }),
        ...(flags.includes('c') && { collapsed: true }),
        ...(height !== undefined && { height: clampHeight(Number(height)) }),
      },
    ];
  });
  const first = named.filter((s, i) => named.findIndex((other) => other.lane === s.lane) === i);
  const rest = lanes.filter((lane) => !first.some((s) => s.lane === lane)).map((lane) => ({ lane }));
  return pinnedFirst([...first, ...rest]);
}

/** Empty if everything is at its default. */
export function formatLanes(states: readonly LaneState[], lanes: readonly number[]): string {
  const text = states.map(({ lane, pinned, collapsed, height }) =>
    [lane, pinned ? 'p' : '', collapsed ? 'c' : '', height === undefined ? '' : `h${Math.round(height)}`].join(''),
  );
  // Trailing lanes in their default state needn't be named.
  let end = text.length;
  while (end > 0 && text[end - 1] === String(lanes[end - 1])) end--;
  return text.slice(0, end).join();
}

export function togglePinned(states: readonly LaneState[], lane: number): LaneState[] {
  return pinnedFirst(states.map((s) => (s.lane === lane ? { ...s, pinned: !s.pinned } : s)));
}

export function toggleCollapsed(states: readonly LaneState[], lane: number): LaneState[] {
  return states.map((s) => (s.lane === lane ? { ...s, collapsed: !s.collapsed } : s));
}

/** Moves by places up (negative) or down, among the pinned or among the others. */
export function moveLane(states: readonly LaneState[], lane: number, by: number): LaneState[] {
  const at = states.findIndex((s) => s.lane === lane);
  if (at < 0) return [...states];
  const to = Math.min(states.length - 1, Math.max(0, at + by));
  const out = states.filter((_, i) => i !== at);
  out.splice(to, 0, states[at]);
  return pinnedFirst(out);
}

export function resizeLane(states: readonly LaneState[], lane: number, height: number): LaneState[] {
  return states.map((s) => (s.lane === lane ? { ...s, height: clampHeight(height) } : s));
}

function clampHeight(height: number): number {
  return Math.min(DENSITY_PX.most, Math.max(DENSITY_PX.least, Math.round(height)));
}

function pinnedFirst(states: readonly LaneState[]): LaneState[] {
  return [...states.filter((s) => s.pinned), ...states.filter((s) => !s.pinned)];
}
