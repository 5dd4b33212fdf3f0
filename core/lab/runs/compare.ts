/** Two captures, or two runs, side by side. */
import { compareProfiles } from '../../analysis/compare.ts';
import type { Comparison } from '../../analysis/compare.ts';
import type { KeyedLane } from '../../analysis/over-time.ts';
import { summarise } from '../../analysis/summary.ts';
import type { Summary } from '../../analysis/summary.ts';
import { replayPrepared } from '../../model/replay.ts';
import { comparisonSentence } from '../../report/comparison-words.ts';
import { getCapture } from '../../store/captures.ts';
import type { CaptureRow } from '../../store/captures.ts';
import { readLab } from '../../store/lab-file.ts';
import type { Db } from '../../store/lab-file.ts';
import { getRun, readResults } from '../../store/run-store.ts';
import type { DlDiscard, RunRow } from '../../store/run-store.ts';
import { RequestError } from '../about.ts';
import { sampleKeys } from '../symbols/keys.ts';
import type { KeyKind, Keys } from '../symbols/keys.ts';
import { observed } from '../captures/observed.ts';
import type { ObservedBlackouts } from '../captures/observed.ts';
import { loadReference } from '../captures/reference.ts';
import { requireComparable } from './comparable.ts';
import { findResult } from './replay-again.ts';
import type { OnStep } from './replay.ts';
import type { RunFacts } from './run-facts.ts';
import { loadRunInputs } from './run-inputs.ts';
import { skewKeysOf } from './skew.ts';

export type { Comparison };

/** One side's part. */
export interface Side {
  readonly id: number;
  readonly name: string;
}

export interface CaptureComparison {
  readonly a: Side & { readonly observed: ObservedBlackouts['totals'] };
  readonly b: Side & { readonly observed: ObservedBlackouts['totals'] };
  readonly by: KeyKind;
  /** Undefined when either has no sample. */
  readonly comparison: Comparison | undefined;
  /** It in words. */
  readonly sentence?: string;
}

export interface PolicyComparison {
  readonly policy: string;
  /** B's policy, where it isn't the same. */
  readonly withPolicy?: string;
  readonly dlDiscard: { readonly a: DlDiscard; readonly b: DlDiscard };
  readonly a: Summary;
  readonly b: Summary;
  /** Of what survived; undefined when nothing did in either run. */
  readonly comparison: Comparison | undefined;
  /** It in words. */
  readonly sentence?: string;
}

export interface RunComparison {
  readonly a: Side;
  readonly b: Side;
  readonly by: KeyKind;
  /** Both replay the same samples. Where their lanes are the same, too, survivors are compared block of time by block of time. */
  readonly sameCapture: boolean;
  /** Parameters that differ. */
  readonly differing: readonly { readonly name: string; readonly a: unknown; readonly b: unknown }[];
  /** Policies that both runs have. */
  readonly policies: readonly PolicyComparison[];
}

/** @throws LabFileError (no such SPE capture), RequestError (samples without times, or keys that one doesn't tell) */
export function compareCaptures(lab: string, a: number, b: number, by?: KeyKind): CaptureComparison {
  return readLab(lab, (db) => capturesCompared(db, a, b, by));
}

/** As `compareCaptures`, in a lab that is open. */
export function capturesCompared(db: Db, a: number, b: number, by?: KeyKind): CaptureComparison {
  const captures = [getCapture(db, a, 'spe'), getCapture(db, b, 'spe')] as const;
  const kind = by ?? commonKind(db, captures);
  requireComparable(db, captures, kind);
  const [sideA, sideB] = captures.map((capture) => {
    const reference = loadReference(db, capture, 'auto');
    const keys = sampleKeys(db, capture, reference.stored, kind);
    // All samples of a capture count, in whatever session.
    const fates = reference.lanes.map((lane) => new Uint8Array(lane.t.length));
    return { keys, lanes: reference.lanes.map(({ t }, i) => ({ t, keys: keys.lanes[i], fates: fates[i] })) };
  });
  const side = (capture: CaptureRow) => ({
    id: capture.id,
    name: capture.name,
    observed: observed(db, capture).totals,
  });
  const comparison = compareKeyed(sideA, sideB);
  return {
    ...{ a: side(captures[0]), b: side(captures[1]), by: kind, comparison },
    ...(comparison && { sentence: comparisonSentence(comparison, kind) }),
  };
}

export interface RunsRequest {
  readonly a: number;
  readonly b: number;
  readonly by?: KeyKind;
  /** All that both have if left out. */
  readonly policy?: string;
  /** B's policy; the same as A's if left out. */
  readonly withPolicy?: string;
  /** Each run's own if left out. */
  readonly dlDiscard?: DlDiscard;
}

/** @param onStep see replayRun @throws LabFileError (no such run), RequestError (no policy in common) */
export function compareRuns(lab: string, request: RunsRequest, onStep?: OnStep): RunComparison {
  return readLab(lab, (db) => runsCompared(db, request, onStep));
}

