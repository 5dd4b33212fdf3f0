/** Random small replays over every option of the rules: a few lanes, pages and ns, so that everything meets everything. */
import fc from 'fast-check';
import { builtinPolicies } from '../../core/model/policies.ts';
import { injectedDls, pinRules, unresolvedAnswers } from '../../core/model/policy.ts';
import { answers, causeClasses, contentsFates, notifies, pinBreakers, stage2Kinds } from '../../core/model/terms.ts';
import { lanesOf, paramsOf, policyOf, timelineOf } from '../vectors/vector.ts';
import type { Scenario, VectorRow } from '../vectors/vector.ts';

/** A value in `often` out of `often + 1` cases, else one of `others`. */
const mostly = <T>(often: number, usual: T, ...others: T[]): fc.Arbitrary<T> =>
  fc.oneof({ arbitrary: fc.constant(usual), weight: often }, { arbitrary: fc.constantFrom(...others), weight: 1 });

interface RandomLane {
  readonly samples: { readonly t: number; readonly size: number }[];
  readonly sessions: [number, number][];
  readonly pages: number[];
}

/** Lane k's pages are 8 k and on, in any order. */
const laneOf = (lane: number): fc.Arbitrary<RandomLane> =>
  fc
    .record({
      first: fc.nat(20),
      records: fc.array(
        fc.tuple(mostly(2, 3, 0, 1, 7, 12), fc.constantFrom(64, 512, 1000, 1024, 3000, 4096, 6000, 9000, 0)),
        { maxLength: 25, size: 'max' },
      ),
      /** Records are of one size, as SPUs pad them; else they vary. */
      padded: fc.boolean(),
      edges: fc.array(fc.tuple(fc.boolean(), fc.nat(150)), { minLength: 2, maxLength: 8 }),
      /** One session over all samples; or as the edges say, one right after the other or with as much time between. */
      sessions: fc.constantFrom('whole' as const, 'close' as const, 'apart' as const),
      pages: fc.shuffledSubarray([0, 1, 2, 3], { minLength: 1 }),
    })
    .map(({ first, records, padded, edges, sessions: kind, pages }) => {
      let t = first;
      const samples = records.map(([gap, size]) => ({ t: (t += gap), size: padded ? records[0][1] : size }));
      // Half the edges lie on a sample.
      const at = ([onSample, x]: [boolean, number]): number =>
        onSample && samples.length ? samples[x % samples.length].t : x;
      const ends = [...new Set(kind === 'whole' ? [first, t] : edges.map(at))].sort((a, b) => a - b);
      const sessions: [number, number][] = [];
      if (ends.length === 1) sessions.push([ends[0], ends[0]]);
      for (let i = 0; i + 1 < ends.length; i += kind === 'close' ? 1 : 2) {
        const start = sessions.length && kind === 'close' ? ends[i] + 1 : ends[i];
        sessions.push([start, ends[i + 1]]);
      }
      return { samples, sessions, pages: pages.map((p) => 8 * lane + p) };
    });

const row: fc.Arbitrary<VectorRow> = fc.record({
  t: fc.integer({ min: -5, max: 160 }),
  kind: fc.oneof(fc.constant('unmap' as const), fc.constantFrom(...stage2Kinds)),
  ipa: fc
    .oneof(fc.nat(19), fc.constantFrom(0, 1, 2, 3, 8, 9, 10, 11, 16, 17))
    .map((p) => `0x${(p * 4096).toString(16)}`),
  pages: mostly(1, 1, 2, 4, 9, 30),
  cause: fc.constantFrom(null, ...causeClasses),
  notify: fc.constantFrom(null, ...notifies),
  contents: fc.constantFrom(null, ...contentsFates),
  writable: mostly(2, true, false),
});

/** In the order that a timeline has: initial states first, then by time. */
const rows = fc.array(row, { maxLength: 20, size: 'max' }).map((list) => {
  const initial = (r: VectorRow): number => Number(r.kind === 'initial-unmapped');
  return list.sort((a, b) => initial(b) - initial(a) || a.t - b.t);
});

