// Expected values: numpy 1.26 / scipy 1.17.1 on the same input, the function named beside them, unless a comment says otherwise.
import { describe, expect, test } from 'vitest';
import { correlation, quantile, spread } from '../../core/analysis/numbers.ts';
import { kendallTauB, order, rankBiasedOverlap, recall } from '../../core/analysis/ranks.ts';
import { jensenShannon } from '../../core/analysis/skew.ts';
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
