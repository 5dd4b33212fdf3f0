// Expected values: numpy 1.26 / scipy 1.17.1 on the same input, the function named beside them, unless a comment says otherwise.
import { describe, expect, test } from 'vitest';
import { correlation, quantile, spread } from '../../core/analysis/numbers.ts';
import { kendallTauB, order, rankBiasedOverlap, recall } from '../../core/analysis/ranks.ts';
import { Reference } from '../../core/analysis/reference.ts';
import { nullDistribution, simultaneous } from '../../core/analysis/simultaneous.ts';
import { jensenShannon, keyCounts } from '../../core/analysis/skew.ts';
import { KEPT, LOST, OUTSIDE } from '../../core/model/outcome.ts';
import { createRandom } from '../../core/model/random.ts';

describe('random numbers', () => {
  // From a reimplementation in Python on plain integers.
  test.each([
    [1, [393288148, 2174103013, 3814759091, 2092745082]],
    [2 ** 53 - 1, [1843362042, 985676716, 612476005, 2437270429]],
    [0, [1789933344, 44971166, 2521387044, 3848737593]],
  ])('seed %d gives its sequence', (seed, expected) => {
    const random = createRandom(seed);
    expect(expected.map(() => random.next())).toEqual(expected);
  });

  test('below(n) hits each value about equally often', () => {
    const random = createRandom(5);
    const counts = new Float64Array(7);
    for (let i = 0; i < 70_000; i++) counts[random.below(7)]++;
    const chiSquare = counts.reduce((sum, n) => sum + (n - 10_000) ** 2 / 10_000, 0);
    expect(chiSquare).toBeLessThan(22.5); // 99.9 % of 6 degrees of freedom
  });
});

describe('numbers', () => {
  test('quantile is numpy.quantile', () => {
    expect([0.5, 0.9, 0.99].map((p) => quantile([1, 2, 4, 8, 16], p))).toEqual([4, 12.8, 15.68]);
    expect(quantile([7], 0.99)).toBe(7);
    expect(quantile([], 0.5)).toBeNaN();
  });

  test('correlation is numpy.corrcoef, pairs with NaN left out', () => {
    expect(correlation([1, 2, NaN, 3, 4], [1, 3, 7, 2, 5])).toBeCloseTo(0.8315218406202999, 14);
    expect(correlation([1, 1, 1], [1, 2, 3])).toBeUndefined();
  });

  test('spread', () => {
    expect(spread([3, 1, 2])).toEqual({ mean: 2, p5: 1.1, p95: 2.9 });
    expect(spread([])).toBeUndefined();
  });
});

test('a null distribution counts its draws in 40 bins from least to greatest, and those at least as far as observed', () => {
  const random = createRandom(3);
  const distances = Float64Array.from({ length: 999 }, () => 10 + 4 * random.uniform());
  const sorted = distances.toSorted();
  const { mean, p95, pValue, excess, histogram } = nullDistribution(distances, 13, 2);
  expect(mean).toBeCloseTo(distances.reduce((sum, d) => sum + d, 0) / 999 / 2, 12);
  expect([p95, excess]).toEqual([sorted[949]! / 2, 6.5 - mean]);
  expect(pValue).toBeCloseTo((1 + distances.filter((d) => d >= 13).length) / 1000, 12);
  expect([histogram.low, histogram.high]).toEqual([sorted[0]! / 2, sorted[998]! / 2]);
  const width = (sorted[998]! - sorted[0]!) / 40;
  const counts = histogram.counts.map(
    (_, b) => distances.filter((d) => Math.min(39, Math.floor((d - sorted[0]!) / width)) === b).length,
  );
  expect(histogram.counts).toHaveLength(40);
  // A draw on an edge may fall to either side of it.
  histogram.counts.forEach((n, b) => expect(Math.abs(n - counts[b]!)).toBeLessThanOrEqual(1));
  expect(nullDistribution(Float64Array.of(7, 7), 7).histogram.counts[0]).toBe(2);
});

test('keys that no draw moves get neither p-value nor interval; the rest hold together', () => {
  const moves = [
    [1, 0],
    [-2, 0],
    [3, 0],
  ];
  const sigma = Float64Array.of(Math.sqrt(14 / 3), 0);
  const found = simultaneous(3, (j, e) => moves[j]![e]!, sigma, Float64Array.of(2, 1));
  expect([...found.adjusted]).toEqual([3 / 4, NaN]);
  expect(found.half[0]).toBeCloseTo(3, 12);
  expect(found.half[1]).toBeNaN();
});

test('counts by key, of the reference and of what is left', () => {
  const keys = Uint32Array.of(2, 0, 2, 2, 1, 0);
  const lanes = [
    { t: Float64Array.from(keys.keys()), keys, fates: Uint8Array.of(KEPT, LOST, KEPT, LOST, OUTSIDE, KEPT) },
  ];
  const reference = new Reference(lanes, 3);
  const counts = keyCounts(reference, reference.losses(lanes.map(({ fates }) => fates)), (key) => `k${key}`);
  expect(counts).toMatchObject({ reference: Uint32Array.of(3, 2), kept: Uint32Array.of(2, 1), total: 5, survivors: 3 });
  expect([0, 1].map(counts.nameOf)).toEqual(['k2', 'k0']);
});

describe('ranks and distances', () => {
  test('order breaks ties by the second column, then by index', () => {
    expect([...order([2, 5, 5, 2], [0, 1, 2, 0])]).toEqual([2, 1, 0, 3]);
  });

  test("Kendall's tau-b is scipy.stats.kendalltau", () => {
    expect(kendallTauB([12, 2, 1, 12, 2], [1, 4, 7, 1, 0])).toBeCloseTo(-0.4714045207910316, 14);
    expect(kendallTauB([5, 4, 3, 2, 1], [5, 3, 4, 2, 1])).toBeCloseTo(0.8, 14);
    expect(kendallTauB([1, 1], [1, 2])).toBeUndefined();
  });

  test('rank-biased overlap', () => {
    const list = (...keys: number[]): Uint32Array => Uint32Array.from(keys);
    // By the definition: overlap at depths 1 … 4 is 0, 1, 2/3, 3/4; extrapolated with 3/4.
    expect(rankBiasedOverlap(list(1, 2, 3, 4), list(2, 1, 4, 5), 0.9)).toBeCloseTo(0.69075, 12);
    expect(rankBiasedOverlap(list(1, 2, 3), list(4, 5, 6), 0.9)).toBe(0);
    expect(rankBiasedOverlap(list(4, 2, 9), list(4, 2, 9), 0.9)).toBeCloseTo(1, 12);
    expect(recall(list(1, 2, 3, 4), list(4, 9, 1, 8))).toBe(0.5);
  });

  test('Jensen–Shannon distance is scipy.spatial.distance.jensenshannon, base 2', () => {
    const js = (p: number[], q: number[]): number => jensenShannon(Float64Array.from(p), Float64Array.from(q));
    expect(js([0.5, 0.3, 0.2], [0.4, 0.4, 0.2])).toBeCloseTo(0.09584323377689244, 14);
    expect(js([1, 0], [0, 1])).toBe(1);
    expect(js([0.1, 0.9], [0.1, 0.9])).toBe(0);
  });
});
