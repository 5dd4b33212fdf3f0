/** Which stage 2 events a policy's losses rest on, hence how certain they are. */
import type { EvidenceLoss } from '../../model/terms/results.ts';
import { NONE } from '../../model/outcome.ts';
import type { PolicyOutcome, Windows } from '../../model/outcome.ts';
import { causeOfRow, INITIAL_UNMAPPED, losesContents, MAP, NOTHING, opOfRow, UNMAP } from '../../model/page-ops.ts';
import { isUnsure } from '../../model/stage2/confidence.ts';
import { causeClasses, code, windowKinds } from '../../model/terms.ts';
import { rowsOn } from '../../model/timeline-index.ts';
import type { TimelineIndex } from '../../model/timeline-index.ts';
import type { Stage2Timeline } from '../../model/timeline.ts';
import { firstIndex } from '../../model/terms/search.ts';

/** Losses of a policy that rest on evidence that may be wrong. */
export interface UnsureLoss {
  /** Of all samples lost, 0 … 1. */
  readonly share: number;
  readonly evidence: readonly string[];
}

/** @param lost samples lost, for any reason. @returns undefined if there are none */
export function unsureLoss(losses: readonly EvidenceLoss[], lost: number): UnsureLoss | undefined {
  const unsure = losses.filter(({ evidence }) => isUnsure(evidence));
  if (!unsure.length || lost === 0) return undefined;
  return { share: unsure.reduce((sum, l) => sum + l.lost, 0) / lost, evidence: unsure.map((l) => l.evidence) };
}

/** Losses whose cause comes after the samples. */
const WIPED = code(windowKinds, 'wiped');
const COPY_FAILED = code(windowKinds, 'copy-failed');
const FIRST_TOUCH = code(causeClasses, 'first-touch');

/** Largest first. Losses not due to a stage 2 event (full buffers, a parameter) are left out. */
export function evidenceLosses(index: TimelineIndex, { windows }: Pick<PolicyOutcome, 'windows'>): EvidenceLoss[] {
  const { timeline } = index;
  const rows = new Map<number, Uint32Array>();
  const lost = new Map<string, number>();
  /** Until when a lane's page was seen to fault. */
  const faulted = new Map<number, number>();
  for (let w = 0; w < windows.n; w++) {
    if (w > 0 && windows.lane[w] !== windows.lane[w - 1]) faulted.clear();
    const page = windows.page[w];
    if (page < 0 || windows.cause[w] === NONE) continue;
    let own = rows.get(page);
    if (!own) rows.set(page, (own = rowsOn(index, page)));
    const row = blamed(index, own, windows, w, faulted.get(page) ?? -Infinity);
    faulted.set(page, windows.end[w]);
    if (row < 0 || windows.lost[w] === 0) continue;
    const evidence = timeline.evidences[timeline.evidence[row]];
    lost.set(evidence, (lost.get(evidence) ?? 0) + windows.lost[w]);
  }
  return Array.from(lost, ([evidence, n]) => ({ evidence, lost: n })).sort((a, b) => b.lost - a.lost);
}

/**
 * The row that a window is due to: the first of its class since the page was last valid. -1 if none.
 * @param rows those on its page, in time order, initial states in front @param valid when a fault there was last answered, ns
 */
function blamed({ timeline }: TimelineIndex, rows: Uint32Array, windows: Windows, w: number, valid: number): number {
  const kind = windows.kind[w];
  const cause = windows.cause[w];
  const isOwn = (row: number, op: number): boolean =>
    op === INITIAL_UNMAPPED ? cause === FIRST_TOUCH : causeOfRow(timeline, row, op) === cause;
  const isInitial = (row: number): boolean => opOfRow(timeline, row) === INITIAL_UNMAPPED;
  if (kind === WIPED || kind === COPY_FAILED) {
    for (let k = firstFrom(timeline, rows, windows.end[w]); k < rows.length; k++) {
      const op = opOfRow(timeline, rows[k]);
      if (op === UNMAP && losesContents(timeline, rows[k]) && isOwn(rows[k], op)) return rows[k];
    }
    if (kind === WIPED) return -1;
  }
  let found = -1;
  for (let k = firstFrom(timeline, rows, windows.start[w] + 1) - 1; k >= 0; k--) {
    const op = opOfRow(timeline, rows[k]);
    if (op === MAP || (found >= 0 && !isInitial(rows[k]) && timeline.t[rows[k]] <= valid)) break;
    if (op !== NOTHING && isOwn(rows[k], op)) found = rows[k];
  }
  return found;
}

/** Index of the first row at `t` or later, except initial states. */
function firstFrom(timeline: Stage2Timeline, rows: Uint32Array, t: number): number {
  const isLater = (row: number) => opOfRow(timeline, row) !== INITIAL_UNMAPPED && timeline.t[row] >= t;
  return firstIndex(0, rows.length, (i) => isLater(rows[i]));
}
