// A small report of made-up numbers for the report's tests.
import { judge } from '../../core/analysis/verdict.ts';
import { countsOf, skew } from '../../core/analysis/skew.ts';
import { digest } from '../../core/analysis/skew-digest.ts';
import { summarise } from '../../core/analysis/summary.ts';
import { density } from '../../core/analysis/tracks.ts';
import type { PolicyOutcome } from '../../core/model/outcome.ts';
import { lostIn, sessionsIn } from '../../core/analysis/loss-runs.ts';
import { KEPT, LOST, NONE } from '../../core/model/outcome.ts';
import { createRandom } from '../../core/model/random.ts';
import { code, windowKinds } from '../../core/model/terms.ts';
import type { CheckResult } from '../../core/model/terms/results.ts';
import type { PolicyReport, Report, ReportedOutcome } from '../../core/report/model.ts';

const SPAN = 1e9;
const SAMPLES = 2000;
const KEYS = 12;

/** One lane; `windows` windows of `length` ns, spread evenly; key 0 is busy where they are. */
export function sampleOutcome(
  policy: string,
  windows: number,
  length: number,
  nameOf: (key: number) => string = (key) => `key_${key}`,
): ReportedOutcome {
  const random = createRandom(4);
  const killed = code(windowKinds, 'session-killed');
  const starts = Float64Array.from({ length: windows }, (_, i) => (i * SPAN) / windows);
  const t = Float64Array.from({ length: SAMPLES }, (_, i) => (i * SPAN) / SAMPLES);
  const dark = t.map((time) => (windows > 0 && time % (SPAN / windows) < length ? 1 : 0));
  const keys = Uint32Array.from(t, (_, i) => (dark[i] && random.uniform() < 0.6 ? 0 : random.below(KEYS)));
  const fates = Uint8Array.from(dark, (d) => (d ? LOST + killed : KEPT));
  const lost = new Uint32Array(windows);
  t.forEach((time, i) => (lost[Math.floor((time * windows) / SPAN)] += dark[i]));
  const outcome: PolicyOutcome = {
    policy,
    reference: [SAMPLES],
    fates: [fates],
    inside: [sessionsIn(fates)],
    lost: [lostIn(fates)],
    windows: {
      n: windows,
      lane: new Int32Array(windows),
      start: starts,
      end: starts.map((start) => start + length),
      kind: new Uint8Array(windows).fill(killed),
      cause: new Uint8Array(windows).fill(1),
      page: new Float64Array(windows),
      action: new Uint8Array(windows).fill(NONE),
      lost,
    },
    stalls: { n: 0, lane: new Int32Array(0), t: new Float64Array(0), ns: new Float64Array(0), kind: new Uint8Array(0) },
    faults: Uint32Array.of(0, windows, 0, 0, 0, 0, 0),
    refused: 0,
    pinnedBytesPeak: 2 ** 20,
    pinnedByteSeconds: 1e6,
  };
  const lane = {
    lane: 0,
    t,
    size: new Uint32Array(SAMPLES).fill(64),
    sessions: Float64Array.of(0, SPAN),
    mode: 'cpu-bound' as const,
    pages: Float64Array.of(1),
  };
  const summary = summarise([lane], outcome);
  const found = skew([{ t, keys, fates }], KEYS);
  return {
    summary,
    verdict: judge(summary, found && countsOf(found, nameOf)),
    skew: found && digest(found, nameOf),
    windows: outcome.windows,
  };
}

export function samplePolicy(id: string, outcome: ReportedOutcome): PolicyReport {
  return { id, title: id, summary: `What ${id} does.`, isReference: id === 'bare-metal', outcome };
}

/** Another outcome as an assumption check of a policy. */
export function sampleCheck(id: string, { summary, verdict }: ReportedOutcome): CheckResult {
  const { kept, lost, coverage } = summary;
  return { id, title: `${id} fails`, kept, lost, coverage, verdict: verdict.word };
}

export function sampleReport(change: Partial<Report> = {}): Report {
  const t = Float64Array.from({ length: SAMPLES }, (_, i) => (i * SPAN) / SAMPLES);
  return {
    umbra: '0.1.0',
    command: 'umbra run spe.perf.data kvm.trace.dat --seed 7 -o report.html',
    seed: 7,
    notes: ['synthesised capture'],
    inputs: [
      {
        kind: 'spe',
        file: 'spe.perf.data',
        bytes: 123456,
        sha256: 'ab'.repeat(32),
        format: 'perf.data',
        facts: [{ label: 'machine', value: 'Neoverse N1' }],
        warnings: [{ severity: 'data-loss', message: 'AUX buffer truncated', count: 3, offset: 4096, bytes: 70000 }],
      },
      {
        kind: 'kvm',
        file: 'kvm.trace.dat',
        bytes: 99,
        sha256: 'cd'.repeat(32),
        format: 'trace.dat v7',
        facts: [],
        warnings: [],
      },
    ],
    alignment: { mode: 'start', offsetNs: 0, scale: 1 },
    vm: [{ label: 'slots', value: '0x80000000, 8 MiB' }],
    placement: [{ label: 'placement', value: 'explicit' }],
    certainty: [{ label: 'origin', value: 'inferred' }],
    parameters: [
      { name: 'irqNs', value: 1000, unit: 'ns', origin: 'assumed' },
      { name: 'mapNs', value: 1834, unit: 'ns', origin: 'measured' },
    ],
    span: { start: 0, end: SPAN },
    lanes: [
      {
        lane: 0,
        label: 'vCPU 0',
        records: SAMPLES,
        density: density(t, 0, SPAN, 100),
        events: {
          t: Float64Array.of(1e8, 5e8),
          kind: Uint8Array.of(2, 1),
          cause: Uint8Array.of(1, NONE),
          writable: Uint8Array.of(0, 1),
          notify: new Uint8Array(2),
          contents: new Uint8Array(2),
          contentsOrigin: new Uint8Array(2),
        },
      },
    ],
    skewKey: 'symbol',
    policies: [
      samplePolicy('bare-metal', sampleOutcome('bare-metal', 0, 0)),
      samplePolicy('map-on-fault', {
        ...sampleOutcome('map-on-fault', 20, 100_000),
        checks: [sampleCheck('slow', sampleOutcome('map-on-fault', 20, 1e7))],
      }),
      samplePolicy('impdef-event', sampleOutcome('impdef-event', 20, 1e7)),
      samplePolicy('serror', sampleOutcome('serror', 1, 0.9 * SPAN)),
    ],
    ...change,
  };
}
