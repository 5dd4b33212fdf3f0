/** Queries on runs for the windows. All read-only; some replay again or read whole columns, so they are slow. */
import { countOverTime } from '../../analysis/over-time.ts';
import type { KeyedLane } from '../../analysis/over-time.ts';
import { latencyCurves, latencySkew } from '../../analysis/latency.ts';
import { LOST, OUTSIDE } from '../../model/outcome.ts';
import { defaultParams, setParams } from '../../model/params.ts';
import { answers, causeClasses, windowKinds } from '../../model/terms.ts';
import { verdictSentence } from '../../report/words.ts';
import { signed } from '../../store/captures.ts';
import type { Db } from '../../store/lab-file.ts';
import { getRun, readResults } from '../../store/run-store.ts';
import { RequestError } from '../about.ts';
import type {
  Calibrated,
  Dark,
  PolicyBlackouts,
  RunParamsOf,
  RunPart,
  SkewAnswer,
  WindowGroup,
  WindowTable,
} from '../../contract/runs.ts';
import { keyKinds, sampleKeys } from '../symbols/keys.ts';
import type { KeyKind } from '../symbols/keys.ts';
import { storedWindows } from '../runs/stored-windows.ts';
import { countsIn, isWhole, outcomeIn } from '../runs/part.ts';
import { findResult } from '../runs/replay-again.ts';
import type { ReplayedAgain } from '../runs/replay-again.ts';
import { sampleLatencies } from '../runs/replay.ts';
import { measuredLatencies } from '../runs/run-facts.ts';
import { loadRunInputs } from '../runs/run-inputs.ts';
import { keyedSkew } from '../runs/skew.ts';
import { firstAbove, firstAtLeast } from '../../model/terms/search.ts';

/** Most points of a distribution before it is thinned: more than a screen can resolve. */
const ECDF_POINTS = 512;
/** Number of keys whose activity is shown below the coverage. */
const ACTIVE_KEYS = 6;
const DARK_ROWS = 50;

export function windowTable(db: Db, choice: RunParamsOf<'windows'>): WindowTable {
  const result = findResult(db, choice);
  const { origin } = getRun(db, choice.run).facts;
  return {
    origin,
    ...storedWindows(db, choice.run, BigInt(origin), result),
    ...{ kinds: windowKinds, causes: causeClasses, actions: answers },
  };
}

export function blackouts(db: Db, { run, dlDiscard, part = {} }: RunParamsOf<'blackouts'>): PolicyBlackouts[] {
  const results = readResults(db, run);
  const variant = dlDiscard ?? results[0]?.dlDiscard;
  const { where, values } = windowsIn(db, run, part);
  const groups = db.prepare(
    `SELECT kind, ifnull(cause, 'none') cause, count(*) windows, sum(end_ns - start_ns) ns, sum(lost) lost
     FROM blackout_window WHERE ${where} GROUP BY 1, 2`,
  );
  const durations = db.prepare(`SELECT end_ns - start_ns FROM blackout_window WHERE ${where}`).pluck();
  return results
    .filter((r) => r.dlDiscard === variant)
    .map(({ policy: { id } }) => {
      const rows = groups.all(...values(id, variant)) as GroupRow[];
      return {
        policy: id,
        windows: rows.reduce((sum, r) => sum + Number(r.windows), 0),
        byKind: grouped(rows, 'kind', windowKinds),
        byCause: grouped(rows, 'cause', [...causeClasses, 'none']),
        ...ecdf(Float64Array.from(durations.all(...values(id, variant)) as bigint[], Number)),
      };
    });
}

/** An SQL condition for windows of one policy that reach into a part of a run, and its parameters. */
function windowsIn(db: Db, run: number, { lane, from, to }: RunPart) {
  const zero = BigInt(getRun(db, run).facts.origin);
  const limits = [
    ...(lane === undefined ? [] : [['lane = ?', BigInt(lane)] as const]),
    ...(from === undefined ? [] : [['end_ns >= ?', signed(zero + BigInt(Math.round(from)))] as const]),
    ...(to === undefined ? [] : [['start_ns <= ?', signed(zero + BigInt(Math.round(to)))] as const]),
  ];
  return {
    where: ['run_id = ? AND policy = ? AND dl_discard = ?', ...limits.map(([sql]) => sql)].join(' AND '),
    values: (policy: string, dlDiscard: string) => [run, policy, dlDiscard, ...limits.map(([, value]) => value)],
  };
}

interface GroupRow {
  readonly kind: string;
  readonly cause: string;
  readonly windows: bigint;
  readonly ns: bigint;
  readonly lost: bigint;
}

function grouped(rows: readonly GroupRow[], by: 'kind' | 'cause', names: readonly string[]): WindowGroup[] {
  return names.flatMap((name) => {
    const own = rows.filter((r) => r[by] === name);
    const sum = (of: 'windows' | 'ns' | 'lost') => own.reduce((n, r) => n + Number(r[of]), 0);
    return own.length ? [{ name, windows: sum('windows'), ns: sum('ns'), lost: sum('lost') }] : [];
  });
}

/** The distribution's steps, or evenly spaced ones; always with the shortest and the longest. */
export function ecdf(values: Float64Array): { ns: Float64Array; share: Float64Array } {
  const sorted = values.sort();
  const n = sorted.length;
  const ns: number[] = [];
  const share: number[] = [];
  const points = Math.min(n, ECDF_POINTS);
  for (let k = 0; k < points; k++) {
    const value = sorted[points === 1 ? 0 : Math.round((k * (n - 1)) / (points - 1))];
    if (ns.at(-1) === value) continue;
    ns.push(value);
    // The step's height is the number of equal values.
    share.push(firstAbove(sorted, value) / n);
  }
  return { ns: Float64Array.from(ns), share: Float64Array.from(share) };
}

