import { describe, expect, test } from 'vitest';
import { compareProfiles } from '../../core/analysis/compare.ts';
import type { KeyedLane } from '../../core/analysis/over-time.ts';
import { KEPT, LOST } from '../../core/model/outcome.ts';
import { createRandom } from '../../core/model/random.ts';

const nameOf = (key: number) => `k${key}`;

/** One sample every ns; all kept. */
function profile(keys: ArrayLike<number>): KeyedLane[] {
  const n = keys.length;
  return [{ t: Float64Array.from({ length: n }, (_, i) => i), keys: Uint32Array.from(keys), fates: new Uint8Array(n) }];
}

/** Keys drawn one by one, key k with share weights[k]. */
function drawn(n: number, weights: readonly number[], seed: number): KeyedLane[] {
  const random = createRandom(seed);
  return profile(
    Uint32Array.from({ length: n }, () => {
      let u = random.uniform();
      let key = 0;
      while (key < weights.length - 1 && u >= weights[key]!) u -= weights[key++]!;
      return key;
    }),
  );
}

const quick = { draws: 199 };

describe('two profiles', () => {
  test('the same one twice is alike', () => {
    const p = drawn(1000, [0.5, 0.3, 0.2], 1);
    expect(compareProfiles(p, p, 3, nameOf, quick)).toMatchObject({
      a: 1000,
      b: 1000,
      tvd: 0,
      jsDistance: 0,
      null: { pValue: 1 },
      significantKeys: 0,
      word: 'alike',
      moved: [],
    });
  });

  test('shares and distances of a small table, of which nothing can be said', () => {
    const found = compareProfiles(profile([...Array(8).fill(0), 1, 1]), profile([0, 1, 1, 1, 1, 1]), 2, nameOf, quick);
    expect(found?.tvd).toBeCloseTo(0.8 - 1 / 6, 12);
    const row = found?.rows.find((r) => r.name === 'k0');
    expect(row).toMatchObject({ a: 8, b: 1, shareA: 0.8, low: null, high: null, adjusted: null, significant: false });
    expect(row?.difference).toBeCloseTo(100 * (0.8 - 1 / 6), 10);
    expect(found?.word).toBe("can't tell");
  });

  test('a key that moved makes them different, and only kept samples count', () => {
    const a = drawn(5000, [0.4, 0.4, 0.2], 1);
    const b = drawn(5000, [0.5, 0.3, 0.2], 2);
    const found = compareProfiles(a, b, 3, nameOf, quick)!;
    expect(found.word).toBe('different');
    expect(found.moved).toEqual(['k0', 'k1']);
    const k0 = found.rows.find((r) => r.name === 'k0')!;
    expect(k0.low).toBeLessThan(-10);
    expect(k0.high).toBeGreaterThan(-13);
    expect(k0.high).toBeLessThan(0);
    expect(compareProfiles(a, [{ ...b[0]!, fates: new Uint8Array(5000).fill(1) }], 3, nameOf)).toBeUndefined();
  });

  test('with two keys, each moves as far as the other: one p-value for keys and distance, mirrored intervals', () => {
    for (const seed of [1, 2, 3, 4]) {
      const found = compareProfiles(
        drawn(2000, [0.6, 0.4], seed),
        drawn(2000, [0.57, 0.43], seed + 10),
        2,
        nameOf,
        quick,
      )!;
      const [x, y] = [0, 1].map((key) => found.rows.find((r) => r.name === `k${key}`)!);
      expect(found.null!.pValue).toBeGreaterThan(1 / 200);
      expect([x!.adjusted, y!.adjusted]).toEqual([found.null!.pValue, found.null!.pValue]);
      expect(x!.difference).toBeCloseTo(-y!.difference, 9);
      expect(x!.low).toBeCloseTo(-y!.high!, 9);
      expect(x!.high).toBeCloseTo(-y!.low!, 9);
    }
  });

  test('without samples, or with none kept, there is nothing to compare', () => {
    const none = profile([]);
    const lost = profile([0, 1]).map((lane) => ({ ...lane, fates: lane.fates.map(() => LOST) }));
    for (const side of [none, lost]) {
      expect(compareProfiles(side, profile([0, 1]), 2, nameOf, quick)).toBeUndefined();
      expect(compareProfiles(profile([0, 1]), side, 2, nameOf, quick)).toBeUndefined();
    }
  });

  test('p-values are uniform when both come from one source', () => {
    const values = Array.from({ length: 60 }, (_, i) => {
      const [a, b] = [drawn(600, [0.5, 0.3, 0.1, 0.1], 2 * i), drawn(300, [0.5, 0.3, 0.1, 0.1], 2 * i + 1)];
      return compareProfiles(a, b, 4, nameOf, quick)?.null?.pValue ?? NaN;
    }).sort((x, y) => x - y);
    // Kolmogorov–Smirnov against the uniform distribution: 1.63 / sqrt(60) = 0.21 at 1 %.
    const ks = Math.max(...values.map((p, i) => Math.max(Math.abs((i + 1) / 60 - p), Math.abs(p - i / 60))));
    expect(ks).toBeLessThan(0.21);
  });

  test('blocks are as long as the phases ask for, and too few of them tell nothing', () => {
    const phases = (length: number, seed: number) => {
      const random = createRandom(seed);
      let key = 0;
      return profile(
        Uint32Array.from({ length: 20_000 }, (_, i) => (i % length === 0 ? (key = random.below(4)) : key)),
      );
    };
    const short = compareProfiles(phases(20, 1), phases(20, 2), 4, nameOf, quick);
    expect(short?.blocks).toBeGreaterThan(60);
    const long = compareProfiles(phases(4000, 1), phases(4000, 2), 4, nameOf, quick);
    expect(long).toMatchObject({ word: "can't tell" });
    expect(long?.null).toBeUndefined();
  });

  describe('paired: two outcomes of the same samples', () => {
    const N = 4000;
    const base = drawn(N, [0.5, 0.3, 0.2], 7)[0]!;
    /** Loses what `lost` says. */
    const outcome = (lost: (i: number) => boolean): KeyedLane[] => [
      { ...base, fates: Uint8Array.from({ length: N }, (_, i) => (lost(i) ? 1 : 0)) },
    ];
    const paired = { ...quick, paired: true };

    test('coverage differs with an interval around the difference; the same outcome twice differs in nothing', () => {
      const a = outcome((i) => i % 50 === 0);
      const found = compareProfiles(
        a,
        outcome((i) => i % 10 === 0),
        3,
        nameOf,
        paired,
      )!;
      expect(found.coverage).toMatchObject({ a: 0.98, b: 0.9 });
      expect(found.coverage.difference).toBeCloseTo(8, 10);
      expect(found.coverage.low).toBeGreaterThan(7.7);
      expect(found.coverage.high).toBeLessThan(8.3);
      const same = compareProfiles(a, a, 3, nameOf, paired)!;
      expect(same).toMatchObject({
        tvd: 0,
        null: { pValue: 1, mean: 0, p95: 0 },
        word: 'alike',
        coverage: { low: 0, high: 0 },
      });
      const whole = outcome(() => false);
      const unhurt = compareProfiles(whole, whole, 3, nameOf, paired)!;
      expect(unhurt).toMatchObject({ tvd: 0, word: 'alike', significantKeys: 0 });
      expect(unhurt.null).toBeUndefined();
    });

    test('under the null both masks move together, by every distance there is', () => {
      const [n, width] = [60, 3];
      const random = createRandom(5);
      const keys = Uint32Array.from({ length: n }, () => random.below(width));
      const masks = [0.2, 0.5].map((share) => Array.from({ length: n }, () => random.uniform() < share));
      const sides = masks.map((mask): KeyedLane[] => [
        { t: Float64Array.from(keys.keys()), keys, fates: Uint8Array.from(mask, (lost) => (lost ? LOST : KEPT)) },
      ]);
      const found = compareProfiles(sides[0]!, sides[1]!, width, nameOf, paired)!;
      const distances = Array.from({ length: n - 1 }, (_, j) => {
        const [x, y] = masks.map((mask) => {
          const kept = [...keys].filter((_key, i) => !mask[(i + j + 1) % n]);
          return Array.from({ length: width }, (_key, k) => kept.filter((key) => key === k).length / kept.length);
        });
        return x!.reduce((sum, share, k) => sum + Math.abs(share - y![k]!), 0) / 2;
      }).sort((a, b) => a - b);
      expect(found.blocks).toBe(n - 1);
      expect(found.null!.mean).toBeCloseTo(distances.reduce((sum, d) => sum + d, 0) / distances.length, 12);
      expect(found.null!.p95).toBeCloseTo(distances[Math.ceil(0.95 * distances.length) - 1]!, 12);
      const atLeast = distances.filter((d) => d >= found.tvd - 1e-12).length;
      expect(found.null!.pValue).toBeCloseTo((1 + atLeast) / (n - 1 + 1), 12);
    });

    test('is surer than two separate profiles would be', () => {
      // B loses every other sample of key 0; the course of both is the same.
      const b = outcome((i) => base.keys[i] === 0 && i % 2 === 0);
      const together = compareProfiles(
        outcome(() => false),
        b,
        3,
        nameOf,
        paired,
      );
      expect(together?.null?.pValue).toBeLessThan(0.02);
      expect(together?.rows.find(({ name }) => name === 'k0')?.significant).toBe(true);
      expect(together?.word).toBe('different');
    });

    test('p-values are uniform when the losses know nothing of the keys', () => {
      const values = Array.from({ length: 60 }, (_, k) => {
        const random = createRandom(k);
        const lose = (): KeyedLane[] => outcome(() => random.uniform() < 0.1);
        return compareProfiles(lose(), lose(), 3, nameOf, paired)?.null?.pValue ?? NaN;
      }).sort((x, y) => x - y);
      const ks = Math.max(...values.map((p, i) => Math.max(Math.abs((i + 1) / 60 - p), Math.abs(p - i / 60))));
      expect(ks).toBeLessThan(0.21);
    });
  });
});
