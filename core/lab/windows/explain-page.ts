/** What happened to the page of a stage 2 fault, by the timeline and by the replayed policy. */
import type { PageEvent } from '../../analysis/story.ts';
import type { WindowTrigger } from '../../analysis/window-trigger.ts';
import { NONE } from '../../model/outcome.ts';
import type { PolicyOutcome, Windows } from '../../model/outcome.ts';
import type { Policy } from '../../model/policy.ts';
import { causeOfRow, INITIAL_UNMAPPED, MAP, NOTHING, opOfRow } from '../../model/page-ops.ts';
import { effectOfRow } from '../../model/timeline.ts';
import { confidenceOf } from '../../model/stage2/confidence.ts';
import { certainties } from '../../model/stage2/evidence.ts';
import { answers, causeClasses, code, stage2Kinds, stallKinds, windowKinds } from '../../model/terms.ts';
import type { RunInputs } from '../runs/run-inputs.ts';

export interface HistoryRow {
  readonly event: PageEvent;
  /** Row of the timeline; -1 for the policy's own events. */
  readonly row: number;
}

/** Everything known to have happened to the faulting page up to the fault, in time order. */
export function pageHistory(inputs: RunInputs, outcome: PolicyOutcome, trigger: WindowTrigger): HistoryRow[] {
  const { timeline, lanes } = inputs;
  const { windows, stalls } = outcome;
  const lane = lanes[trigger.lane];
  const page = lane.pages[trigger.slot];
  const rows: HistoryRow[] = [];
  for (let row = 0; row < timeline.n; row++) {
    const after = timeline.t[row] > trigger.t && opOfRow(timeline, row) !== INITIAL_UNMAPPED;
    if (after || page < timeline.page[row] || page >= timeline.page[row] + timeline.pages[row]) continue;
    const cause = timeline.cause[row];
    const event: PageEvent = {
      t: timeline.t[row],
      kind: stage2Kinds[timeline.kind[row]],
      by: 'timeline',
      cause: cause === NONE ? undefined : causeClasses[cause],
      pages: timeline.pages[row],
      evidence: timeline.evidences[timeline.evidence[row]],
      certainty: certainties[timeline.evidence[row]],
      confidence: confidenceOf(timeline.evidences[timeline.evidence[row]]),
      effect: effectOfRow(timeline, row),
    };
    rows.push({ event, row });
  }
  const own = (t: number, kind: 'map' | 'pin', pages: number): HistoryRow => ({
    event: { t, kind, by: 'policy', cause: undefined, pages, evidence: undefined, certainty: undefined },
    row: -1,
  });
  for (let i = 0; i < windows.n; i++) {
    const maps = windows.lane[i] === lane.lane && windows.page[i] === page && answers[windows.action[i]] === 'map';
    if (maps && windowKinds[windows.kind[i]] === 'irq-latency' && windows.end[i] <= trigger.t) {
      rows.push(own(windows.end[i], 'map', 1));
    }
  }
  const pin = code(stallKinds, 'pin');
  for (let i = 0; i < stalls.n && stalls.t[i] <= trigger.t; i++) {
    if (stalls.lane[i] === lane.lane && stalls.kind[i] === pin) rows.push(own(stalls.t[i], 'pin', lane.pages.length));
  }
  // In the same ns the policy's own events follow the timeline's; initial states stay first.
  const rank = ({ event, row }: HistoryRow) =>
    row >= 0 && opOfRow(timeline, row) === INITIAL_UNMAPPED ? -Infinity : event.t;
  return rows.sort((a, b) => {
    const [ra, rb] = [rank(a), rank(b)];
    return ra === rb ? 0 : ra - rb;
  });
}

/** The event since which the page was not valid: the first one of the fault's class after the page was last known to be valid. */
export function culprit(
  { timeline }: RunInputs,
  history: readonly HistoryRow[],
  cause: number,
  { lastWrite }: WindowTrigger,
): HistoryRow | undefined {
  let valid = lastWrite;
  let first: HistoryRow | undefined;
  let latest: HistoryRow | undefined;
  for (const entry of history) {
    const { event, row } = entry;
    const op = row < 0 ? MAP : opOfRow(timeline, row);
    if (op === NOTHING) continue;
    if (op === MAP) {
      valid = Math.max(valid, event.t);
      first = undefined;
    } else if (
      op === INITIAL_UNMAPPED ? causeClasses[cause] === 'first-touch' : causeOfRow(timeline, row, op) === cause
    ) {
      latest = entry;
      if (event.t > valid || op === INITIAL_UNMAPPED) first ??= entry;
    }
  }
  return first ?? latest;
}

/**
 * The unmap that lost unread records in a page: the first one after the last of them that drops contents and reaches the page
 * (a page pinned by the policy withstands what isn't in `unpinnedBy`).
 */
export function wipedBy(
  history: readonly HistoryRow[],
  after: number,
  { unpinnedBy }: Pick<Policy, 'unpinnedBy'>,
): HistoryRow | undefined {
  let isPinned = false;
  for (const entry of history) {
    const { event } = entry;
    if (event.by === 'policy' && event.kind === 'pin') isPinned = true;
    if (event.t < after || !event.effect || event.effect.contents === 'kept') continue;
    const { notify } = event.effect;
    if (!isPinned || notify === 'unknown' || unpinnedBy.includes(notify)) return entry;
  }
  return undefined;
}

/** The unmap since which a page has been gone at a given time. */
export function goneBy(history: readonly HistoryRow[], at: number): HistoryRow | undefined {
  return history.findLast(({ event }) => event.t <= at && event.effect?.contents === 'gone');
}

/** When the records lost in a `copy-failed` window were to be copied: at the lane's next copy, or at the end. */
export function copyTime(windows: Windows, window: number): number {
  const copy = code(windowKinds, 'copy-out');
  for (let w = window; w < windows.n && windows.lane[w] === windows.lane[window]; w++)
    if (windows.kind[w] === copy && windows.start[w] >= windows.end[window]) return windows.start[w];
  return Infinity;
}
