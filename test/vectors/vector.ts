/** Replay vectors: small replays with the outcome that docs/design/replay-rules.md gives, run through the product's own replay. */
import { KEPT, NONE, OUTSIDE } from '../../core/model/outcome.ts';
import type { CaptureMode, Lane, PolicyOutcome } from '../../core/model/outcome.ts';
import { defaultParams, setParams } from '../../core/model/params.ts';
import { builtinPolicy } from '../../core/model/policies.ts';
import { parsePolicyFile } from '../../core/model/policy-file.ts';
import type { RunParams } from '../../core/model/params.ts';
import type { Policy, TimeName } from '../../core/model/policy.ts';
import type { Distributions } from '../../core/model/latencies.ts';
import { prepare } from '../../core/model/prepare.ts';
import { replayPrepared } from '../../core/model/replay.ts';
import {
  answers,
  causeClasses,
  code,
  contentsFates,
  notifies,
  stage2Kinds,
  stallKinds,
  windowKinds,
} from '../../core/model/terms.ts';
import type { CauseClass, Contents, Notify, Stage2Kind } from '../../core/model/terms.ts';
import type { Stage2Timeline } from '../../core/model/timeline.ts';

export interface VectorRow {
  readonly t: number;
  readonly kind: Stage2Kind;
  readonly ipa: string;
  readonly pages: number;
  readonly cause: CauseClass | null;
  readonly notify: Notify | null;
  readonly contents: Contents | null;
  readonly writable?: boolean | number | null;
}

export interface VectorOutcome {
  readonly fates: readonly string[];
  readonly windows: readonly Readonly<Record<string, unknown>>[];
  readonly stalls: readonly Readonly<Record<string, unknown>>[];
  readonly faults: Readonly<Record<string, number>>;
  readonly refused: number;
  /** The name that the vectors' files have. */
  readonly pinnedBytesPeak: number;
  readonly pinnedByteNs: number;
}

/** What a replay is given. */
export interface Scenario {
  readonly samples: readonly { readonly lane: number; readonly t: number; readonly size: number }[];
  readonly sessions: Readonly<Record<string, readonly (readonly [number, number])[]>>;
  readonly rows: readonly VectorRow[];
  readonly buffers: Readonly<Record<string, { readonly pages: readonly number[] }>>;
  readonly policy: unknown;
  readonly params: Readonly<Record<string, unknown>>;
  readonly mode: CaptureMode;
  /** Measured latencies, ns, for `latency: sampled`; vectors have none. */
  readonly distributions?: Readonly<Partial<Record<TimeName, readonly number[]>>>;
  /** 0 by default. */
  readonly trial?: number;
}

export interface Vector extends Scenario {
  readonly expect: VectorOutcome;
}

/** The outcome in the vectors' format. Throws ModelError if the scenario asks for what the product refuses. */
export function outcomeOf(scenario: Scenario): VectorOutcome {
  const lanes = lanesOf(scenario);
  const run = prepare(lanes, timelineOf(scenario.rows));
  const measured = Object.entries(scenario.distributions ?? {}).map(([name, ns]) => [name, Float64Array.from(ns)]);
  const distributions = Object.fromEntries(measured) as Distributions;
  const [policy, params] = [policyOf(scenario.policy), paramsOf(scenario.params)];
  return inVectorForm(scenario, lanes, replayPrepared(run, policy, params, distributions, scenario.trial));
}

/** Parameters as vectors write them, over the defaults. */
export function paramsOf(params: Scenario['params']): RunParams {
  const values = { ...params, ...(params.rlimitBytes === null && { rlimitBytes: 'none' }) };
  return setParams(defaultParams(), values, 'user', 'vector').params;
}

/** The first difference in words; undefined if they are equal. Stalls of one lane and t come in any order. */
export function firstDifference(expected: VectorOutcome, got: VectorOutcome): string | undefined {
  const sides = [expected, got].map((o): Record<string, unknown> => ({
    ...{ fates: o.fates, windows: o.windows.map(inOrder), stalls: o.stalls.map(inOrder).sort() },
    ...{
      faults: inOrder(o.faults),
      refused: o.refused,
      pinnedBytesPeak: o.pinnedBytesPeak,
      pinnedByteNs: o.pinnedByteNs,
    },
  }));
  for (const field of Object.keys(sides[0])) {
    const [a, b] = sides.map((s) => s[field]);
    if (JSON.stringify(a) === JSON.stringify(b)) continue;
    if (!Array.isArray(a) || !Array.isArray(b)) return `${field}: expected ${String(a)}, got ${String(b)}`;
    const i = Array.from({ length: Math.max(a.length, b.length) }, (_, k) => k).find((k) => a[k] !== b[k])!;
    return `${field}[${i}]: expected ${String(a[i] ?? 'nothing')}, got ${String(b[i] ?? 'nothing')}`;
  }
  return undefined;
}

