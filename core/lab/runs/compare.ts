/** Two captures, or two runs, side by side. */
import { compareSurvivors } from '../../analysis/compare.ts';
import type { Comparison } from '../../analysis/compare.ts';
import { sameRuns } from '../../analysis/loss-runs.ts';
import type { Losses, Reference } from '../../analysis/reference.ts';
import { Survivors } from '../../analysis/survivors.ts';
import { comparisonSentence } from '../../report/comparison-words.ts';
import { getCapture } from '../../store/captures.ts';
import type { CaptureRow } from '../../store/captures.ts';
import { readLab } from '../../store/lab-file.ts';
import type { Db } from '../../store/lab-file.ts';
import { getRun, readResults } from '../../store/run-store.ts';
import { RequestError } from '../about.ts';
import type { KeyKind } from '../symbols/keys.ts';
import { observed } from '../captures/observed.ts';
import { requireComparable } from './comparable.ts';
import { findResult } from './replay-again.ts';
import type { OnStep } from './replay.ts';
import { refuseFirstEdition } from './run-facts.ts';
import { RunSide, wholeCapture } from './run-side.ts';
import { skewKeysOf } from './skew.ts';
import type { CaptureComparison, RunComparison } from '../../contract/compare.ts';

export type { Comparison };

/** @throws LabFileError (no such SPE capture), RequestError (samples without times, or keys that one lacks) */
export function compareCaptures(lab: string, a: number, b: number, by?: KeyKind): CaptureComparison {
  return readLab(lab, (db) => capturesCompared(db, a, b, by));
}

/** Like `compareCaptures`, in an open lab. */
export function capturesCompared(db: Db, a: number, b: number, by?: KeyKind): CaptureComparison {
  const captures = [getCapture(db, a, 'spe'), getCapture(db, b, 'spe')] as const;
  const kind = by ?? commonKind(db, captures);
  requireComparable(db, captures, kind);
  const [sideA, sideB] = captures.map((capture) => wholeCapture(db, capture, kind));
  const side = (capture: CaptureRow) => ({
    id: capture.id,
    name: capture.name,
    observed: observed(db, capture).totals,
  });
  const keys = commonKeys(sideA.names, sideB.names);
  const nameOf = (key: number): string => keys.names[key];
  const comparison = compareSurvivors(
    new Survivors(sideA.reference, sideA.losses),
    new Survivors(sideB.reference, sideB.losses, keys.ofB(sideB.reference)),
    keys.names.length,
    nameOf,
  );
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
}

/** @param onStep see replayRun @throws LabFileError (no such run), RequestError (no policy in common) */
export function compareRuns(lab: string, request: RunsRequest, onStep?: OnStep): RunComparison {
  return readLab(lab, (db) => runsCompared(db, request, onStep));
}

/** Like `compareRuns`, in an open lab. */
export function runsCompared(db: Db, request: RunsRequest, onStep?: OnStep): RunComparison {
  const { a, b, by } = request;
  const runs = [getRun(db, a), getRun(db, b)] as const;
  runs.forEach(refuseFirstEdition);
  const pairs = policyPairs(db, request);
  const captures = [getCapture(db, runs[0].speId, 'spe'), getCapture(db, runs[1].speId, 'spe')] as const;
  const kind = by ?? commonKind(db, captures);
  if (captures[0].id !== captures[1].id) requireComparable(db, captures, kind);
  onStep?.(0, pairs.length, 'reading captures');
  const sideA = new RunSide(db, runs[0], kind);
  const sideB = a === b ? sideA : new RunSide(db, runs[1], kind, sideA);
  const compare = survivorComparisons(sideA, sideB);
  return {
    a: { id: a, name: runs[0].command },
    b: { id: b, name: runs[1].command },
    by: kind,
    sameCapture: captures[0].id === captures[1].id,
    differing: differences(runs[0].params, runs[1].params),
    policies: pairs.map(([policy, other], i) => {
      onStep?.(i, pairs.length, policy);
      const [x, y] = [sideA.outcome(policy), sideB.outcome(other)];
      const comparison = compare(x.losses, y.losses);
      return {
        policy,
        ...(other !== policy && { withPolicy: other }),
        ...{ a: x.summary, b: y.summary, verdicts: { a: x.verdict, b: y.verdict }, comparison },
        ...(comparison && { sentence: comparisonSentence(comparison) }),
      };
    }),
  };
}

/** A's policy and B's, for each comparison requested. */
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
  const common = [...hasA].filter((id) => hasB.has(id) && (policy === undefined || id === policy));
  if (common.length) return common.map((id) => [id, id]);
  const wanted = policy === undefined ? 'no policy in common' : `not both the policy '${policy}'`;
  throw new RequestError(`runs ${a} (${[...hasA].join(', ')}) and ${b} (${[...hasB].join(', ')}) have ${wanted}`);
}

/** Functions if both captures know them. */
function commonKind(db: Db, [a, b]: readonly [CaptureRow, CaptureRow]): KeyKind {
  const [kindA] = skewKeysOf(db, a.id);
  const [kindB] = skewKeysOf(db, b.id);
  return kindA === kindB ? kindA : 'page';
}

/** Compares outcomes of two runs, identical losses only once. */
function survivorComparisons(a: RunSide, b: RunSide): (x: Losses, y: Losses) => Comparison | undefined {
  const known: { x: Losses; y: Losses; comparison: Comparison | undefined }[] = [];
  return (x, y) => {
    const same = known.find((one) => sameRuns(one.x.runs, x.runs) && sameRuns(one.y.runs, y.runs));
    if (same) return same.comparison;
    const keys = commonKeys(a.names, b.names);
    const comparison = compareSurvivors(
      new Survivors(a.reference, x),
      new Survivors(b.reference, y, keys.ofB(b.reference)),
      keys.names.length,
      (key) => keys.names[key],
      { paired: a.sharesSamples(b) },
    );
    known.push({ x, y, comparison });
    return comparison;
  };
}

/** Each side numbers its own keys: names match them up. */
function commonKeys(a: readonly string[], b: readonly string[]) {
  const numbers = new Map(a.map((name, i) => [name, i]));
  const names = [...a];
  const keyOf = Uint32Array.from(b, (name) => numbers.get(name) ?? names.push(name) - 1);
  return { names, ofB: (reference: Reference): Uint32Array => reference.key.map((key) => keyOf[key]) };
}

function differences(a: unknown, b: unknown): RunComparison['differing'] {
  const [x, y] = [a, b].map((run) => (run as { params: Record<string, unknown> }).params);
  return Object.keys(x)
    .filter((name) => JSON.stringify(x[name]) !== JSON.stringify(y[name]))
    .map((name) => ({ name, a: x[name], b: y[name] }));
}
