/** A report that compares two runs, two policies or two SPE captures. */
import { isDeepStrictEqual } from 'node:util';
import { paramNames, paramSpecs } from '../../model/params.ts';
import { answerText } from '../../model/policy.ts';
import type { Policy } from '../../model/policy.ts';
import type { Scenario } from '../../model/terms/scenario.ts';
import { causeClasses, windowKinds } from '../../model/terms.ts';
import type {
  ComparedPair,
  ComparisonReport,
  ComparisonSide,
  Differing,
  PairSide,
  WindowCount,
} from '../../report/comparison.ts';
import { count, counted } from '../../words/numbers.ts';
import type { ReportInput } from '../../report/model.ts';
import { baseName } from '../../report/words.ts';
import { getCapture } from '../../store/captures.ts';
import type { CaptureRow } from '../../store/captures.ts';
import type { Db } from '../../store/lab-file.ts';
import { getRun, readSkew } from '../../store/run-store.ts';
import type { DlDiscard, RunRow } from '../../store/run-store.ts';
import { RequestError } from '../about.ts';
import { version } from '../version.ts';
import { capturesCompared, runsCompared } from '../runs/compare.ts';
import type { RunsRequest } from '../runs/compare.ts';
import type { CaptureFacts } from '../../model/terms/capture-facts.ts';
import { refuseFirstEdition } from '../runs/run-facts.ts';
import type { ComparedVerdict } from '../../contract/compare.ts';
import type { KeyKind } from '../symbols/keys.ts';
import { findResult } from '../runs/replay-again.ts';
import type { OnStep } from '../runs/replay.ts';
import { parameterValue, reportInput } from './report.ts';

/** What is compared. `captures`: ids of SPE captures; `runs`: ids of runs, for all policies that both have unless one is named. */
export type ComparisonRequest =
  | { readonly of: 'captures'; readonly a: number; readonly b: number; readonly by?: KeyKind }
  | ({ readonly of: 'runs' } & RunsRequest);

/**
 * @param command what remakes the report
 * @param onStep see replayRun
 * @throws LabFileError (no such run or capture), RequestError (nothing to compare)
 */
export function buildComparison(
  db: Db,
  request: ComparisonRequest,
  command: string,
  onStep?: OnStep,
): ComparisonReport {
  return request.of === 'captures' ? captureReport(db, request, command) : runReport(db, request, command, onStep);
}

function captureReport(
  db: Db,
  { a, b, by }: Extract<ComparisonRequest, { of: 'captures' }>,
  command: string,
): ComparisonReport {
  if (a === b) throw new RequestError(`capture ${a} against itself: name another one with --with`);
  const found = capturesCompared(db, a, b, by);
  const [captureA, captureB] = [a, b].map((id) => getCapture(db, id, 'spe')) as [CaptureRow, CaptureRow];
  const side = (capture: CaptureRow, observed: ComparisonSide['observed']): ComparisonSide => ({
    name: baseName(capture.file),
    id: capture.id,
    inputs: [reportInput(capture)],
    scale: 1,
    observed,
  });
  const facts = differingFacts(captureA, captureB);
  return {
    ...{ umbra: version, command, subject: 'captures', by: found.by, paired: false },
    notes: notesOf(captureA.facts, captureB.facts),
    a: side(captureA, found.a.observed),
    b: side(captureB, found.b.observed),
    ...facts,
    pairs: [{ name: `${baseName(captureA.file)} against ${baseName(captureB.file)}`, comparison: found.comparison }],
  };
}

function notesOf(...facts: readonly CaptureFacts[]): string[] {
  return [...new Set(facts.flatMap((f) => f.notes ?? []))];
}

