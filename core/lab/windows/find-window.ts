/** Finds one blackout window, and its story: what made the page fault. */
import { confidenceOf } from '../../model/stage2/confidence.ts';
import { getCapture } from '../../store/captures.ts';
import type { Db } from '../../store/lab-file.ts';
import { getRun, seekWindow } from '../../store/run-store.ts';
import type { WindowRow } from '../../store/run-store.ts';
import { changesOfPage, contentsLostOf } from '../../store/stage2-store.ts';
import type { FoundWindow, TracePlace } from '../../contract/timeline.ts';
import { runLanes, runTimeline } from './timeline-facts.ts';
import type { NearTrace } from '../captures/trace-near.ts';
import type { DlVariant } from '../../model/terms/results.ts';

export interface WindowRequest {
  readonly run: number;
  readonly policy: string;
  readonly dlDiscard: DlVariant;
  /** Any lane if left out. */
  readonly lane?: number;
  readonly which: 'at' | 'next' | 'previous' | 'longest';
  /** ns after the run's origin. */
  readonly at: number;
}

export function findWindow(
  db: Db,
  { run, policy, dlDiscard, lane, which, at }: WindowRequest,
  near: NearTrace,
): FoundWindow | null {
  const facts = getRun(db, run).facts;
  const origin = BigInt(facts.origin);
  const lanes = lane === undefined ? runLanes(db, run).map((l) => l.lane) : [lane];
  const found = lanes
    .map((l) => seekWindow(db, { run, policy, dlDiscard, lane: l }, which, origin + BigInt(at)))
    .filter((w) => w !== undefined);
  const best = found.reduce<WindowRow | undefined>((a, b) => (a && !better(which, b, a) ? a : b), undefined);
  if (!best) return null;
  const start = Number(best.start - origin);
  const end = Number(best.end - origin);
  const trigger = best.ipa === null ? undefined : triggerOf(db, near, run, BigInt(best.ipa), { ...best, start, end });
  return { ...best, start, end, ...(trigger && { trigger }) };
}

function better(which: WindowRequest['which'], a: WindowRow, b: WindowRow): boolean {
  if (which === 'longest') return a.end - a.start > b.end - b.start;
  return which === 'previous' ? a.start > b.start : a.start < b.start;
}

/**
 * What took the page away, on the run's clock: the latest change before the fault; for wiped records, the first one after them
 * that drops the contents.
 */
function triggerOf(
  db: Db,
  near: NearTrace,
  run: number,
  ipa: bigint,
  { kind: windowKind, start, end }: Pick<FoundWindow, 'kind' | 'start' | 'end'>,
): FoundWindow['trigger'] {
  const { kvmId, facts } = getRun(db, run);
  const { trace } = runTimeline(db, run);
  const { t0 } = getCapture(db, kvmId, 'kvm');
  if (!trace || t0 === undefined) return undefined;
  const isWiped = windowKind === 'wiped';
  const { t, copy } = toTrace(isWiped ? end : start, trace);
  const vm = facts.vmIndex ?? 0;
  // Rounding to whole ns on the run's clock may have moved the change past the fault by a trace ns or so.
  const slack = 1 / trace.scale;
  const change = isWiped
    ? contentsLostOf(db, kvmId, vm, ipa, t0 + BigInt(Math.floor(t - slack)))
    : changesOfPage(db, kvmId, vm, ipa, t0 + BigInt(Math.ceil(t + slack)), 8).find(({ kind, contents }) =>
        windowKind === 'copy-failed' ? contents === 'gone' : kind !== 'map' && kind !== 'access-clear',
      );
  if (!change) return undefined;
  const { kind, cause, evidence, pages, notify, contents, contentsOrigin } = change;
  const inTrace = Number(change.t - t0);
  const { atLeast } = confidenceOf(evidence);
  const line = kind === 'initial-unmapped' ? undefined : near.lines(db, kvmId, inTrace, inTrace + 1, 1)[0]?.line;
  return {
    t: Math.round(trace.shiftNs + copy * trace.periodNs + inTrace * trace.scale),
    ...{ kind, cause, evidence, pages, confidence: Number.isNaN(atLeast) ? null : atLeast },
    ...(notify !== null && contents !== null && contentsOrigin !== null && { notify, contents, contentsOrigin }),
    ...(line !== undefined && { line }),
  };
}

/** A moment of the run in the trace's own time, and in which of its copies. */
export function toTrace(t: number, trace: TracePlace): { readonly t: number; readonly copy: number } {
  const since = t - trace.shiftNs;
  const copy = Math.min(trace.copies - 1, Math.max(0, Math.floor(since / trace.periodNs)));
  return { t: (since - copy * trace.periodNs) / trace.scale, copy };
}
