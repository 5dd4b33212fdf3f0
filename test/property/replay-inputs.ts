/** Random small inputs of a replay: a few lanes, pages and ns, so that everything meets everything. */
import fc from 'fast-check';
import type { Lane } from '../../core/model/outcome.ts';
import { NONE } from '../../core/model/outcome.ts';
import { defaultParams } from '../../core/model/params.ts';
import type { RunParams } from '../../core/model/params.ts';
import { builtinPolicies } from '../../core/model/policies.ts';
import { pinGuards, pinRules } from '../../core/model/policy.ts';
import type { Policy } from '../../core/model/policy.ts';
import { answers, causeClasses, code, stage2Kinds } from '../../core/model/terms.ts';
import type { Stage2Timeline } from '../../core/model/timeline.ts';

export interface ReplayInput {
  /** Each trial draws its own random numbers. */
  trial: number;
  lanes: Lane[];
  timeline: Stage2Timeline;
  policy: Policy;
  params: RunParams;
}

/** Lane k's pages are k * 8 and on; the timeline's ranges may cover several lanes. */
function laneOf(lane: number): fc.Arbitrary<Lane> {
  const gaps = fc.array(fc.tuple(fc.nat(12), fc.constantFrom(0, 64, 64, 512, 1000, 1024, 4096, 9000)), {
    maxLength: 40,
  });
  const edges = fc.array(fc.nat(200), { minLength: 2, maxLength: 8 });
  return fc
    .record({
      gaps,
      edges,
      whole: fc.boolean(),
      /** Records are of one size, as SPUs pad them; else they vary. */
      padded: fc.boolean(),
      pages: fc.integer({ min: 1, max: 4 }),
      perThread: fc.boolean(),
    })
    .map(({ gaps, edges, whole, padded, pages, perThread }) => {
      const t = new Float64Array(gaps.length);
      gaps.forEach(([gap], i) => (t[i] = (i ? t[i - 1] : 0) + gap));
      const starts = [...new Set(edges)].sort((a, b) => a - b);
      if (starts.length % 2) starts.pop();
      const all = [0, gaps.length ? t[t.length - 1] : 0];
      return {
        lane,
        t,
        size: Uint32Array.from(gaps, ([, size]) => (padded ? gaps[0][1] : size)),
        sessions: Float64Array.from(whole ? all : starts),
        mode: perThread ? 'task-bound' : 'cpu-bound',
        pages: Float64Array.from({ length: pages }, (_, i) => lane * 8 + ((i * 3) % 4)),
      };
    });
}

export const someLanes = fc
  .integer({ min: 1, max: 3 })
  .chain((n) => fc.tuple(...Array.from({ length: n }, (_, i) => laneOf(i))));

export interface TimelineRow {
  t: number;
  kind: number;
  page: number;
  pages: number;
  cause: number;
  writable: number;
}

export function timelineOf(rows: readonly TimelineRow[], t0 = 0n, span = 0): Stage2Timeline {
  return {
    n: rows.length,
    t: Float64Array.from(rows, (r) => r.t),
    kind: Uint8Array.from(rows, (r) => r.kind),
    page: Float64Array.from(rows, (r) => r.page),
    pages: Float64Array.from(rows, (r) => r.pages),
    cause: Uint8Array.from(rows, (r) => r.cause),
    evidence: new Uint8Array(rows.length),
    notify: new Uint8Array(rows.length),
    contents: new Uint8Array(rows.length),
    contentsOrigin: new Uint8Array(rows.length),
    writable: Uint8Array.from(rows, (r) => r.writable),
    origin: t0,
    span: span || Math.max(0, ...rows.map((r) => r.t)),
    exact: false,
    evidences: ['test'],
  };
}

const UNMAP = code(stage2Kinds, 'unmap');
const WRITE_PROTECT = code(stage2Kinds, 'write-protect');

