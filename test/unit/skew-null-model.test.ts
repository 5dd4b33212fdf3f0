import { describe, expect, test } from 'vitest';
import { logProbability } from '../../core/analysis/hypergeometric.ts';
import { nullModel } from '../../core/analysis/null-model.ts';
import { createRandom } from '../../core/model/random.ts';

/** TVD of every way to keep n of the samples, each as likely as the others. */
function enumerate(counts: readonly number[], kept: number): number[] {
  const samples = counts.flatMap((count, key) => Array.from({ length: count }, () => key));
  const values: number[] = [];
  for (let subset = 0; subset < 2 ** samples.length; subset++) {
    const survivors = samples.filter((_, i) => subset & (1 << i));
    if (survivors.length !== kept) continue;
    const share = (key: number): number => survivors.filter((k) => k === key).length / kept;
    values.push(counts.reduce((sum, count, key) => sum + Math.abs(share(key) - count / samples.length), 0) / 2);
  }
  return values.sort((a, b) => a - b);
}

/** The exact mean of the TVD: the mean absolute deviation of each key's hypergeometric count. */
function exactMean(counts: readonly number[], kept: number): number {
  const total = counts.reduce((a, b) => a + b, 0);
  return counts.reduce((sum, count) => {
    let deviation = 0;
    for (let x = 0; x <= count; x++)
      deviation += Math.exp(logProbability(x, count, total, kept)) * Math.abs(x / kept - count / total);
    return sum + deviation / 2;
  }, 0);
}

describe('null model', () => {
  test.each([
    [[5, 3, 2, 1, 1], 6],
    [[4, 4, 4], 9],
    [[3, 1, 1, 1, 1, 1, 1, 1, 1, 1], 9],
    [[2, 2, 2, 2, 2, 2], 10],
  ])('agrees with all subsets of %j, %d kept', (counts, kept) => {
    const all = enumerate(counts, kept);
    const mean = all.reduce((a, b) => a + b, 0) / all.length;
    const deviation = Math.sqrt(all.reduce((sum, v) => sum + (v - mean) ** 2, 0) / all.length);
    const observed = all[Math.floor(all.length * 0.8)]!;
    const share = all.filter((v) => v >= observed - 1e-12).length / all.length;
    const model = nullModel(Uint32Array.from(counts), kept, observed, 20_000, createRandom(3));
    expect(model.draws).toBe(20_000);
    expect(Math.abs(model.mean - mean)).toBeLessThan((4 * deviation) / Math.sqrt(20_000) + 1e-12);
    expect(Math.abs(model.pValue - share)).toBeLessThan(4 * Math.sqrt((share * (1 - share)) / 20_000) + 1e-3);
    expect(model.excess).toBeCloseTo(observed - model.mean, 12);
  });

  const zipf = Array.from({ length: 3000 }, (_, i) => 1 + Math.floor(40_000 / (i + 1)));
  const samples = zipf.reduce((a, b) => a + b, 0);

  // Few lost of many keys; many, of small and large keys; more lost than kept.
  test.each([samples - 700, samples - 1600, Math.floor(samples * 0.65), Math.floor(samples * 0.2), 900])(
    'has the exact mean with 3000 keys, %d kept',
    (kept) => {
      const model = nullModel(Uint32Array.from(zipf), kept, 0, 400, createRandom(kept));
      // The draws' own scatter is a few per mille of the mean.
      expect(model.mean / exactMean(zipf, kept)).toBeCloseTo(1, 2);
      expect(model.p95).toBeGreaterThan(model.mean);
      expect(model.pValue).toBe(1);
    },
  );

  test('nothing lost, nothing to draw', () => {
    const model = nullModel(Uint32Array.of(5, 5), 10, 0, 1000, createRandom(1));
    expect(model).toEqual({ draws: 1000, mean: 0, p95: 0, pValue: 1, excess: 0 });
  });

  test('the smallest p-value is one in draws + 1', () => {
    const model = nullModel(Uint32Array.of(500, 500), 500, 0.5, 999, createRandom(1));
    expect(model.pValue).toBe(0.001);
  });

  test('is the same for the same seed', () => {
    const once = (): unknown => nullModel(Uint32Array.from(zipf), 30_000, 0.01, 50, createRandom(9));
    expect(once()).toEqual(once());
  });
});
