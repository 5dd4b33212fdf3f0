/** Replays an SPE capture against a KVM trace under policies, and stores the results as a run. */
import type { CheckResult, EvidenceLoss } from '../../model/terms/results.ts';
import { bufferEvents } from '../../analysis/tracks.ts';
import type { LatencySkew } from '../../analysis/latency.ts';
import type { Spread } from '../../analysis/numbers.ts';
import { spreadTrials, summarise } from '../../analysis/summary.ts';
import type { Summary, Trials } from '../../analysis/summary.ts';
import { Has } from '../../formats/spe/columns.ts';
import type { PolicyOutcome } from '../../model/outcome.ts';
import type { ResolvedParams } from '../../model/params.ts';
import type { Policy } from '../../model/policy.ts';
import type { Prepared } from '../../model/prepare.ts';
import { replayPrepared } from '../../model/replay.ts';
import type { Scenario } from '../../model/terms/scenario.ts';
import type { Db } from '../../store/lab-file.ts';
import { addResult, addRun, addSkew, addStalls, addWindows, variantOf } from '../../store/run-store.ts';
import type { DlDiscard, ResultRow, SkewRow } from '../../store/run-store.ts';
import { addBufferChanges } from '../../store/stage2-store.ts';
import { readColumn } from '../../store/spe-store.ts';
import type { Stage2 } from '../captures/stage2.ts';
import { version } from '../version.ts';
import { loadRunInputs } from './run-inputs.ts';
import type { RunInputs } from './run-inputs.ts';
import { runFacts } from './run-facts.ts';
import type { RunFacts } from '../../model/terms/run-facts.ts';
import { checkResults, SeenLosses } from './check-results.ts';
import { evidenceLosses } from './evidence-losses.ts';
import { OutcomeSkews, skewKeysOf } from './skew.ts';
import type { PolicySkew } from './skew.ts';
import { sampleKeySets } from '../symbols/keys.ts';
import type { PlaceKind } from '../symbols/keys.ts';

export type { Spread };

export interface ReplayRequest {
  readonly speId: number;
  readonly kvmId: number;
  readonly policies: readonly Policy[];
  /** What the user set, over the defaults. */
  readonly settings: ResolvedParams;
  readonly scenario?: Scenario;
  /** Ids of the assumption checks to replay; all that have something to vary if left out. */
  readonly checks?: readonly string[];
  /** Stored with the run: what remakes it. */
  readonly command: string;
  /** What readers must know of the inputs, besides the captures' own notes. */
  readonly notes?: readonly string[];
  /** The trace's reconstruction, if it was just imported; otherwise made from the lab file. */
  readonly stage2?: Stage2;
}

export interface PolicyResult {
  readonly policy: Policy;
  readonly dlDiscard: DlDiscard;
  readonly outcome: PolicyOutcome;
  readonly summary: Summary;
  readonly trials?: Trials;
  readonly latency?: LatencySkew;
  /** Results under the assumption checks. */
  readonly checks: readonly CheckResult[];
  /** An earlier policy of the run with the same fates. */
  readonly sameAs?: string;
  /** Samples lost, by the evidence for the stage 2 events that took them. */
  readonly restsOn: readonly EvidenceLoss[];
  /** By key kind; empty if there is nothing to compare with. */
  readonly skew: readonly PolicySkew[];
}

export interface ReplayedRun {
  readonly id: number;
  readonly facts: RunFacts;
  readonly settings: ResolvedParams;
  readonly results: readonly PolicyResult[];
  /** What was replayed. */
  readonly inputs: RunInputs;
}

/** Called before each further placement, then before each policy: how many are done, of how many, and what is next. */
export type OnStep = (done: number, total: number, next: string) => void;

/**
 * Replays and stores a run, in the caller's transaction. Throws RequestError, ModelError or LabFileError.
 * @param onResult gets each policy as soon as it is done
 */
export function replayRun(
  db: Db,
  request: ReplayRequest,
  onStep: OnStep = () => undefined,
  onResult: (result: PolicyResult) => void = () => undefined,
): ReplayedRun {
  const inputs = loadRunInputs(db, request.speId, request.kvmId, request.settings, request.scenario, request.stage2);
  const { settings } = inputs;
  const facts = runFacts(inputs, request);
  const id = addRun(db, {
    speId: request.speId,
    kvmId: request.kvmId,
    umbra: version,
    command: request.command,
    params: settings,
    facts,
  });
  for (const { lane, pages } of inputs.lanes) {
    addBufferChanges(db, id, lane, inputs.reference.origin, bufferEvents(inputs.timeline, pages));
  }
  const results: PolicyResult[] = [];
  for (const result of policyResults(
    db,
    inputs,
    request.policies,
    skewKeysOf(db, request.speId),
    onStep,
    request.checks,
  )) {
    storeResult(db, id, inputs, result);
    results.push(result);
    onResult(result);
  }
  return { id, facts, settings, results, inputs };
}

