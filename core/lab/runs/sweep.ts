/** One parameter over a range, for all chosen policies: where does one overtake another? Nothing is stored. */
import { mean } from '../../analysis/numbers.ts';
import { crossings, orders, sweepMeasures, sweepValues } from '../../analysis/sweep.ts';
import type { Crossing, Curve, SweepMeasure } from '../../analysis/sweep.ts';
import { spreadTrials, summarise } from '../../analysis/summary.ts';
import type { Summary, Trials } from '../../analysis/summary.ts';
import type { Alignment } from '../../model/alignment.ts';
import { checkedParams } from '../../model/checks.ts';
import type { AssumptionCheck } from '../../model/checks.ts';
import { paramNames, paramSpecs, setParams } from '../../model/params.ts';
import type { ParamName, ResolvedParams } from '../../model/params.ts';
import type { Policy } from '../../model/policy.ts';
import type { Prepared } from '../../model/prepare.ts';
import { replayPrepared } from '../../model/replay.ts';
import type { Scenario } from '../../model/terms/scenario.ts';
import { PAGE_SHIFT } from '../../model/terms.ts';
import type { VerdictWord } from '../../model/terms.ts';
import { scaleUnmaps } from '../../model/unmap-rate.ts';
import { readLab } from '../../store/lab-file.ts';
import type { Db } from '../../store/lab-file.ts';
import { RequestError } from '../about.ts';
import { sampleKeySets } from '../symbols/keys.ts';
import { findCheck } from './find-check.ts';
import { loadCaptures, runInputs } from './run-inputs.ts';
import type { RunCaptures, RunInputs } from './run-inputs.ts';
import { OutcomeSkews, skewKeysOf } from './skew.ts';

/** Not a run parameter: how many of the timeline's unmaps happen (model/unmap-rate.ts). */
export const UNMAP_RATE = 'unmapRate';
export type SweepParam = ParamName | typeof UNMAP_RATE;

export interface SweepRequest {
  readonly speId: number;
  readonly kvmId: number;
  readonly policies: readonly Policy[];
  /** What the user set, over the defaults. */
  readonly settings: ResolvedParams;
  readonly scenario?: Scenario;
  readonly param: string;
  readonly from: number;
  readonly to: number;
  readonly steps: number;
  /** Steps are factors. */
  readonly log: boolean;
  /** Everything under one assumption check (model.md section 4.7); what the sweep sets is left alone. */
  readonly check?: string;
}

/** At one step; means over the trials if there are several. */
export interface SweepPoint extends Readonly<Record<SweepMeasure, number>> {
  readonly value: number;
  readonly windows: number;
  readonly blackoutNs: number;
  readonly stallNs: number;
  /** TVD minus the mean for the same losses at other times, by the key that verdicts rest on; NaN if nothing survived. First trial. */
  readonly excess: number;
  /** Chance doesn't explain the excess. */
  readonly skewed: boolean;
  /** On the first trial's profile. */
  readonly verdict: VerdictWord;
  readonly trials?: Trials;
}

/** Where one policy overtakes another: `winner` is the better one for larger values of the parameter. */
export interface SweepCrossing extends Pick<Crossing, 'low' | 'high' | 'at'> {
  readonly measure: SweepMeasure;
  readonly winner: string;
  readonly loser: string;
}

export interface Sweep {
  readonly param: SweepParam;
  readonly unit: string;
  readonly log: boolean;
  /** All values; while a sweep runs, there are points only for the first ones. */
  readonly values: readonly number[];
  readonly policies: readonly { readonly id: string; readonly points: readonly SweepPoint[] }[];
  readonly crossings: readonly SweepCrossing[];
  /** As resolved at the first step. */
  readonly settings: ResolvedParams;
  readonly alignment: Alignment;
  readonly warnings: readonly string[];
}

/** What can be swept. */
export function sweepParams(): SweepParam[] {
  return [...paramNames.filter((n) => isNumeric(n) && !unswept.includes(n)), UNMAP_RATE];
}

/** Parameters that place the timeline and the buffers; any other one leaves these unchanged. */
const rebuilds: readonly string[] = ['offsetNs', 'scale', 'seed', 'bufferBytes'];
/** Parameters that no replay reads, and numbers that are names. */
const unswept: readonly string[] = ['gapFactor', 'gapMinNs', 'vm', 'injectDl'];

export interface SweepHooks {
  /** Before each policy's replay at each value: how many are done, of how many. */
  readonly onStep?: (done: number, total: number) => void;
  /** After each value but the last: results so far. */
  readonly onValue?: (soFar: Sweep) => void;
}

