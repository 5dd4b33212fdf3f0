/** What is stored with a run besides its parameters and results: plain JSON, used by reports and windows to describe the run. */
import type { Calibration, Latency } from '../../model/calibration.ts';
import type { Scenario } from '../../model/terms/scenario.ts';
import { summarise } from '../../model/stage2/summary.ts';
import { PAGE_SHIFT } from '../../model/terms.ts';
import type { CauseClass } from '../../model/terms.ts';
import { emailCases } from '../../words/signs.ts';
import type { CaptureRow } from '../../store/captures.ts';
import type { RunRow } from '../../store/run-store.ts';
import { RequestError } from '../about.ts';
import { SPE_FILTERS } from '../captures/filter-warning.ts';
import type { RunInputs } from './run-inputs.ts';
import type { MeasuredLatency, RunFacts } from '../../model/terms/run-facts.ts';

/** What a run's facts take from its request. */
export interface Told {
  readonly notes?: readonly string[];
  readonly scenario?: Scenario;
  readonly checks?: readonly string[];
}

/** Runs of labs before format 6: the model's first edition replayed them. */
export function isFirstEdition(run: RunRow): boolean {
  return !('edition' in run.facts);
}

/**
 * New results would be of the current model, beside stored windows and verdicts that are not.
 * @throws RequestError saying what to do instead
 */
export function refuseFirstEdition(run: RunRow): void {
  if (!isFirstEdition(run)) return;
  const { id, speId, kvmId, command } = run;
  throw new RequestError(
    `run ${id} was replayed by the model's first edition: numbers made now would not fit what it stored. ` +
      `umbra replay --again ${id} says what differs; for a run that can be looked into, replay its captures ` +
      `(--spe ${speId} --kvm ${kvmId}; it was made by: ${command})`,
  );
}

export function runFacts(inputs: RunInputs, request: Told): RunFacts {
  const { vm, stage2, calibration, spe, kvm } = inputs;
  const buffers = inputs.lanes.flatMap(({ pages }) => [...pages]).map((page) => ({ page, pages: 1 }));
  const summary = summarise(stage2.timelines[inputs.vmIndex], buffers);
  return {
    edition: 2,
    origin: String(inputs.reference.origin),
    span: inputs.reference.span,
    alignment: inputs.alignment,
    vmIndex: inputs.vmIndex,
    buffers: inputs.lanes.map(({ lane, pages }) => ({ lane, bytes: pages.length * PAGE, ranges: ranges(pages) })),
    placementWarnings: inputs.warnings,
    ...(vm && {
      vm: {
        pid: vm.pid,
        slots: vm.slots.map((s) => ({ slot: s.slot, ipa: ipaOf(s.page), bytes: s.pages * PAGE })),
        vcpus: vm.vcpus,
      },
    }),
    timeline: {
      rows: inputs.timeline.n,
      exact: inputs.timeline.exact,
      losses: stage2.losses,
      unattributed: stage2.unattributed,
      strangers: stage2.strangers,
      unshownFetches: stage2.unshownFetches,
      certainty: summary.certainty,
      rowsByEvidence: summary.rowsByEvidence,
    },
    calibration: measuredLatencies(calibration),
    notes: [
      ...new Set([
        ...subsetNotes(spe),
        ...(spe.facts.notes ?? []),
        ...(kvm.facts.notes ?? []),
        ...(request.notes ?? []),
        ...scenarioNotes(request.scenario),
      ]),
    ],
    ...(request.scenario && { scenario: request.scenario }),
    ...(request.checks && { checks: request.checks }),
  };
}

/** What makes the reference a subset of what ran: coverage and shares are of that subset. */
function subsetNotes({ warnings }: CaptureRow): string[] {
  return warnings.flatMap(({ kind, message }) => (kind === SPE_FILTERS ? [`SPE capture ${message}`] : []));
}

/** Stage 2 events that weren't recorded, by class. */
function scenarioNotes(scenario: Scenario | undefined): string[] {
  const counts = new Map<CauseClass, number>();
  for (const { cause, times } of scenario?.events ?? []) if (cause) counts.set(cause, (counts.get(cause) ?? 0) + times);
  if (counts.size === 0) return [];
  const listed = [...counts].map(([cause, n]) => `${cause}${emailCases[cause] ? ` (${emailCases[cause]})` : ''}: ${n}`);
  return [`stage 2 events injected by a scenario, not in the trace: ${listed.join(', ')}`];
}

/** Without the distributions themselves. */
export function measuredLatencies(calibration: Calibration): Record<string, MeasuredLatency> {
  return Object.fromEntries(
    Object.entries(calibration).flatMap(([name, m]: [string, Latency | undefined]) =>
      m ? [[name, { count: m.count, median: m.median, p5: m.p5, p95: m.p95 }]] : [],
    ),
  );
}

const PAGE = 2 ** PAGE_SHIFT;

export function ipaOf(page: number): string {
  return `0x${(BigInt(page) << BigInt(PAGE_SHIFT)).toString(16)}`;
}

function ranges(pages: Float64Array): { ipa: string; bytes: number }[] {
  const out: { first: number; count: number }[] = [];
  for (const page of pages) {
    const last = out.at(-1);
    if (last && page === last.first + last.count) last.count++;
    else out.push({ first: page, count: 1 });
  }
  return out.map(({ first, count }) => ({ ipa: ipaOf(first), bytes: count * PAGE }));
}