const inOrder = (row: Readonly<Record<string, unknown>>): string =>
  JSON.stringify(Object.fromEntries(Object.entries(row).sort(([a], [b]) => (a < b ? -1 : 1))));

export function lanesOf({ samples, sessions, buffers, mode }: Scenario): Lane[] {
  const numbers = Object.keys(buffers)
    .map(Number)
    .sort((a, b) => a - b);
  return numbers.map((lane): Lane => {
    const own = samples.filter((s) => s.lane === lane);
    return {
      lane,
      t: Float64Array.from(own, (s) => s.t),
      size: Uint32Array.from(own, (s) => s.size),
      sessions: Float64Array.from((sessions[lane] ?? []).flat()),
      mode,
      pages: Float64Array.from(buffers[lane].pages),
    };
  });
}

export function timelineOf(rows: readonly VectorRow[]): Stage2Timeline {
  const bytes = (value: (r: VectorRow) => number) => Uint8Array.from(rows, value);
  return {
    n: rows.length,
    t: Float64Array.from(rows, (r) => r.t),
    kind: bytes((r) => code(stage2Kinds, r.kind)),
    page: Float64Array.from(rows, (r) => Number(BigInt(r.ipa) >> 12n)),
    pages: Float64Array.from(rows, (r) => r.pages),
    cause: bytes((r) => (r.cause === null ? NONE : code(causeClasses, r.cause))),
    evidence: new Uint8Array(rows.length),
    writable: bytes((r) => (r.writable === false || r.writable === 0 ? 0 : 1)),
    notify: bytes((r) => code(notifies, r.notify ?? 'unknown')),
    contents: bytes((r) => code(contentsFates, r.contents ?? 'kept')),
    contentsOrigin: new Uint8Array(rows.length),
    origin: 0n,
    span: 0,
    exact: true,
    evidences: ['vector'],
  };
}

export function policyOf(policy: unknown): Policy {
  if (typeof policy !== 'string') return parsePolicyFile(JSON.stringify(policy), 'vector')[0];
  const found = builtinPolicy(policy);
  if (!found) throw new Error(`unknown policy ${policy}`);
  return found;
}

function inVectorForm({ samples }: Scenario, lanes: readonly Lane[], outcome: PolicyOutcome): VectorOutcome {
  const { fates, windows: w, stalls: s, faults } = outcome;
  const fate = (f: number): string => (f === KEPT ? 'kept' : f === OUTSIDE ? 'outside' : windowKinds[f - 1]);
  const next = lanes.map(() => 0);
  const term = (list: readonly string[], at: number) => (at === NONE ? null : list[at]);
  return {
    fates: samples.map(({ lane }) => {
      const i = lanes.findIndex((l) => l.lane === lane);
      return fate(fates[i][next[i]++]);
    }),
    windows: Array.from({ length: w.n }, (_, i) => ({
      lane: w.lane[i],
      start: w.start[i],
      end: w.end[i],
      kind: windowKinds[w.kind[i]],
      cause: term(causeClasses, w.cause[i]),
      ipa: w.page[i] < 0 ? null : `0x${(BigInt(w.page[i]) << 12n).toString(16)}`,
      action: term(answers, w.action[i]),
      lost: w.lost[i],
    })),
    stalls: Array.from({ length: s.n }, (_, i) => ({
      ...{ lane: s.lane[i], t: s.t[i], ns: s.ns[i], kind: stallKinds[s.kind[i]] },
    })),
    faults: Object.fromEntries(causeClasses.flatMap((c, i) => (faults[i] ? [[c, faults[i]]] : []))),
    refused: outcome.refused,
    pinnedBytesPeak: outcome.pinnedBytesPeak,
    pinnedByteNs: Math.round(outcome.pinnedByteSeconds * 1e9),
  };
}