/**
 * @throws RequestError, ModelError (a value that the parameter can't have), LabFileError
 */
export function sweepInLab(lab: string, request: SweepRequest, hooks: SweepHooks = {}): Sweep {
  return readLab(lab, (db) => sweep(db, request, hooks));
}

/** Like `sweepInLab`, in an open lab. */
export function sweep(db: Db, request: SweepRequest, { onStep, onValue }: SweepHooks = {}): Sweep {
  const param = sweepParam(request.param);
  const values = valuesOf(param, request);
  const { policies } = request;
  const check = request.check === undefined ? undefined : findCheck(request.check, 'sweep');
  const captures = loadCaptures(db, request.speId, request.kvmId, request.settings);
  const [kind] = skewKeysOf(db, captures.spe.id);
  const keys = sampleKeySets(db, captures.spe, captures.reference.stored, [kind]);
  const base = runInputs(captures, request.settings, request.scenario);
  // Whatever is swept, the samples are the same, and many steps lose the same ones.
  const skews = new OutcomeSkews(base.lanes, keys);
  if (param === 'bufferBytes' && base.settings.params.placement === 'explicit') {
    throw new RequestError(
      'sweep: the buffers are as large as the VM description or --buffer says; for other sizes set placement to random, hot or quiet',
    );
  }
  const baseTrials = placements(base);
  let first: RunInputs | undefined;
  const rows: SweepPoint[][] = [];
  const made = (): Sweep => {
    const curves = policies.map((p, i) => ({ id: p.id, points: rows.map((row) => row[i]) }));
    const tried = values.slice(0, rows.length);
    return {
      param,
      unit: param === UNMAP_RATE ? '' : paramSpecs[param].unit,
      log: request.log,
      values,
      policies: curves,
      crossings: sweepMeasures.flatMap((measure) => crossingsBy(measure, tried, curves, request.log)),
      settings: first!.settings,
      alignment: first!.alignment,
      warnings: first!.warnings,
    };
  };
  values.forEach((value, i) => {
    const inputs = inputsAt(param, value, captures, base, request);
    first ??= inputs;
    const trials = inputs.prepared === base.prepared ? baseTrials : placements(inputs);
    rows.push(
      policies.map((policy, j) => {
        onStep?.(i * policies.length + j, values.length * policies.length);
        return point(value, policy, inputs, trials, skews, check);
      }),
    );
    if (i + 1 < values.length) onValue?.(made());
  });
  return made();
}

function crossingsBy(
  measure: SweepMeasure,
  values: readonly number[],
  policies: Sweep['policies'],
  log: boolean,
): SweepCrossing[] {
  const curves = curvesOf(measure, policies);
  const ascending = values[0] < values[values.length - 1];
  return crossings(values, curves, log).map(({ before, after, ...place }) => {
    const [winner, loser] = (measure === 'coverage') === ascending ? [after, before] : [before, after];
    return { measure, winner, loser, ...place };
  });
}

function curvesOf(measure: SweepMeasure, policies: Sweep['policies']): Curve[] {
  // Excesses that chance explains count as equal: their order means nothing.
  const y = (p: SweepPoint) => (measure === 'excess' && !p.skewed && !Number.isNaN(p.excess) ? 0 : p[measure]);
  return policies.map(({ id, points }) => ({ id, y: Float64Array.from(points, y) }));
}

/** Pairs that never change places: one is better wherever they differ. */
export function sweepOrders({ policies }: Sweep): { measure: SweepMeasure; better: string; worse: string }[] {
  return sweepMeasures.flatMap((measure) =>
    orders(curvesOf(measure, policies)).map(({ higher, lower }) =>
      measure === 'coverage' ? { measure, better: higher, worse: lower } : { measure, better: lower, worse: higher },
    ),
  );
}

/** Policies that change places with others at the same point: many behave alike over a sweep. */
export interface CrossingGroup extends Omit<SweepCrossing, 'winner' | 'loser'> {
  readonly winners: readonly string[];
  readonly losers: readonly string[];
}

/** Each with each: every winner overtakes every loser of its group. */
export function groupCrossings(all: readonly SweepCrossing[]): CrossingGroup[] {
  const join = (groups: readonly CrossingGroup[], by: 'winners' | 'losers', other: 'winners' | 'losers') => {
    const same = Map.groupBy(groups, (g) => [g.measure, g.at, g.low, g.high, ...g[by]].join(' '));
    return [...same.values()].map((g): CrossingGroup => ({ ...g[0], [other]: g.flatMap((one) => one[other]) }));
  };
  const single = all.map(({ winner, loser, ...place }) => ({ ...place, winners: [winner], losers: [loser] }));
  return join(join(single, 'winners', 'losers'), 'losers', 'winners');
}