/** The captures' own facts, file names aside. */
function differingFacts(a: CaptureRow, b: CaptureRow): Pick<ComparisonReport, 'differing' | 'settings'> {
  const [x, y] = [a, b].map((capture) => new Map(reportInput(capture).facts.map((f) => [f.label, f.value])));
  const names = [...new Set([...x.keys(), ...y.keys()])];
  const rows = names.map((name) => ({ name, unit: '', a: x.get(name) ?? '–', b: y.get(name) ?? '–' }));
  return { differing: rows.filter((row) => row.a !== row.b), settings: rows.length };
}

function runReport(
  db: Db,
  request: Extract<ComparisonRequest, { of: 'runs' }>,
  command: string,
  onStep: OnStep | undefined,
): ComparisonReport {
  const { a, b, policy, withPolicy } = request;
  const isOfPolicies = withPolicy !== undefined && withPolicy !== policy;
  if (a === b && !isOfPolicies)
    throw new RequestError(
      `run ${a} against itself: name another run with --with, or two policies with --policy and --with-policy`,
    );
  const [runA, runB] = [getRun(db, a), getRun(db, b)];
  for (const run of [runA, runB]) refuseFirstEdition(run);
  const found = runsCompared(db, request, onStep);
  const name = (run: RunRow, id: string | undefined): string => {
    if (id === undefined) return `run ${run.id}`;
    return a === b ? id : `run ${run.id}, ${id}`;
  };
  const side = (run: RunRow, id: string | undefined): ComparisonSide => ({
    name: name(run, id),
    id: run.id,
    command: run.command,
    seed: run.params.params.seed,
    inputs: [run.speId, run.kvmId].map((capture) => reportInput(getCapture(db, capture))),
    scale: run.facts.alignment.scale,
  });
  const rows = [...(isOfPolicies ? decisions(db, request) : []), ...(a === b ? [] : settings(db, runA, runB))];
  return {
    ...{ umbra: version, command, subject: isOfPolicies ? 'policies' : 'runs', by: found.by },
    paired: found.policies.some(({ comparison }) => comparison?.paired),
    notes: [...new Set([runA, runB].flatMap((run) => run.facts.notes))],
    a: side(runA, policy),
    b: side(runB, withPolicy ?? policy),
    differing: rows.filter((row) => row.a !== row.b),
    settings: rows.length,
    pairs: found.policies.map((pair): ComparedPair => ({
      name: pair.withPolicy === undefined ? pair.policy : `${pair.policy} against ${pair.withPolicy}`,
      a: pairSide(db, runA, pair.policy, pair.verdicts.a, found.by),
      b: pairSide(db, runB, pair.withPolicy ?? pair.policy, pair.verdicts.b, found.by),
      comparison: pair.comparison,
    })),
  };
}

function pairSide(
  db: Db,
  { id: run }: RunRow,
  policy: string,
  { word, checks }: ComparedVerdict,
  by: KeyKind,
): PairSide {
  const { dlDiscard, summary: stored } = findResult(db, { run, policy });
  const { summary, trials } = stored;
  const skews = readSkew(db, run).filter((s) => s.policy === policy && s.dlDiscard === dlDiscard);
  const { digest } = (skews.find(({ key }) => key === by) ?? skews[0]).detail;
  const windows = countWindows(db, run, policy, dlDiscard);
  return {
    ...{ policy, summary, verdict: word, windows },
    ...(checks && { checks }),
    ...(trials && { trials }),
    ...(digest && { cause: digest.cause }),
  };
}

/** By cause class, then kind, in the order of the terms. */
function countWindows(db: Db, run: number, policy: string, dlDiscard: DlDiscard): WindowCount[] {
  const rows = db
    .prepare(
      `SELECT kind, ifnull(cause, 'none') cause, count(*) windows, sum(end_ns - start_ns) ns, sum(lost) lost
       FROM blackout_window WHERE run_id = ? AND policy = ? AND dl_discard = ? GROUP BY 1, 2`,
    )
    .all(run, policy, dlDiscard) as Record<string, string | bigint>[];
  const found = rows.map((r): WindowCount => ({
    ...{ cause: r['cause'] as string, kind: r['kind'] as string },
    ...{ windows: Number(r['windows']), ns: Number(r['ns']), lost: Number(r['lost']) },
  }));
  const place = ({ cause, kind }: WindowCount): number =>
    [...causeClasses, 'none'].indexOf(cause) * windowKinds.length + windowKinds.findIndex((k) => k === kind);
  return found.sort((x, y) => place(x) - place(y));
}

