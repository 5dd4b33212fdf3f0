import { describe, expect, test } from 'vitest';
import { latencySkew } from '../../core/analysis/latency.ts';
import { countsOf, skew } from '../../core/analysis/skew.ts';
import { digest } from '../../core/analysis/skew-digest.ts';
import { judge } from '../../core/analysis/verdict.ts';
import { KEPT, LOST, OUTSIDE } from '../../core/model/outcome.ts';

/** A lane out of `key fate` pairs, 1 ns apart: `+` kept, `-` lost, `.` outside. */
function lane(text: string): { t: Float64Array; keys: Uint32Array; fates: Uint8Array } {
  const samples = text.trim().split(/\s+/);
  const fate: Record<string, number> = { '+': KEPT, '-': LOST, '.': OUTSIDE };
  return {
    t: Float64Array.from(samples, (_, i) => i),
    keys: Uint32Array.from(samples, (s) => s.charCodeAt(0) - 97),
    fates: Uint8Array.from(samples, (s) => fate[s[1]]!),
  };
}

describe('skew', () => {
  const result = skew([lane('a+ a+ a- a- b+ b+ c+ c. '), lane('c+ c+ d-')], 5)!;

  test('shares, differences, ranks', () => {
    expect([result.reference, result.kept]).toEqual([10, 7]);
    const { keys } = result;
    // a 4 → 2, c 3 → 3, b 2 → 2, d 1 → 0; key e has no sample.
    expect([...keys.key]).toEqual([0, 2, 1, 3]);
    expect([...keys.reference]).toEqual([4, 3, 2, 1]);
    expect([...keys.kept]).toEqual([2, 3, 2, 0]);
    expect(keys.difference[0]).toBeCloseTo(100 * (2 / 7 - 0.4), 12);
    expect(keys.ratio[1]).toBeCloseTo(3 / 7 / 0.3, 12);
    // d vanished: it leaves both lists.
    expect([...keys.rank]).toEqual([2, 1, 3, 0]);
    expect(result.vanished).toBe(1);
    expect(result.tvd).toBeCloseTo(0.4 - 2 / 7 + 0.1, 12);
    expect(result.top10Recall).toBe(1);
  });

  test('no survivors, no skew', () => {
    expect(skew([lane('a- b- c.')], 3)).toBeUndefined();
    expect(skew([], 0)).toBeUndefined();
  });

  test('rank-biased overlap with p = 0.9', () => {
    // a b c becomes b a c: nothing in common at depth 1, all from depth 2 on. 0.9³ + (0.1 / 0.9) · (0.9² + 0.9³).
    const swapped = skew([lane('a+ a+ a+ a- a- b+ b+ b+ b+ c+ c+')], 3)!;
    expect([...swapped.keys.rank]).toEqual([2, 1, 3]);
    expect(swapped.rankBiasedOverlap).toBeCloseTo(0.9, 12);
  });

  test('nothing lost: no distance, and no cause', () => {
    const same = skew([lane('a+ b+ b+')], 2)!;
    expect([same.tvd, same.jsDistance, same.cause.word, same.rankBiasedOverlap]).toEqual([0, 0, 'nothing lost', 1]);
    expect([...same.keys.significant]).toEqual([0, 0]);
  });

  test('losses that follow a key are found, and say when', () => {
    // Key b is active in the second half, and most of it is lost.
    const n = 4000;
    const fates = Uint8Array.from({ length: n }, (_, i) => (i >= n / 2 && i % 4 !== 0 ? LOST : KEPT));
    const keys = Uint32Array.from({ length: n }, (_, i) => (i < n / 2 ? 0 : 1));
    const t = Float64Array.from({ length: n }, (_, i) => i * 1000);
    const found = skew([{ t, keys, fates }], 2)!;
    expect(found.cause.pValue).toBeLessThan(0.05);
    expect([...found.keys.significant]).toEqual([1, 1]);
    expect(found.keys.difference[1]).toBeCloseTo(20 - 50, 6);
    expect(found.keys.correlation[1]).toBeCloseTo(-1, 6);
    expect(found.time.coverage[10]).toBe(1);
    expect(found.time.coverage[90]).toBe(0.25);
    const summary = { coverage: found.kept / found.reference, vmDead: false, reference: found.reference };
    const verdict = judge(
      summary,
      countsOf(found, (key) => 'ab'[key]),
    );
    expect(verdict.word).toBe('misleading');
    expect(verdict.key?.name).toBe('a');
    const plain = JSON.parse(JSON.stringify(digest(found, (key) => 'ab'[key], 1)));
    expect(plain.keys).toBe(2);
    expect(plain.rows).toHaveLength(1);
    expect(plain.time.coverage).toHaveLength(100);
  });
});

describe('latency skew', () => {
  test('quantiles are numpy.quantile, the distance scipy.stats.ks_2samp', () => {
    const latency = Uint16Array.of(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 999, 999);
    const fates = Uint8Array.of(0, 0, 0, 0, 0, LOST, LOST, LOST, LOST, 0, OUTSIDE, 0);
    const known = Uint8Array.of(1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0);
    const result = latencySkew([{ latency, fates, known }])!;
    expect(result.reference).toEqual({ n: 10, p50: 5.5, p90: 9.1, p99: 9.91 });
    expect(result.kept.n).toBe(6);
    expect(result.ks).toBeCloseTo(1 / 3, 12);
    expect(latencySkew([{ latency, fates: new Uint8Array(12).fill(LOST) }])).toBeUndefined();
  });
});
