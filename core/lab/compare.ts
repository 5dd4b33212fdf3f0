/** Two captures, or two runs, side by side. */
import { compareProfiles } from '../analysis/compare.ts';
import type { Comparison } from '../analysis/compare.ts';
import type { KeyedLane } from '../analysis/over-time.ts';
import { summarise } from '../analysis/summary.ts';
import type { Summary } from '../analysis/summary.ts';
import type { ResolvedParams } from '../model/params.ts';
import { replayPrepared } from '../model/replay.ts';
import { getCapture } from '../store/captures.ts';
import type { CaptureRow } from '../store/captures.ts';
import { openLabFile } from '../store/lab-file.ts';
import type { Db } from '../store/lab-file.ts';
import { getRun, readResults } from '../store/run-store.ts';
import type { DlDiscard } from '../store/run-store.ts';
import { RequestError } from './about.ts';
import { sampleKeys } from './keys.ts';
import type { KeyKind, Keys } from './keys.ts';
import { observed } from './observed.ts';
import type { ObservedBlackouts } from './observed.ts';
import { loadReference } from './reference.ts';
import { findResult } from './replay-again.ts';
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
}

export interface PolicyComparison {
  readonly policy: string;
  readonly dlDiscard: { readonly a: DlDiscard; readonly b: DlDiscard };
  readonly a: Summary;
  readonly b: Summary;
  /** Of what survived; undefined when nothing did in either run. */
  readonly comparison: Comparison | undefined;
}

export interface RunComparison {
  readonly a: Side;
  readonly b: Side;
  readonly by: KeyKind;
  /** Both replay the same samples: chance makes them less unlike than the null models say. */
  readonly sameCapture: boolean;
  /** Parameters that differ. */
  readonly differing: readonly { readonly name: string; readonly a: unknown; readonly b: unknown }[];
  /** Policies that both runs have. */
  readonly policies: readonly PolicyComparison[];
}

/** @throws LabFileError (no such SPE capture), RequestError (samples without times) */
export function compareCaptures(lab: string, a: number, b: number, by?: KeyKind): CaptureComparison {
  return reading(lab, (db) => capturesCompared(db, a, b, by));
}

/** As `compareCaptures`, in a lab that is open. */
export function capturesCompared(db: Db, a: number, b: number, by?: KeyKind): CaptureComparison {
  const captures = [getCapture(db, a, 'spe'), getCapture(db, b, 'spe')] as const;
  const kind = by ?? commonKind(db, captures);
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
  return { a: side(captures[0]), b: side(captures[1]), by: kind, comparison };
}

export interface RunsRequest {
  readonly a: number;
  readonly b: number;
  readonly by?: KeyKind;
  /** All that both have if left out. */
  readonly policy?: string;
  /** Each run's own if left out. */
  readonly dlDiscard?: DlDiscard;
}

/** @throws LabFileError (no such run), RequestError (no policy in common) */
export function compareRuns(lab: string, request: RunsRequest): RunComparison {
  return reading(lab, (db) => runsCompared(db, request));
}

/** As `compareRuns`, in a lab that is open. */
export function runsCompared(db: Db, { a, b, by, policy, dlDiscard }: RunsRequest): RunComparison {
  const runs = [getRun(db, a), getRun(db, b)] as const;
  const has = runs.map((run) => new Set(readResults(db, run.id).map((r) => r.policy.id)));
  const common = [...has[0]].filter((id) => has[1].has(id) && (policy === undefined || id === policy));
  if (!common.length) {
    const wanted = policy === undefined ? 'no policy in common' : `not both the policy '${policy}'`;
    throw new RequestError(`runs ${a} (${[...has[0]].join(', ')}) and ${b} (${[...has[1]].join(', ')}) have ${wanted}`);
  }
  const captures = [getCapture(db, runs[0].speId, 'spe'), getCapture(db, runs[1].speId, 'spe')] as const;
  const kind = by ?? commonKind(db, captures);
  const sides = runs.map((run) => {
    const inputs = loadRunInputs(
      db,
      run.speId,
      run.kvmId,
      run.params as ResolvedParams,
      (run.facts as RunFacts).scenario,
    );
    const keys = sampleKeys(db, inputs.spe, inputs.reference.stored, kind);
    return (id: string) => {
      const result = findResult(db, { run: run.id, policy: id, dlDiscard });
      const params = { ...inputs.settings.params, dlDiscard: result.dlDiscard };
      const outcome = replayPrepared(inputs.prepared, result.policy, params, inputs.distributions);
      const lanes = inputs.lanes.map(({ t }, i) => ({ t, keys: keys.lanes[i], fates: outcome.fates[i] }));
      return { summary: summarise(inputs.lanes, outcome), dlDiscard: result.dlDiscard, keys, lanes };
    };
  });
  return {
    a: { id: a, name: runs[0].command },
    b: { id: b, name: runs[1].command },
    by: kind,
    sameCapture: runs[0].speId === runs[1].speId,
    differing: differences(runs[0].params, runs[1].params),
    policies: common.map((id) => {
      const [x, y] = sides.map((side) => side(id));
      const dl = { a: x.dlDiscard, b: y.dlDiscard };
      return { policy: id, dlDiscard: dl, a: x.summary, b: y.summary, comparison: compareKeyed(x, y) };
    }),
  };
}

function reading<T>(lab: string, use: (db: Db) => T): T {
  const db = openLabFile(lab, 'read');
  try {
    return use(db);
  } finally {
    db.close();
  }
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

/** Either side numbers its keys by itself: names bring them together. */
function compareKeyed(a: Keyed, b: Keyed): Comparison | undefined {
  const numbers = new Map(a.keys.names.map((name, i) => [name, i]));
  const names = [...a.keys.names];
  const renumbered = Uint32Array.from(b.keys.names, (name) => {
    const known = numbers.get(name);
    return known ?? names.push(name) - 1;
  });
  const lanes = b.lanes.map((lane) => ({ ...lane, keys: lane.keys.map((key) => renumbered[key]) }));
  return compareProfiles(a.lanes, lanes, names.length, (key) => names[key]);
}

function differences(a: unknown, b: unknown): RunComparison['differing'] {
  const [x, y] = [a, b].map((run) => (run as { params: Record<string, unknown> }).params);
  return Object.keys(x)
    .filter((name) => JSON.stringify(x[name]) !== JSON.stringify(y[name]))
    .map((name) => ({ name, a: x[name], b: y[name] }));
}