/** These policies' results, with assumption checks; stores nothing. @param kinds keys of skew @param checked see ReplayRequest.checks */
export function* policyResults(
  db: Db,
  inputs: RunInputs,
  policies: readonly Policy[],
  kinds: readonly PlaceKind[],
  onStep: OnStep = () => undefined,
  checked?: readonly string[],
): Generator<PolicyResult> {
  const { params } = inputs.settings;
  const dlDiscard = variantOf(params.dlDiscard);
  const seen = new SeenLosses();
  const keys = sampleKeySets(db, inputs.spe, inputs.reference.stored, kinds);
  const skews = new OutcomeSkews(inputs.lanes, keys, sampleLatencies(db, inputs));
  const { trials } = inputs.settings.params;
  const total = trials - 1 + policies.length;
  const replayOne = (prepared: Prepared, policy: Policy, trial: number) => {
    const outcome = replayPrepared(prepared, policy, params, inputs.distributions, trial);
    return { outcome, summary: summarise(inputs.lanes, outcome) };
  };
  // One placement at a time, for all policies: making one costs as much as a replay.
  const further = Array.from({ length: trials - 1 }, (_, k) => {
    onStep(k, total, `placement ${k + 1}`);
    const prepared = inputs.trial(k + 1);
    return policies.map((policy) => {
      const { outcome, summary } = replayOne(prepared, policy, k + 1);
      return { summary, word: skews.verdictOf(skews.lossesOf(outcome), summary)?.word };
    });
  });
  for (const [s, policy] of policies.entries()) {
    onStep(trials - 1 + s, total, policy.id);
    const { outcome, summary } = replayOne(inputs.prepared, policy, 0);
    const runs = skews.lossesOf(outcome);
    const sameAs = seen.policyOf(runs);
    const { skew, latency } = skews.of(runs, summary);
    const word = skew[0]?.verdict.word;
    seen.add(runs, policy.id, summary.vmDead ? undefined : word);
    const checks = checkResults(inputs, policy, runs, summary, word, skews, seen, checked);
    const trialsOf = [{ summary, word }, ...further.map((trial) => trial[s])];
    const spread =
      further.length > 0
        ? spreadTrials(
            trialsOf.map((trial) => trial.summary),
            trialsOf.map((trial) => trial.word),
          )
        : undefined;
    const restsOn = evidenceLosses(inputs.prepared.index, outcome);
    yield {
      ...{ policy, dlDiscard, outcome, summary, trials: spread, latency, checks, restsOn, skew },
      ...(sameAs && { sameAs }),
    };
  }
}

/** Total latencies of the lanes' samples. */
export function sampleLatencies(db: Db, { spe, reference }: RunInputs): { latency: Uint16Array; known: Uint8Array }[] {
  return reference.stored.map((lane) => {
    const present = readColumn(db, spe.id, lane, 'present');
    const known = new Uint8Array(present.length);
    for (let i = 0; i < known.length; i++) known[i] = present[i] & Has.TOTAL ? 1 : 0;
    return { latency: readColumn(db, spe.id, lane, 'totalLat'), known };
  });
}

function storeResult(db: Db, run: number, inputs: RunInputs, result: PolicyResult): void {
  const { policy, dlDiscard, outcome } = result;
  const { origin } = inputs.reference;
  addResult(db, run, resultRow(result));
  addWindows(db, run, policy.id, dlDiscard, origin, outcome.windows);
  addStalls(db, run, policy.id, origin, outcome.stalls);
  for (const row of skewRows(result)) addSkew(db, run, row);
}

/** A result as it is stored. */
export function resultRow({
  policy,
  dlDiscard,
  summary,
  trials,
  latency,
  checks,
  sameAs,
  restsOn,
}: PolicyResult): ResultRow {
  return {
    policy,
    dlDiscard,
    kept: summary.kept,
    lost: summary.lost,
    coverage: summary.coverage,
    windows: summary.windows,
    blackoutNs: Math.round(summary.blackoutNs),
    stallNs: Math.round(summary.stallNs),
    pinnedBytesPeak: summary.pinnedBytesPeak,
    summary: { summary, trials, latency, checks, sameAs, restsOn },
  };
}

export function skewRows({ policy, dlDiscard, skew }: PolicyResult): SkewRow[] {
  return skew.map(({ kind, digest, verdict }) => ({
    policy: policy.id,
    dlDiscard,
    key: kind,
    tvd: digest?.tvd ?? null,
    nullMean: digest?.cause.mean ?? null,
    nullP95: digest?.cause.p95 ?? null,
    pValue: digest?.cause.pValue ?? null,
    excess: digest?.cause.excess ?? null,
    verdict: verdict.word,
    detail: { digest, verdict },
  }));
}
