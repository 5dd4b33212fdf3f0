// Do the statistics keep what they promise? Fixed seeds: these pass or fail for good.
import { expect, test } from 'vitest';
import { bootstrapIntervals, countOverTime } from '../../core/analysis/over-time.ts';
import { skew } from '../../core/analysis/skew.ts';
import { KEPT, LOST } from '../../core/model/outcome.ts';
import { createRandom } from '../../core/model/random.ts';
import type { Random } from '../../core/model/random.ts';

const weights = [0.3, 0.2, 0.15, 0.1, 0.08, 0.05, 0.04, 0.03, 0.02, 0.015, 0.01, 0.005];

function pick(random: Random, from: readonly number[]): number {
  let u = random.uniform() * from.reduce((a, b) => a + b, 0);
  for (let key = 0; key < from.length - 1; key++) if ((u -= from[key]) < 0) return key;
  return from.length - 1;
}

test('the p-value of the excess skew is uniform when losses are random', () => {
  const random = createRandom(11);
  const runs = 600;
  const pValues: number[] = [];
  const perKey: number[] = [];
  for (let run = 0; run < runs; run++) {
    const n = 3000;
    const share = 0.05 + 0.5 * random.uniform();
    const keys = Uint32Array.from({ length: n }, () => pick(random, weights));
    const fates = Uint8Array.from({ length: n }, () => (random.uniform() < share ? LOST : KEPT));
    const t = Float64Array.from({ length: n }, (_, i) => i);
    const result = skew([{ t, keys, fates }], weights.length, { draws: 199, bootstrap: 1, seed: run })!;
    pValues.push(result.nullModel.pValue);
    perKey.push(result.keys.pValue[0]);
  }
  // Kolmogorov–Smirnov against the uniform distribution, 1 % critical value 1.63 / sqrt(n); the p-values are multiples of 1/200.
  const distance = (values: number[]): number =>
    Math.max(...values.sort((a, b) => a - b).map((p, i) => Math.max(p - i / runs, (i + 1) / runs - p)));
  expect(distance(pValues)).toBeLessThan(1.63 / Math.sqrt(runs) + 1 / 200);
  // A discrete test is conservative: it rejects no more often than its level, and not much less with counts like these.
  const rejected = perKey.filter((p) => p <= 0.05).length / runs;
  expect(rejected).toBeGreaterThan(0.02);
  expect(rejected).toBeLessThan(0.05 + 2.6 * Math.sqrt((0.05 * 0.95) / runs));
});

test('false discoveries stay below the level when losses are random', () => {
  const random = createRandom(12);
  let falseAlarms = 0;
  const runs = 300;
  for (let run = 0; run < runs; run++) {
    const keys = Uint32Array.from({ length: 2000 }, () => pick(random, weights));
    const fates = Uint8Array.from(keys, () => (random.uniform() < 0.3 ? LOST : KEPT));
    const t = Float64Array.from(keys, (_, i) => i);
    const result = skew([{ t, keys, fates }], weights.length, { draws: 1, bootstrap: 1 })!;
    if (result.keys.significant.includes(1)) falseAlarms++;
  }
  expect(falseAlarms / runs).toBeLessThan(0.05 + 2.6 * Math.sqrt((0.05 * 0.95) / runs));
});

/**
 * A program in short phases with its own keys each; losses come in bursts, more of them in the phase of key 0. The phases are of random
 * length and independent, so that 100 blocks of a capture are exchangeable enough for the truth to be its long-run mean.
 */
function burstyCapture(random: Random, n: number): { t: Float64Array; keys: Uint32Array; fates: Uint8Array } {
  const keys = new Uint32Array(n);
  const fates = new Uint8Array(n);
  let phase = 0;
  let dark = 0;
  for (let i = 0; i < n; i++) {
    if (random.uniform() < 1 / 20) phase = random.below(3);
    keys[i] = random.uniform() < 0.7 ? phase : random.below(3);
    if (dark > 0) dark--;
    else if (random.uniform() < (phase === 0 ? 0.02 : 0.005)) dark = 15;
    fates[i] = dark > 0 ? LOST : KEPT;
  }
  return { t: Float64Array.from({ length: n }, (_, i) => i), keys, fates };
}

test('bootstrap intervals cover the truth about 95 % of the time', () => {
  const random = createRandom(13);
  const long = skew([burstyCapture(random, 2_000_000)], 3, { draws: 1, bootstrap: 1 })!;
  const truth = new Float64Array(3);
  long.keys.key.forEach((key, row) => (truth[key] = long.keys.difference[row] / 100));
  // The truth is a bias that matters, far from 0.
  expect(truth[0]).toBeLessThan(-0.02);
  const runs = 300;
  const covered = new Float64Array(3);
  for (let run = 0; run < runs; run++) {
    const counts = countOverTime([burstyCapture(random, 10_000)], 3, Uint32Array.of(0, 1, 2), 100);
    const { low, high } = bootstrapIntervals(counts, 400, createRandom(run));
    truth.forEach((value, key) => {
      if (low[key] <= value && value <= high[key]) covered[key]++;
    });
  }
  for (const hits of covered) {
    expect(hits / runs).toBeGreaterThan(0.91);
    expect(hits / runs).toBeLessThan(0.985);
  }
});
