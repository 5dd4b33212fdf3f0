/** An offline report of a stored run. */
import { bufferEvents, density } from '../../analysis/tracks.ts';
import { paramNames, paramSpecs } from '../../model/params.ts';
import type { ResolvedParams } from '../../model/params.ts';
import { bytes, count, duration, percent } from '../../words/numbers.ts';
import type { Fact, PolicyReport, Report, ReportedOutcome, ReportInput } from '../../report/model.ts';
import type { CaptureRow } from '../../store/captures.ts';
import type { Db } from '../../store/lab-file.ts';
import { getRun, readResults, readSkew, variantOf } from '../../store/run-store.ts';
import type { ResultRow, RunRow, SkewRow } from '../../store/run-store.ts';
import { captureFacts } from '../captures/facts.ts';
import { unsureLoss } from '../runs/evidence-losses.ts';
import { storedWindows } from '../runs/stored-windows.ts';
import { refuseFirstEdition } from '../runs/run-facts.ts';
import type { RunFacts } from '../../model/terms/run-facts.ts';
import { loadRunInputs } from '../runs/run-inputs.ts';
import type { RunInputs } from '../runs/run-inputs.ts';

/** Points of a lane's density curve. */
const DENSITY_BINS = 900;

/**
 * Everything that a report says, from the lab file.
 * @param known the replay's inputs if it was just made; otherwise they are loaded again
 */
export function buildReport(db: Db, runId: number, known?: RunInputs): Report {
  const run = getRun(db, runId);
  refuseFirstEdition(run);
  const facts = run.facts;
  const settings = run.params;
  const inputs = known ?? loadRunInputs(db, run.speId, run.kvmId, settings, facts.scenario);
  const { params } = settings;
  const skews = readSkew(db, runId);
  return {
    umbra: run.umbra,
    command: run.command,
    seed: params.seed,
    notes: facts.notes,
    inputs: [reportInput(inputs.spe), reportInput(inputs.kvm)],
    alignment: {
      mode: facts.alignment.align,
      offsetNs: facts.alignment.offsetNs,
      scale: facts.alignment.scale,
      ...(facts.alignment.clocks && { clocks: facts.alignment.clocks }),
    },
    vm: vmFacts(facts),
    placement: placementFacts(facts, params.placement, params.trials),
    certainty: [...certaintyFacts(facts), ...unsureFacts(readResults(db, runId))],
    parameters: parameters(settings),
    span: { start: 0, end: inputs.reference.span },
    lanes: laneTracks(inputs),
    // A run counts by function first if functions were known when it was made.
    skewKey: skews[0].key,
    policies: policyReports(db, run, BigInt(facts.origin), skews),
  };
}

export function reportInput(c: CaptureRow): ReportInput {
  const { kind, file, bytes: size, sha256, format, warnings } = c;
  return { kind, file, bytes: size, sha256, format, facts: captureFacts(c), warnings };
}

function vmFacts({ vm }: RunFacts): Fact[] {
  if (!vm) return [{ label: 'description', value: 'none given: memslots and vCPU threads are unknown' }];
  return [
    ...(vm.pid === undefined ? [] : [{ label: 'process', value: String(vm.pid) }]),
    ...vm.slots.map((s) => ({ label: `memslot ${s.slot}`, value: `IPA ${s.ipa}, ${bytes(s.bytes)}` })),
    { label: 'vCPU threads', value: vm.vcpus.map((v) => `${v.vcpu}: ${v.tid}`).join(', ') || 'unknown' },
  ];
}

/** Most ranges shown of a scattered buffer. */
const RANGES = 3;

function placementFacts({ buffers, placementWarnings }: RunFacts, placement: string, trials: number): Fact[] {
  return [
    { label: 'placement', value: trials > 1 ? `${placement}, ${trials} trials; the first is shown` : placement },
    ...buffers.map(({ lane, bytes: size, ranges }) => {
      const more = ranges.length > RANGES ? ` and ${ranges.length - RANGES} more pieces` : '';
      const where = ranges.slice(0, RANGES).map((r) => `${r.ipa} (${bytes(r.bytes)})`);
      return { label: `vCPU ${lane}`, value: `${bytes(size)} at IPA ${where.join(', ')}${more}` };
    }),
    ...placementWarnings.map((value) => ({ label: 'note', value })),
  ];
}

