/** Puts a KVM timeline on a run's clock, whose origin is the reference profile's first sample (model.md section 2, Alignment). */
import { autoAlign, loopCopies, overlaps } from './align-rules.ts';
import { inSpeClock, uncertaintyAt } from './clocks.ts';
import type { ClockPair } from './clocks.ts';
import { ModelError } from './errors.ts';
import type { AlignMode } from './align-rules.ts';
import { code, stage2Kinds } from './terms.ts';
import type { Stage2Timeline } from './timeline.ts';
import type { Alignment } from './terms/alignment.ts';

export type { Alignment } from './terms/alignment.ts';

const INITIAL = code(stage2Kinds, 'initial-unmapped');

export interface AlignRequest {
  readonly align: AlignMode | 'auto';
  /** Added to the timeline's times last, ns of the run. */
  readonly offsetNs: number;
  /** Run ns per trace ns. */
  readonly scale: number | 'auto';
}

/** The reference profile's place in time. */
export interface RunSpan {
  /** First sample, ns in the capture's clock. */
  readonly origin: bigint;
  /** ns from the first to the last sample. */
  readonly span: number;
}

/** Maximum rows of a looped timeline: some 2 GB of columns. */
const MAX_ROWS = 50_000_000;

/**
 * The timeline in run time: ns after the run's origin, whole (negative before the first sample).
 *
 * `absolute`: t' = (trace origin - run origin) + t * scale; `start`, `fit`: t' = t * scale; `loop`: copies of that, one trace
 * span after the other, as many as cover the run. The offset is added to all. What was unmapped when the trace began is unmapped once,
 * before the first copy: each later copy begins in the state where the one before ended.
 *
 * @param clock whether both captures name the same clock, or how their two clocks relate: `auto` decides by it and `absolute` translates
 *   with it. Correcting a clock's rate this way stretches no timings: they are then what SPE's clock would have shown.
 * @throws ModelError when the clocks can't be aligned that way
 */
export function alignTimeline(
  timeline: Stage2Timeline,
  run: RunSpan,
  request: AlignRequest,
  clock: 'same' | 'unknown' | ClockPair,
): { timeline: Stage2Timeline; alignment: Alignment } {
  const pair = typeof clock === 'object' ? clock : undefined;
  const translated = pair && inSpeClock(pair, timeline.origin);
  const there = { origin: translated?.origin ?? timeline.origin, span: timeline.span * (translated?.rate ?? 1) };
  const align = request.align === 'auto' ? autoMode(there, run, request, clock !== 'unknown') : request.align;
  const scale = request.scale === 'auto' ? (align === 'fit' ? fitScale(timeline, run) : 1) : request.scale;
  const rate = align === 'absolute' ? scale * (translated?.rate ?? 1) : scale;
  const span = timeline.span * rate;
  const { offsetNs } = request;

  let shiftNs = offsetNs;
  let copies = 1;
  if (align === 'absolute') {
    shiftNs += clockDistance(there, run);
    if (!overlaps(shiftNs, span, run.span)) throw new ModelError(noOverlap(there, run, offsetNs));
  } else if (align === 'loop') {
    if (!(span > 0))
      throw new ModelError('the KVM trace spans 0 ns, so it has no period to loop with; use --align start');
    ({ first: shiftNs, copies } = loopCopies(shiftNs, span, run.span));
    if (timeline.n * copies > MAX_ROWS) {
      throw new ModelError(
        `looping ${timeline.n} stage 2 events ${copies} times makes more than ${MAX_ROWS}; use --align fit, or a longer KVM trace`,
      );
    }
  }

  const clocks = align === 'absolute' && pair ? comparedClocks(pair, timeline) : undefined;
  const alignment = {
    ...{ align, offsetNs, scale, scaled: scale !== 1, shiftNs: Math.round(shiftNs), copies },
    ...(clocks && { clocks }),
  };
  return {
    timeline: transform(timeline, run.origin, shiftNs, rate, copies),
    alignment: { ...alignment, description: describe(alignment) },
  };
}

/** The trace's place in time, in SPE's clock. */
type TraceSpan = Pick<Stage2Timeline, 'origin' | 'span'>;