export function checkKey(by: string): KeyKind {
  const kind = keyKinds.find((k) => k === by);
  if (!kind) throw new RequestError(`unknown key '${by}'; known: ${keyKinds.join(', ')}`);
  return kind;
}

/** @param again the result that is meant, replayed */
export function dark(db: Db, { by, spans, kept = false }: RunParamsOf<'dark'>, again: ReplayedAgain): Dark {
  const { inputs, outcome } = again;
  const { lanes, names } = sampleKeys(db, inputs.spe, inputs.reference.stored, checkKey(by));
  const lost = new Uint32Array(names.length);
  const within = new Uint32Array(names.length);
  const reference = new Uint32Array(names.length);
  lanes.forEach((keys, l) => {
    const fates = outcome.fates[l];
    const { t, lane, sessions } = inputs.lanes[l];
    for (let i = 0; i < fates.length; i++) if (fates[i] !== OUTSIDE) reference[keys[i]]++;
    const own = spans?.filter((s) => s.lane === lane) ?? [{ lane, start: -Infinity, end: Infinity }];
    let next = 0;
    for (const span of own.toSorted((a, b) => a.start - b.start)) {
      const isIn = lossesOf(span, sessions);
      for (let i = Math.max(next, firstAtLeast(t, span.start)); i < t.length && t[i] <= span.end; i++) {
        if (fates[i] === OUTSIDE) continue;
        // A sample that two spans share counts once.
        if (kept) next = i + 1;
        within[keys[i]]++;
        if (!isIn(t[i], fates[i])) continue;
        lost[keys[i]]++;
        next = i + 1;
      }
    }
  });
  const most = kept ? within : lost;
  const found = Array.from(most.keys()).filter((key) => most[key]);
  found.sort((a, b) => most[b] - most[a] || reference[b] - reference[a]);
  return {
    by,
    lost: lost.reduce((a, b) => a + b, 0),
    keys: found.length,
    rows: found.slice(0, DARK_ROWS).map((key) => ({
      name: names[key],
      lost: lost[key],
      within: within[key],
      reference: reference[key],
    })),
  };
}

type Span = NonNullable<RunParamsOf<'dark'>['spans']>[number];

/**
 * Which samples are lost in a span. Neighbouring windows may share a time, and a session's end belongs to the session (see
 * Windows in model/outcome.ts).
 */
function lossesOf({ start, end, kind }: Span, sessions: Float64Array): (t: number, fate: number) => boolean {
  if (kind === undefined) return (_t, fate) => fate >= LOST && fate !== OUTSIDE;
  const own = LOST + codeOfKind(kind);
  if (kind === 'buffer-full' || kind === 'copy-out') return (t, fate) => fate === own && t > start;
  const closed = sessions.some((t, i) => i % 2 === 1 && t === end);
  return (t, fate) => fate === own && (t < end || t === start || closed);
}

function codeOfKind(kind: string): number {
  const at = windowKinds.findIndex((k) => k === kind);
  if (at < 0) throw new RequestError(`unknown window kind '${kind}'; known: ${windowKinds.join(', ')}`);
  return at;
}

/** @param again the result that is meant, replayed */
export function skewAnswer(db: Db, { by, part = {} }: RunParamsOf<'skew'>, again: ReplayedAgain): SkewAnswer {
  const { inputs, result } = again;
  const kind = checkKey(by);
  const keys = { kind, ...sampleKeys(db, inputs.spe, inputs.reference.stored, kind) };
  const outcome = isWhole(part) ? again.outcome : outcomeIn(inputs.lanes, again.outcome, part);
  const summary = isWhole(part) ? again.summary : countsIn(again.summary, outcome);
  const { digest, verdict } = keyedSkew(inputs.lanes, outcome, summary, keys);
  const sentence = verdictSentence(
    { isReference: result.policy.pin === 'no-stage-2' },
    { summary, verdict, skew: digest },
  );
  const keyed = inputs.lanes.map(({ t }, i) => ({ t, keys: keys.lanes[i], fates: outcome.fates[i] }));
  const latencies = sampleLatencies(db, inputs).map((l, i) => ({ ...l, fates: outcome.fates[i] }));
  return {
    by,
    verdict,
    sentence,
    summary,
    digest,
    latency: latencySkew(latencies),
    latencies: latencyCurves(latencies),
    activity: digest ? activity(keyed, keys.names, digest) : [],
  };
}

/** For the keys that moved most, largest first. */
function activity(
  lanes: readonly KeyedLane[],
  names: readonly string[],
  digest: NonNullable<SkewAnswer['digest']>,
): SkewAnswer['activity'] {
  const moved = digest.rows
    .toSorted((a, b) => Math.abs(b.difference) - Math.abs(a.difference))
    .slice(0, ACTIVE_KEYS)
    .toSorted((a, b) => b.reference - a.reference);
  const selected = Uint32Array.from(moved, (row) => names.indexOf(row.name));
  const counts = countOverTime(lanes, names.length, selected, digest.time.coverage.length);
  return moved.map(({ name }, j) => ({
    name,
    share: counts.reference.map((n, bin) => (n ? counts.keyReference[bin * selected.length + j] / n : NaN)),
  }));
}

/** @throws ModelError for values that parameters can't have, as a run of the pair would */
export function calibrated(db: Db, { spe, kvm, values }: RunParamsOf<'calibration'>): Calibrated {
  const { settings, calibration } = loadRunInputs(
    db,
    spe,
    kvm,
    setParams(defaultParams(), values, 'user', 'parameters'),
    undefined,
  );
  return { settings, latencies: measuredLatencies(calibration) };
}