function certaintyFacts({ timeline, calibration }: RunFacts): Fact[] {
  const { certainty } = timeline;
  const share = `${percent(certainty.observed)} observed, ${percent(certainty.inferred)} inferred, ${percent(certainty.unknown)} unknown`;
  return [
    { label: 'changes', value: count(timeline.rows) },
    {
      label: 'source',
      value: timeline.exact ? "the kernel's own page-table calls (exact)" : 'inferred from KVM events',
    },
    { label: 'buffer page-time', value: share },
    ...(timeline.losses ? [{ label: 'lost by the tracer', value: `events, ${count(timeline.losses)} times` }] : []),
    ...(timeline.unattributed
      ? [
          {
            label: 'not attributed',
            value: `${count(timeline.unattributed)} events by host address: no memslots were given`,
          },
        ]
      : []),
    ...(timeline.strangers
      ? [
          {
            label: 'other VMs',
            value: `${count(timeline.strangers)} guest faults of threads that the description doesn't name`,
          },
        ]
      : []),
    ...(timeline.unshownFetches
      ? [
          {
            label: 'dirty log',
            value: `${count(timeline.unshownFetches)} fetches of a memslot that no write showed: what they protected may be taken for writable`,
          },
        ]
      : []),
    ...Object.entries(calibration).map(([name, m]) => ({
      label: `${name} in the trace`,
      value: `median ${duration(m.median)}, 5–95 % ${duration(m.p5)} – ${duration(m.p95)}, ${count(m.count)} round trips`,
    })),
  ];
}

/** Losses that may rest on stage 2 events that never happened. */
function unsureFacts(results: readonly ResultRow[]): Fact[] {
  const losing = results.flatMap(({ policy, lost, summary }) => {
    const { restsOn } = summary;
    return restsOn ? [{ policy: policy.id, unsure: unsureLoss(restsOn, lost) }] : [];
  });
  if (!losing.length) return [];
  const unsure = losing.flatMap(({ policy, unsure: of }) =>
    of ? [`${percent(of.share)} of the loss under ${policy} (${of.evidence.join(', ')})`] : [],
  );
  return [{ label: 'rests on evidence below 95 %', value: unsure.join('; ') || 'no loss' }];
}

/** Parameters that say how a run was requested, shown elsewhere in a report. */
const elsewhere = new Set([
  'align',
  'offsetNs',
  'scale',
  'placement',
  'buffers',
  'lanes',
  'vm',
  'seed',
  'gapFactor',
  'gapMinNs',
]);

function parameters({ params, origin }: ResolvedParams): Report['parameters'] {
  return paramNames
    .filter((name) => !elsewhere.has(name))
    .map((name) => {
      return { name, value: parameterValue(params[name]), unit: paramSpecs[name].unit, origin: origin[name] };
    });
}

/** As shown. */
export function parameterValue(value: unknown): string | number {
  return typeof value === 'number' || typeof value === 'string' ? value : JSON.stringify(value);
}

function laneTracks({ lanes, reference, timeline }: RunInputs): Report['lanes'] {
  return lanes.map((lane, i) => {
    const { cpu, tid } = reference.stored[i];
    return {
      lane: lane.lane,
      label: `vCPU ${lane.lane}${cpu < 0 ? `, thread ${tid}` : cpu === lane.lane ? '' : `, CPU ${cpu}`}`,
      records: lane.t.length,
      density: density(lane.t, 0, reference.span, DENSITY_BINS),
      events: bufferEvents(timeline, lane.pages),
    };
  });
}

/** The run's own results; runs of the model's first edition also hold those of another kind of guest. */
function policyReports(db: Db, run: RunRow, origin: bigint, skews: readonly SkewRow[]): PolicyReport[] {
  const own = variantOf(run.params.params.dlDiscard);
  const results = readResults(db, run.id);
  const shown = results.filter((result) => result.dlDiscard === own);
  return (shown.length ? shown : results).map((result) => ({
    id: result.policy.id,
    title: result.policy.title,
    summary: result.policy.summary,
    isReference: result.policy.pin === 'no-stage-2',
    outcome: outcomeOf(db, run.id, origin, result, skews),
  }));
}

function outcomeOf(db: Db, run: number, origin: bigint, result: ResultRow, skews: readonly SkewRow[]): ReportedOutcome {
  const { summary, trials, latency, checks, sameAs } = result.summary;
  const own = skews.find((s) => s.policy === result.policy.id && s.dlDiscard === result.dlDiscard);
  const { digest, verdict } = own!.detail;
  const windows = storedWindows(db, run, origin, result);
  return { summary, verdict, trials, skew: digest, latency, windows, checks, sameAs };
}