const row: fc.Arbitrary<TimelineRow> = fc.record({
  t: fc.integer({ min: -5, max: 200 }),
  kind: fc.constantFrom(...Array.from(stage2Kinds.keys()), UNMAP, UNMAP, UNMAP, WRITE_PROTECT),
  page: fc.oneof(fc.nat(24), fc.constantFrom(0, 1, 2, 3, 8, 9, 10, 11, 16, 17)),
  pages: fc.constantFrom(1, 1, 1, 2, 4, 9, 30),
  cause: fc.constantFrom(1, 2, 2, 3, 4, 5, 6, NONE),
  writable: fc.constantFrom(0, 1, 1, 1),
});

const INITIAL = code(stage2Kinds, 'initial-unmapped');

/** In the order that a timeline has: initial states first, then by time. */
export const someTimeline = fc
  .array(row, { maxLength: 25 })
  .map((rows) => timelineOf(rows.sort((a, b) => Number(b.kind === INITIAL) - Number(a.kind === INITIAL) || a.t - b.t)));

const answer = fc.constantFrom(...answers);
const ownPolicy: fc.Arbitrary<Policy> = fc.record({
  id: fc.constant('own'),
  title: fc.constant('own'),
  summary: fc.constant(''),
  source: fc.constant(''),
  pin: fc.constantFrom(...pinRules),
  unpinnedBy: fc.constantFrom(pinGuards.gup, pinGuards['gup+notifier-filter']),
  onUnpinned: fc.constantFrom(...answers.filter((a) => a !== 'exit-to-userspace')),
  onUnresolved: fc.constant('impdef-event' as const),
  injectDl: fc.constant(1 as const),
  cachePins: fc.boolean(),
  onFault: fc.record(
    Object.fromEntries(causeClasses.map((c) => [c, answer])) as Record<(typeof causeClasses)[number], typeof answer>,
  ),
  times: fc.option(
    fc.record(
      { irqNs: fc.nat(10), mapNs: fc.nat(10), reenableNs: fc.nat(40), fullExtraNs: fc.nat(5), pinNsPerPage: fc.nat(5) },
      { requiredKeys: [] },
    ),
    { nil: undefined },
  ),
});
export const somePolicy = fc.oneof(fc.constantFrom(...builtinPolicies), ownPolicy);

const small = fc.nat(12);
export const someParams: fc.Arbitrary<RunParams> = fc
  .record({
    irqNs: small,
    trapNs: small,
    walkNsPerPage: small,
    mapNs: small,
    pinNsPerPage: small,
    unpinNsPerPage: small,
    injectNs: small,
    guestHandlerNs: small,
    reenableNs: fc.nat(40),
    fullExtraNs: small,
    copyBytesPerNs: fc.constantFrom(0.5, 5, 100),
    watermarkBytes: fc.constantFrom('auto' as const, 1000, 2048, 4096),
    privateBytes: fc.constantFrom(100, 2048, 5000),
    unpinnedBy: fc.constantFrom('policy' as const, pinGuards.gup),
    dlProbability: fc.constantFrom(0, 0.5, 1, 1),
    dlDiscard: fc.constantFrom('record' as const, 'buffer' as const),
    guestReaction: fc.constantFrom('linux' as const, 'linux' as const, 'discard-session' as const),
    speVersion: fc.constantFrom('SPEv1p2' as const, 'SPEv1p3' as const),
    spuFlagUpdates: fc.boolean(),
    initial: fc.constantFrom('mapped' as const, 'mapped' as const, 'unmapped' as const),
    latency: fc.constantFrom('median' as const, 'sampled' as const),
    seed: fc.nat(1000),
  })
  .map((some) => ({ ...defaultParams().params, ...some }));

export const someInput: fc.Arbitrary<ReplayInput> = fc.record({
  trial: fc.nat(2),
  lanes: someLanes,
  timeline: someTimeline,
  policy: somePolicy,
  params: someParams,
});