/** As `compareRuns`, in a lab that is open. */
export function runsCompared(db: Db, request: RunsRequest, onStep?: OnStep): RunComparison {
  const { a, b, by, dlDiscard } = request;
  const runs = [getRun(db, a), getRun(db, b)] as const;
  const pairs = policyPairs(db, request);
  const captures = [getCapture(db, runs[0].speId, 'spe'), getCapture(db, runs[1].speId, 'spe')] as const;
  const kind = by ?? commonKind(db, captures);
  if (captures[0].id !== captures[1].id) requireComparable(db, captures, kind);
  const outcomesOf = (run: RunRow) => {
    const { params, facts, speId, kvmId } = run;
    const inputs = loadRunInputs(db, speId, kvmId, params, (facts as RunFacts).scenario);
    const keys = sampleKeys(db, inputs.spe, inputs.reference.stored, kind);
    return (id: string) => {
      const result = findResult(db, { run: run.id, policy: id, dlDiscard });
      const own = inputs.settings.params;
      const outcome = replayPrepared(inputs.prepared, result.policy, own, inputs.distributions);
      const lanes = inputs.lanes.map(({ t }, i) => ({ t, keys: keys.lanes[i], fates: outcome.fates[i] }));
      return { summary: summarise(inputs.lanes, outcome), dlDiscard: result.dlDiscard, keys, lanes };
    };
  };
  const ofA = outcomesOf(runs[0]);
  const ofB = a === b ? ofA : outcomesOf(runs[1]);
  const sameCapture = runs[0].speId === runs[1].speId;
  return {
    a: { id: a, name: runs[0].command },
    b: { id: b, name: runs[1].command },
    by: kind,
    sameCapture,
    differing: differences(runs[0].params, runs[1].params),
    policies: pairs.map(([policy, other], i) => {
      onStep?.(i, pairs.length, policy);
      const [x, y] = [ofA(policy), ofB(other)];
      const comparison = compareKeyed(x, y, sameCapture);
      return {
        policy,
        ...(other !== policy && { withPolicy: other }),
        dlDiscard: { a: x.dlDiscard, b: y.dlDiscard },
        ...{ a: x.summary, b: y.summary, comparison },
        ...(comparison && { sentence: comparisonSentence(comparison) }),
      };
    }),
  };
}

/** A's policy and B's, for each comparison asked for. */
function policyPairs(db: Db, { a, b, policy, withPolicy }: RunsRequest): (readonly [string, string])[] {
  if (withPolicy !== undefined) {
    if (policy === undefined) throw new RequestError('--with-policy needs --policy: whose is compared?');
    if (a === b && policy === withPolicy)
      throw new RequestError(`policy '${policy}' of run ${a} is the same on both sides`);
    findResult(db, { run: a, policy });
    findResult(db, { run: b, policy: withPolicy });
    return [[policy, withPolicy]];
  }
  const [hasA, hasB] = [a, b].map((run) => new Set(readResults(db, run).map((r) => r.policy.id)));
  const common = [...hasA!].filter((id) => hasB!.has(id) && (policy === undefined || id === policy));
  if (common.length) return common.map((id) => [id, id]);
  const wanted = policy === undefined ? 'no policy in common' : `not both the policy '${policy}'`;
  throw new RequestError(`runs ${a} (${[...hasA!].join(', ')}) and ${b} (${[...hasB!].join(', ')}) have ${wanted}`);
}

/** Functions if both captures know them. */
function commonKind(db: Db, [a, b]: readonly [CaptureRow, CaptureRow]): KeyKind {
  const [kindA] = skewKeysOf(db, a.id);
  const [kindB] = skewKeysOf(db, b.id);
  return kindA === kindB ? kindA : 'page';
}

interface Keyed {
  readonly keys: Keys;
  readonly lanes: readonly KeyedLane[];
}

/** Either side numbers its keys by itself: names bring them together. @param sameSamples lanes that are the same are paired */
function compareKeyed(a: Keyed, b: Keyed, sameSamples = false): Comparison | undefined {
  const numbers = new Map(a.keys.names.map((name, i) => [name, i]));
  const names = [...a.keys.names];
  const renumbered = Uint32Array.from(b.keys.names, (name) => {
    const known = numbers.get(name);
    return known ?? names.push(name) - 1;
  });
  const lanes = b.lanes.map((lane) => ({ ...lane, keys: lane.keys.map((key) => renumbered[key]) }));
  const paired =
    sameSamples && a.lanes.length === lanes.length && a.lanes.every(({ t }, i) => t.length === lanes[i].t.length);
  return compareProfiles(a.lanes, lanes, names.length, (key) => names[key], { paired });
}

function differences(a: unknown, b: unknown): RunComparison['differing'] {
  const [x, y] = [a, b].map((run) => (run as { params: Record<string, unknown> }).params);
  return Object.keys(x)
    .filter((name) => JSON.stringify(x[name]) !== JSON.stringify(y[name]))
    .map((name) => ({ name, a: x[name], b: y[name] }));
}