/** Inputs, scenario and every parameter. */
function settings(db: Db, a: RunRow, b: RunRow): Differing[] {
  const [x, y] = [a.params, b.params];
  /** @param format what to show for a value that is too long */
  const own = (
    name: string,
    value: (run: RunRow) => unknown,
    format = (of: unknown): string => String(of),
  ): Differing => {
    const [valueA, valueB] = [value(a), value(b)];
    const [textA, textB] = [valueA, valueB].map((of) => (of === undefined ? 'none' : format(of)));
    const looksSame = textA === textB && !isDeepStrictEqual(valueA, valueB);
    return { name, unit: '', a: textA, b: looksSame ? `another, ${textB}` : textB };
  };
  return [
    own('SPE capture', (run) => inputName(getCapture(db, run.speId))),
    own('KVM trace', (run) => inputName(getCapture(db, run.kvmId))),
    own(
      'VM description',
      (run) => getCapture(db, run.kvmId).vm,
      () => 'given',
    ),
    own(
      'scenario',
      (run) => run.facts.scenario,
      (of) => `${counted((of as Scenario).events.length, 'event')}`,
    ),
    ...paramNames.map((name): Differing => {
      const { unit } = paramSpecs[name];
      const [originA, originB] = [x.origin[name], y.origin[name]];
      return { name, unit, a: shown(x.params[name]), b: shown(y.params[name]), originA, originB };
    }),
  ];
}

/** An input's name in `settings`. */
export function inputName({ file, sha256 }: Pick<ReportInput, 'file' | 'sha256'>): string {
  return `${baseName(file)} (${sha256.slice(0, 8)}…)`;
}

/** Longer values are cut: the inputs and commands have them in full. */
const MOST = 60;

function shown(value: unknown): string {
  if (value === undefined) return 'none';
  const text = parameterValue(value);
  if (typeof text === 'number') return Number.isInteger(text) ? count(text) : String(text);
  return text.length > MOST ? `${text.slice(0, MOST)}…` : text;
}

/** What the two policies decide. */
function decisions(db: Db, { a, b, policy, withPolicy }: RunsRequest): Differing[] {
  const [x, y] = [
    findResult(db, { run: a, policy: policy! }).policy,
    findResult(db, { run: b, policy: withPolicy! }).policy,
  ];
  const row = (name: string, of: (policy: Policy) => unknown): Differing => ({
    ...{ name, unit: '', a: shown(of(x)), b: shown(of(y)) },
  });
  const times = [...new Set([x, y].flatMap(({ times: own }) => Object.keys(own ?? {})))] as (keyof NonNullable<
    Policy['times']
  >)[];
  return [
    row('pin', (p) => p.pin),
    row('a pinned page is unpinned by', (p) => p.unpinnedBy.join(', ') || 'nothing'),
    row('cache pins', (p) => p.cachePins),
    ...(Object.keys(x.onFault) as (keyof Policy['onFault'])[]).map((cause) =>
      row(`answer to ${cause}`, (p) => answerText(p.onFault[cause])),
    ),
    row('answer while nothing is pinned', (p) => (p.pin === 'first-fault' ? p.onUnpinned : 'as above')),
    row('answer where there is no page', (p) => p.onUnresolved),
    row('DL that KVM injects', (p) => p.injectDl),
    row('traps at each enable', (p) => p.trapsPerEnable ?? 'as the run’s'),
    ...times.map((name) => row(`its own ${name}`, (p) => p.times?.[name])),
  ];
}
