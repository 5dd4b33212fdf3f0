/** Where each lane and each of its tracks stands, px from the top of the lanes. */
import type { TimelineFacts, TimelineLane } from '../../core/contract/timeline.ts';

export const size = {
  density: 30,
  guest: 6,
  events: 14,
  band: 9,
  gap: 3,
  pad: 7,
} as const;

export interface LaneRows {
  readonly lane: TimelineLane;
  readonly top: number;
  readonly bottom: number;
  readonly density?: number;
  readonly sessions?: number;
  readonly guest?: number;
  /** Changes of the SPE buffer's pages, stage 2 faults. */
  readonly events?: number;
  /** One a chosen policy, in their order. */
  readonly bands: readonly number[];
}

export interface Layout {
  readonly lanes: readonly LaneRows[];
  /** The whole VM's stage 2 changes. */
  readonly vm?: { readonly top: number; readonly changes: number; readonly bottom: number };
  readonly densityHeight: number;
  readonly height: number;
}

/** @param room px to fill: spare ones make the density taller */
export function layOut(facts: TimelineFacts, policies: number, room: number): Layout {
  const least = stack(facts, policies, size.density);
  const spare = Math.floor((room - least.height) / Math.max(1, facts.lanes.length));
  return spare > 0 ? stack(facts, policies, Math.min(MOST_DENSITY, size.density + spare)) : least;
}

const MOST_DENSITY = 150;

function stack(facts: TimelineFacts, policies: number, densityHeight: number): Layout {
  let y = 0;
  const rows = (lane: TimelineLane): LaneRows => {
    const top = y;
    y += size.pad;
    const take = (height: number) => {
      const at = y;
      y += height + size.gap;
      return at;
    };
    const density = lane.spe === undefined ? undefined : take(densityHeight);
    const sessions = density === undefined ? undefined : density + densityHeight;
    const guest = lane.vcpuTid === undefined ? undefined : take(size.guest);
    const events = facts.run === undefined && lane.vcpuTid === undefined ? undefined : take(size.events);
    const bands = Array.from({ length: policies }, () => take(size.band));
    y += size.pad;
    return { lane, top, bottom: y, density, sessions, guest, events, bands };
  };
  const lanes = facts.lanes.map(rows);
  if (!facts.trace) return { lanes, densityHeight, height: y };
  const vm = { top: y, changes: y + size.pad, bottom: y + 2 * size.pad + size.density };
  return { lanes, densityHeight, vm, height: vm.bottom };
}

/** A lane is a vCPU as soon as there is a trace to say so. */
export function laneName(facts: TimelineFacts, { lane, tid }: TimelineLane): string {
  if (tid !== undefined) return `thread ${tid}`;
  return `${facts.trace ? 'vCPU' : 'CPU'} ${lane}`;
}

export function laneAt(layout: Layout, y: number): LaneRows | undefined {
  return layout.lanes.find((l) => y >= l.top && y < l.bottom);
}

/** Place of the policy whose band is at `y`, with some px of grace. */
export function bandAt(rows: LaneRows, y: number): number | undefined {
  const at = rows.bands.findIndex((top) => y >= top - 1 && y <= top + size.band + 1);
  return at < 0 ? undefined : at;
}
