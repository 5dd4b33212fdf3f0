/** Position of each lane and each of its tracks, px from the top of the lanes. */
import type { TimelineFacts, TimelineLane } from '../../core/contract/timeline.ts';
import type { LaneState } from './lane-state.ts';

export const size = {
  density: 30,
  guest: 6,
  events: 14,
  band: 9,
  gap: 3,
  pad: 7,
  collapsed: 22,
  name: 14,
} as const;

export interface LaneRows {
  readonly lane: TimelineLane;
  readonly top: number;
  readonly bottom: number;
  readonly pinned: boolean;
  readonly collapsed: boolean;
  readonly density?: number;
  readonly densityHeight: number;
  readonly sessions?: number;
  readonly guest?: number;
  /** Blackouts that the capture itself shows, where nothing has been replayed. */
  readonly observed?: number;
  /** Changes of the SPE buffer's pages, stage 2 faults. */
  readonly events?: number;
  /** One per chosen policy, in their order. None for a collapsed lane. */
  readonly bands: readonly number[];
}

export interface Layout {
  /** In display order: pinned ones first. */
  readonly lanes: readonly LaneRows[];
  /** px at the top that don't scroll. */
  readonly pinned: number;
  /** The whole VM's stage 2 changes. */
  readonly vm?: { readonly top: number; readonly changes: number; readonly bottom: number };
  readonly height: number;
}

/** @param room px to fill: spare px go to the density of lanes without a custom height */
export function layOut(facts: TimelineFacts, policies: number, room: number, states: readonly LaneState[]): Layout {
  const least = stack(facts, policies, size.density, states);
  const open = states.filter((s) => !s.collapsed && s.height === undefined).length;
  const spare = Math.floor((room - least.height) / Math.max(1, open));
  return spare > 0 ? stack(facts, policies, Math.min(MOST_DENSITY, size.density + spare), states) : least;
}

const MOST_DENSITY = 300;

function stack(facts: TimelineFacts, policies: number, usual: number, states: readonly LaneState[]): Layout {
  let y = 0;
  let pinned = 0;
  const lanes = states.flatMap((state): LaneRows[] => {
    const lane = facts.lanes.find((l) => l.lane === state.lane);
    if (!lane) return [];
    const rows = rowsOf(facts, policies, lane, state, y, usual);
    y = rows.bottom;
    if (state.pinned) pinned = y;
    return [rows];
  });
  if (!facts.trace) return { lanes, pinned, height: y };
  const vm = { top: y, changes: y + size.pad, bottom: y + 2 * size.pad + size.density };
  return { lanes, pinned, vm, height: vm.bottom };
}

function rowsOf(
  facts: TimelineFacts,
  policies: number,
  lane: TimelineLane,
  { pinned = false, collapsed = false, height }: LaneState,
  top: number,
  usual: number,
): LaneRows {
  const common = { lane, top, pinned, collapsed };
  const hasSamples = lane.spe !== undefined;
  if (collapsed) {
    const densityHeight = size.collapsed - size.pad;
    const density = hasSamples ? top + 3 : undefined;
    return { ...common, bottom: top + size.collapsed, density, densityHeight, bands: [] };
  }
  const densityHeight = height ?? usual;
  // Without samples nothing else makes room for the lane's name.
  let y = top + size.pad + (hasSamples ? 0 : size.name);
  const take = (px: number) => {
    const at = y;
    y += px + size.gap;
    return at;
  };
  const density = hasSamples ? take(densityHeight) : undefined;
  const sessions = density === undefined ? undefined : density + densityHeight;
  const observed = hasSamples && facts.run === undefined ? take(size.band) : undefined;
  const guest = lane.vcpuTid === undefined ? undefined : take(size.guest);
  const events = facts.run === undefined && lane.vcpuTid === undefined ? undefined : take(size.events);
  const bands = Array.from({ length: policies }, () => take(size.band));
  return { ...common, bottom: y + size.pad, density, densityHeight, sessions, observed, guest, events, bands };
}

/** A lane is a vCPU once there is a trace that says so. */
export function laneName(facts: TimelineFacts, { lane, tid }: TimelineLane): string {
  if (tid !== undefined) return `thread ${tid}`;
  return `${facts.trace ? 'vCPU' : 'CPU'} ${lane}`;
}

/** px from the top of the lanes for what is shown at `y` px of the canvas: pinned lanes don't scroll. */
export function unscrolled(layout: Layout, y: number, scroll: number): number {
  return y < layout.pinned ? y : y + scroll;
}

export function laneAt(layout: Layout, y: number): LaneRows | undefined {
  return layout.lanes.find((l) => y >= l.top && y < l.bottom);
}

/** How far to scroll down so that all of a lane is in view, or its upper part if it is too tall; unchanged if it is in view. */
export function scrolledTo(layout: Layout, lane: number, scroll: number, height: number): number {
  const rows = layout.lanes.find((l) => l.lane.lane === lane);
  if (!rows || rows.pinned) return scroll;
  const lowest = rows.top - layout.pinned;
  return Math.max(0, Math.min(lowest, Math.max(scroll, rows.bottom - height)));
}

/** Lanes in view: only these are fetched and drawn. @param more px above and below that also count as in view */
export function lanesInView(layout: Layout, scroll: number, height: number, more = 0): LaneRows[] {
  return layout.lanes.filter(
    (l) => l.pinned || (l.bottom > scroll + layout.pinned - more && l.top < scroll + height + more),
  );
}

/** Index of the policy whose band is at `y`, with some px of grace. */
export function bandAt(rows: LaneRows, y: number): number | undefined {
  const at = rows.bands.findIndex((top) => y >= top - 1 && y <= top + size.band + 1);
  return at < 0 ? undefined : at;
}
