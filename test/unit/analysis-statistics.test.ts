// Expected values: numpy 1.26 / scipy 1.17.1 on the same input, the function named beside them, unless a comment says otherwise.
import { describe, expect, test } from 'vitest';
import { draw, logProbability, twoSidedP } from '../../core/analysis/hypergeometric.ts';
import { correlation, quantile, spread } from '../../core/analysis/numbers.ts';
import { kendallTauB, order, rankBiasedOverlap, recall } from '../../core/analysis/ranks.ts';
import { benjaminiHochberg, jensenShannon } from '../../core/analysis/skew.ts';
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

describe('hypergeometric', () => {
  // scipy.stats.fisher_exact, two-sided.
  test.each([
    [1, 9, 21, 12, 0.00037083659374681044],
    [3, 10, 30, 8, 1],
    [0, 12, 40, 20, 4.509515076812074e-5],
    [9, 9, 30, 15, 0.0006996501749125437],
    [10, 10, 20, 10, 1.082508822446903e-5],
    [30, 100, 10000, 1000, 1.964093028320395e-8],
    [3, 100, 1000, 100, 0.012548024699060844],
    [40, 41, 1000, 700, 1.2402361455759303e-5],
    [1200, 5000, 100000, 20000, 1.2541605718210947e-12],
    [5200, 100000, 10_000_000, 500_000, 0.003707515637403136],
    [499_000, 1_000_000, 10_000_000, 5_000_000, 0.03510618218854376],
  ])('two-sided p of %d, %d marked of %d, %d drawn', (x, marked, total, drawn, p) => {
    expect(twoSidedP(x, marked, total, drawn) / p).toBeCloseTo(1, 7);
  });

  test('two-sided p is the sum of all outcomes that are no likelier, for every small case', () => {
    for (let total = 1; total <= 14; total++) {
      for (let marked = 0; marked <= total; marked++) {
        for (let drawn = 0; drawn <= total; drawn++) {
          const all = Array.from({ length: total + 1 }, (_, x) => Math.exp(logProbability(x, marked, total, drawn)));
          expect(all.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 12);
          all.forEach((own, x) => {
            if (own === 0) return;
            const expected = all.reduce((sum, other) => sum + (other <= own * (1 + 1e-7) ? other : 0), 0);
            expect(twoSidedP(x, marked, total, drawn)).toBeCloseTo(expected, 12);
          });
        }
      }
    }
  });

  // Both samplers (one by one, rejection) and all their mirror images.
  test.each([
    [3, 20, 8],
    [17, 20, 8],
    [30, 80, 40],
    [50, 80, 30],
    [60, 90, 70],
    [400, 100_000, 90_000],
    [3000, 4000, 1000],
  ])('draws of %d marked in %d, %d drawn follow the distribution', (marked, total, drawn) => {
    const random = createRandom(marked + total + drawn);
    const n = 40_000;
    const seen = new Float64Array(total + 1);
    for (let i = 0; i < n; i++) seen[draw(random, marked, total, drawn)]++;
    let chiSquare = 0;
    let cells = 0;
    let restSeen = n;
    let restExpected = n;
    seen.forEach((count, x) => {
      const expected = n * Math.exp(logProbability(x, marked, total, drawn));
      if (expected < 20) return;
      chiSquare += (count - expected) ** 2 / expected;
      cells++;
      restSeen -= count;
      restExpected -= expected;
    });
    if (restExpected > 5) chiSquare += (restSeen - restExpected) ** 2 / restExpected;
    // 99.99 % by Wilson and Hilferty.
    expect(chiSquare).toBeLessThan(cells * (1 - 2 / (9 * cells) + 3.72 * Math.sqrt(2 / (9 * cells))) ** 3);
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

  test('Benjamini–Hochberg is scipy.stats.false_discovery_control', () => {
    const p = [0.001, 0.008, 0.039, 0.041, 0.042, 0.06, 0.074, 0.205, 0.212, 0.216];
    const expected = [0.01, 0.04, 0.084, 0.084, 0.084, 0.1, 0.1057142857142857, 0.216, 0.216, 0.216];
    benjaminiHochberg(Float64Array.from(p)).forEach((value, i) => expect(value).toBeCloseTo(expected[i], 14));
  });
});