function comparedClocks(pair: ClockPair, { origin, span }: Stage2Timeline): NonNullable<Alignment['clocks']> {
  const end = origin + BigInt(Math.round(span));
  return {
    offsetNs: Number(inSpeClock(pair, origin).origin - origin),
    driftPpb: pair.driftPpb,
    uncertaintyNs: Math.ceil(Math.max(uncertaintyAt(pair, origin), uncertaintyAt(pair, end))),
  };
}

function autoMode(timeline: TraceSpan, run: RunSpan, request: AlignRequest, sameClock: boolean): AlignMode {
  const span = timeline.span * (request.scale === 'auto' ? 1 : request.scale);
  const away = timeline.origin - run.origin;
  if (away > LONGEST || away < -LONGEST) return 'start';
  return autoAlign(sameClock ? 'same' : 'unknown', Number(away) + request.offsetNs, span, run.span);
}

const LONGEST = BigInt(Number.MAX_SAFE_INTEGER);

function clockDistance(timeline: TraceSpan, run: RunSpan): number {
  const away = timeline.origin - run.origin;
  if (away > LONGEST || away < -LONGEST) throw new ModelError(noOverlap(timeline, run, 0));
  return Number(away);
}

function noOverlap(timeline: TraceSpan, run: RunSpan, offsetNs: number): string {
  const moved = timeline.origin + BigInt(offsetNs);
  const trace = `${moved} to ${moved + BigInt(Math.round(timeline.span))} ns`;
  const spe = `${run.origin} to ${run.origin + BigInt(Math.round(run.span))} ns`;
  return `the captures don't overlap on one clock (SPE from ${spe}, KVM from ${trace}); use --align start, loop or fit, or --offset`;
}

function fitScale(timeline: Stage2Timeline, run: RunSpan): number {
  if (!(timeline.span > 0))
    throw new ModelError('the KVM trace spans 0 ns and can be fitted to nothing; use --align start');
  if (!(run.span > 0)) throw new ModelError('the SPE capture spans 0 ns: nothing to fit to; use --align start');
  return run.span / timeline.span;
}

function transform(from: Stage2Timeline, origin: bigint, shift: number, scale: number, copies: number): Stage2Timeline {
  // The initial rows come first.
  let initial = 0;
  while (initial < from.n && from.kind[initial] === INITIAL) initial++;
  const n = initial + (from.n - initial) * copies;
  const period = from.span * scale;
  const t = new Float64Array(n);
  for (let i = 0; i < initial; i++) t[i] = Math.round(shift + from.t[i] * scale);
  for (let copy = 0, out = initial; copy < copies; copy++) {
    const start = shift + copy * period;
    for (let i = initial; i < from.n; i++) t[out++] = Math.round(start + from.t[i] * scale);
  }
  const repeat = <A extends Uint8Array | Float64Array>(column: A): A => {
    if (copies === 1) return column.subarray(0, from.n) as A;
    const out = column instanceof Uint8Array ? new Uint8Array(n) : new Float64Array(n);
    out.set(column.subarray(0, initial));
    const rest = column.subarray(initial, from.n);
    for (let copy = 0; copy < copies; copy++) out.set(rest, initial + copy * rest.length);
    return out as A;
  };
  return {
    n,
    t,
    kind: repeat(from.kind),
    page: repeat(from.page),
    pages: repeat(from.pages),
    cause: repeat(from.cause),
    evidence: repeat(from.evidence),
    writable: repeat(from.writable),
    notify: repeat(from.notify),
    contents: repeat(from.contents),
    contentsOrigin: repeat(from.contentsOrigin),
    origin,
    span: period * copies,
    exact: from.exact,
    evidences: from.evidences,
  };
}

function describe({ align, offsetNs, scale, scaled, copies, clocks }: Omit<Alignment, 'description'>): string {
  const how = {
    absolute: clocks
      ? `on the host's and the guest's clocks as they were compared: known to ± ${clocks.uncertaintyNs} ns`
      : "on the captures' common clock",
    start: 'with the first stage 2 trace event at the first sample',
    fit: 'stretched to the span of the SPE capture',
    loop: copies === 1 ? 'from the first sample on' : `repeated ${copies} times to cover the SPE capture`,
  }[align];
  const moved = offsetNs ? `, moved by ${offsetNs} ns` : '';
  const stretched = scaled
    ? `; its times are scaled by ${Number(scale.toPrecision(6))}, they are not those of the trace`
    : '';
  return `KVM timeline ${how}${moved}${stretched}`;
}
