import { expect, it } from 'vitest';
import { LatencyReference, latencySkew } from '../../core/analysis/latency.ts';
import { activityCorrelations, countOverTime, coverageOverTime } from '../../core/analysis/over-time.ts';
import { lostIn, lostRuns, runsInSessions, sameRuns, sessionsIn } from '../../core/analysis/loss-runs.ts';
import { FoldedReference } from '../../core/analysis/folded-reference.ts';
import { Reference } from '../../core/analysis/reference.ts';
import { skew, skewOfLosses, skewsOfLosses } from '../../core/analysis/skew.ts';
import { KEPT, LOST, OUTSIDE } from '../../core/model/outcome.ts';
import { createRandom } from '../../core/model/random.ts';

const random = createRandom(8);
const KEYS = 40;

/** Fates with losses in bursts; samples outside the two sessions of each lane belong to none. */
function outcome(sizes: readonly number[], gap: number): Uint8Array[] {
  return sizes.map((n) => {
    const fates = new Uint8Array(n).fill(KEPT);
    for (let i = random.below(gap); i < n; i += 1 + random.below(gap)) fates.fill(LOST, i, i + random.below(30));
    fates.fill(OUTSIDE, 0, 50).fill(OUTSIDE, n >> 1, (n >> 1) + 70);
    return fates;
  });
}

const sizes = [6000, 3100];
const lanes = sizes.map((n) => ({
  t: Float64Array.from({ length: n }, (_, i) => 1000 * i),
  keys: Uint32Array.from({ length: n }, (_, i) => (random.below(4) ? (i >> 7) % KEYS : random.below(KEYS))),
  latency: Uint16Array.from({ length: n }, () => random.below(900)),
  known: Uint8Array.from({ length: n }, () => (random.below(9) ? 1 : 0)),
}));
const outcomes = [400, 90, 25, 12].map((gap) => outcome(sizes, gap));
const withFates = (fates: readonly Uint8Array[]) => lanes.map((lane, l) => ({ ...lane, fates: fates[l] }));

it('a reference that outcomes share gives each what it gets by itself', () => {
  const shared = new Reference(withFates(outcomes[0]), KEYS);
  const inside = outcomes[0].map(sessionsIn);
  const latencies = new LatencyReference(lanes, inside);
  for (const fates of outcomes) {
    const runs = inside.map((lane, l) => lostRuns(fates[l], lane));
    const found = skewOfLosses(shared, shared.lossesOf(runs));
    expect(found).toEqual(skew(withFates(fates), KEYS));
    expect(latencies.skewOf(runs)).toEqual(latencySkew(withFates(fates)));
    // Coverage over time and its correlations, counted sample by sample.
    const time = countOverTime(withFates(fates), KEYS, shared.key.slice(0, 3), 100);
    const coverage = coverageOverTime(time);
    expect(found?.time.coverage).toEqual(coverage);
    expect(found?.keys.correlation.slice(0, 3)).toEqual(activityCorrelations(time, coverage));
  }
});

it('outcomes are the same when they lose the same samples, whatever took them', () => {
  const [fates] = outcomes;
  const inside = fates.map(sessionsIn);
  const runs = (of: readonly Uint8Array[]) => of.map((lane, l) => lostRuns(lane, inside[l]));
  const otherKind = fates.map((lane) => lane.map((fate) => (fate === LOST ? LOST + 2 : fate)));
  expect(sameRuns(runs(fates), runs(otherKind))).toBe(true);
  const one = fates.map((lane) => lane.slice());
  one[1][100] = one[1][100] === KEPT ? LOST : KEPT;
  expect(sameRuns(runs(fates), runs(one))).toBe(false);
});

it('fates of another reference are refused', () => {
  const shared = new Reference(withFates(outcomes[0]), KEYS);
  const others = outcomes[0].map((lane) => lane.slice().fill(OUTSIDE, 1000, 1010));
  expect(() => shared.losses(others)).toThrow(/outside every session/);
});

it('coarser keys get what counting them by themselves gives', () => {
  const coarse = [5, 1].map((by) => Uint32Array.from({ length: KEYS }, (_, key) => (key * by) % 9));
  const shared = new Reference(withFates(outcomes[0]), KEYS);
  const profiles = [...coarse.map((keyOf) => new FoldedReference(shared, keyOf, 9)), shared];
  for (const fates of outcomes) {
    const losses = profiles.map((profile) => profile.lossesOf(shared.losses(fates).runs));
    const alone = coarse.map((keyOf) =>
      skew(
        withFates(fates).map((lane) => ({ ...lane, keys: lane.keys.map((key) => keyOf[key]) })),
        9,
      ),
    );
    expect(skewsOfLosses(profiles, losses)).toEqual([...alone, skew(withFates(fates), KEYS)]);
  }
});

it('runs by their samples are those by their fates', () => {
  for (const fates of outcomes.flat()) {
    const inside = sessionsIn(fates);
    expect(runsInSessions(lostIn(fates), inside)).toEqual(lostRuns(fates, inside));
  }
  expect(() => runsInSessions(Uint32Array.of(10, 20), Uint32Array.of(0, 15, 18, 30))).toThrow(/outside every session/);
});