const small = fc.nat(12);
const perPage = fc.constantFrom(0, 0.3, 0.4, 1, 3);
/** Every latency of the model, small enough to end within the run or a little after. */
const times = {
  ...{ irqNs: fc.oneof(fc.constant(0), small), trapNs: small, walkNsPerPage: perPage, mapNs: small },
  ...{ pinNsPerPage: perPage, unpinNsPerPage: perPage, injectNs: small, guestHandlerNs: small, exitNs: small },
  ...{ reenableNs: fc.oneof(fc.constant(0), fc.nat(60)), fullExtraNs: small },
  ...{ copyBytesPerNs: fc.constantFrom(0.5, 5, 300), readNs: fc.oneof(small, fc.nat(200)) },
};
const drawn = Object.fromEntries(
  Object.entries(times)
    .filter(([name]) => name !== 'readNs')
    .map(([name, value]) => [name, fc.array(value, { minLength: 1, maxLength: 3 })]),
);

const answer = fc.constantFrom(...answers, 'external-abort', 'impdef-event');
const faultAnswer = fc.oneof(
  { arbitrary: answer, weight: 3 },
  { arbitrary: fc.record({ dl0: answer, dl1: answer }), weight: 1 },
);
const unpinnedBy = fc.subarray([...pinBreakers]);

/** A user's policy, as its file says it. */
const ownPolicy = fc.record(
  {
    id: fc.constant('own'),
    pin: fc.constantFrom(...pinRules.filter((p) => p !== 'no-stage-2'), 'enable', 'first-fault'),
    onFault: fc.record(Object.fromEntries(causeClasses.map((c) => [c, faultAnswer]))),
    cachePins: fc.boolean(),
    unpinnedBy,
    onUnpinned: answer,
    onUnresolved: fc.constantFrom(...unresolvedAnswers),
    injectDl: fc.constantFrom(...injectedDls),
    trapsPerEnable: fc.nat(3),
    times: fc.record(times, { requiredKeys: [] }),
  },
  { requiredKeys: ['id', 'pin', 'onFault'] },
);

const params = fc.record({
  ...times,
  watermarkBytes: fc.constantFrom('auto', 1000, 2048, 3000, 4096, 8192, 16384),
  privateBytes: fc.constantFrom(1, 100, 2048, 5000, 20000),
  vmBytes: fc.constantFrom('auto', 100_000),
  unpinnedBy: fc.oneof({ arbitrary: fc.constant('policy'), weight: 2 }, { arbitrary: unpinnedBy, weight: 1 }),
  injectDl: mostly(2, 'policy' as unknown, ...injectedDls),
  trapsPerEnable: fc.nat(3),
  rlimitBytes: mostly(1, null as number | null, 4096, 8192, 12287, 12288, 16384, 24575, 36864),
  afterExit: mostly(1, 'resume', 'stop'),
  dlProbability: fc.constantFrom(0, 0.5, 1, 1),
  tornRecords: fc.nat(3),
  dlDiscard: fc.constantFrom('record', 'abort', 'abort', 'buffer'),
  guestReaction: mostly(3, 'linux', 'discard-session'),
  guestZeroes: fc.boolean(),
  guestSError: mostly(1, 'survives', 'panic'),
  contentsKept: mostly(4, false, true),
  speVersion: mostly(2, 'SPEv1p2', 'SPEv1p3'),
  profilingException: mostly(4, false, true),
  spuFlagUpdates: fc.boolean(),
  initial: mostly(2, 'mapped', 'unmapped'),
  latency: mostly(2, 'median', 'sampled'),
  seed: fc.nat(1000),
});

export const someScenario: fc.Arbitrary<Scenario> = fc
  .record({
    lanes: fc.integer({ min: 1, max: 3 }).chain((n) => fc.tuple(...Array.from({ length: n }, (_, i) => laneOf(i)))),
    rows,
    policy: fc.oneof(fc.constantFrom(...builtinPolicies.map((p) => p.id)), ownPolicy, ownPolicy),
    params,
    mode: fc.constantFrom('task-bound' as const, 'cpu-bound' as const),
    distributions: fc.record(drawn, { requiredKeys: [] }),
    trial: fc.nat(2),
  })
  .map(({ lanes, ...rest }) => ({
    samples: lanes
      .flatMap(({ samples }, lane) => samples.map((s) => ({ lane, ...s })))
      .sort((a, b) => a.t - b.t || a.lane - b.lane),
    sessions: Object.fromEntries(lanes.map((l, lane) => [lane, l.sessions])),
    buffers: Object.fromEntries(lanes.map(({ pages }, lane) => [lane, { pages }])),
    ...rest,
  }));

/** The same as the replay takes it. */
export const someInput = someScenario.map((scenario) => ({
  lanes: lanesOf(scenario),
  timeline: timelineOf(scenario.rows),
  policy: policyOf(scenario.policy),
  params: paramsOf(scenario.params),
}));