/** A bound of the range as typed: sizes may have a suffix (64K). @throws RequestError if it isn't a number */
export function sweepBound(param: string, text: string): number {
  const name = paramNames.find((n) => n === param);
  const read = name && paramSpecs[name].read(text);
  const value = typeof read === 'number' ? read : text.trim() === '' ? NaN : Number(text);
  if (!Number.isFinite(value)) throw new RequestError(`sweep: ${param} is a number, not '${text}'`);
  return value;
}

function sweepParam(name: string): SweepParam {
  const all = sweepParams();
  const param = all.find((n) => n === name);
  if (!param) throw new RequestError(`sweep: unknown parameter ${name}; known: ${all.join(', ')}`);
  return param;
}

function isNumeric(name: ParamName): boolean {
  return typeof paramSpecs[name].read(1) === 'number' || paramSpecs[name].unit !== '';
}

function valuesOf(param: SweepParam, { from, to, steps, log }: SweepRequest): number[] {
  if (log && !(from > 0 && to > 0)) throw new RequestError('sweep: --log wants --from and --to above 0');
  const values = sweepValues(from, to, steps, log).map((value) => fitting(param, value));
  // Rounding to whole numbers may make neighbours equal.
  return values.filter((value, i) => value !== values[i - 1]);
}

/** The value itself, or the nearest whole number or page that the parameter takes. */
function fitting(param: SweepParam, value: number): number {
  const page = 2 ** PAGE_SHIFT;
  const sized = param !== UNMAP_RATE && paramSpecs[param].unit === 'bytes';
  const candidates = [value, Math.round(value), ...(sized ? [Math.round(value / page) * page] : [])];
  const fits = (v: number) => (param === UNMAP_RATE ? v >= 0 : typeof paramSpecs[param].read(v) === 'number');
  const found = candidates.find(fits);
  if (found !== undefined) return found;
  const wants = param === UNMAP_RATE ? 'a factor of 0 or more' : paramSpecs[param].wants;
  throw new RequestError(`sweep: ${param} wants ${wants}, not ${value}`);
}

function inputsAt(
  param: SweepParam,
  value: number,
  captures: RunCaptures,
  base: RunInputs,
  { settings, scenario }: SweepRequest,
): RunInputs {
  if (param === UNMAP_RATE) {
    const { seed } = settings.params;
    return runInputs(captures, settings, scenario, (timeline) => scaleUnmaps(timeline, value, seed));
  }
  const set = (to: ResolvedParams) => setParams(to, { [param]: value }, 'user', 'sweep');
  if (rebuilds.includes(param)) return runInputs(captures, set(settings), scenario);
  // A swept latency has that value, whatever was measured.
  return { ...base, settings: set(base.settings), distributions: { ...base.distributions, [param]: undefined } };
}

function placements(inputs: RunInputs): Prepared[] {
  return Array.from({ length: inputs.settings.params.trials }, (_, k) => inputs.trial(k));
}

function point(
  value: number,
  policy: Policy,
  inputs: RunInputs,
  trials: readonly Prepared[],
  skews: OutcomeSkews,
  check: AssumptionCheck | undefined,
): SweepPoint {
  const { settings, prepared: first } = inputs;
  const params = (check && checkedParams(check, settings, policy, first)) ?? settings.params;
  let excess = NaN;
  let skewed = false;
  let verdict: VerdictWord = 'no samples';
  const summaries = trials.map((prepared, k): Summary => {
    const outcome = replayPrepared(prepared, policy, params, inputs.distributions, k);
    const summary = summarise(inputs.lanes, outcome);
    if (k === 0) {
      const [{ digest, verdict: judged }] = skews.of(skews.lossesOf(outcome), summary).skew;
      verdict = judged.word;
      excess = digest?.cause.excess ?? NaN;
      skewed = (digest?.cause.pValue ?? 1) <= 0.05;
    }
    return summary;
  });
  const average = (figure: (s: Summary) => number) => mean(summaries.map(figure));
  return {
    value,
    coverage: average((s) => s.coverage),
    windows: average((s) => s.windows),
    blackoutNs: average((s) => s.blackoutNs),
    blackoutShare: average((s) => s.blackoutShare),
    stallNs: average((s) => s.stallNs),
    slowdown: average((s) => s.slowdown),
    excess,
    skewed,
    verdict,
    ...(summaries.length > 1 && { trials: spreadTrials(summaries) }),
  };
}
