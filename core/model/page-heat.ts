/** How many stage 2 events each page of the VM sees, as ranges of equal counts. */
import type { PageRanges } from './page-ranges.ts';
import { code, stage2Kinds } from './terms.ts';
import type { Stage2Timeline } from './timeline.ts';

/** A run of neighbouring pages with equally many events. */
export interface HeatRange {
  readonly first: number;
  readonly pages: number;
  readonly events: number;
}

const INITIAL = code(stage2Kinds, 'initial-unmapped');
const UNKNOWN = code(stage2Kinds, 'unknown');

/** Knowledge of pages without an event doesn't count: initial states, times unknown. */
export function pageHeat(timeline: Stage2Timeline, within: PageRanges): HeatRange[] {
  const change = new Map<number, number>();
  const add = (page: number, by: number): void => {
    change.set(page, (change.get(page) ?? 0) + by);
  };
  for (let row = 0; row < timeline.n; row++) {
    const counts = timeline.kind[row] !== INITIAL && timeline.kind[row] !== UNKNOWN && timeline.pages[row] > 0;
    if (!counts) continue;
    add(timeline.page[row], 1);
    add(timeline.page[row] + timeline.pages[row], -1);
  }
  for (let i = 0; i < within.length; i += 2) {
    add(within[i], 0);
    add(within[i] + within[i + 1], 0);
  }
  const edges = Float64Array.from(change.keys()).sort();
  const heat: HeatRange[] = [];
  let events = 0;
  let range = 0;
  for (let e = 0; e + 1 < edges.length; e++) {
    const first = edges[e];
    events += change.get(first) ?? 0;
    while (range < within.length && within[range] + within[range + 1] <= first) range += 2;
    if (range < within.length && within[range] <= first) heat.push({ first, pages: edges[e + 1] - first, events });
  }
  return heat;
}
