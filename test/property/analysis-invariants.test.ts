import fc from 'fast-check';
import { expect, test } from 'vitest';
import { skew } from '../../core/analysis/skew.ts';
import { observeBlackouts } from '../../core/analysis/observed.ts';

const samples = fc.array(fc.record({ gap: fc.nat(1000), key: fc.nat(7), fate: fc.constantFrom(0, 0, 0, 1, 3, 255) }), {
  maxLength: 80,
});

test('skew stays within its bounds for any samples', () => {
  fc.assert(
    fc.property(fc.array(samples, { maxLength: 3 }), (lanes) => {
      const columns = lanes.map((lane) => {
        let t = 0;
        return {
          t: Float64Array.from(lane, ({ gap }) => (t += gap)),
          keys: Uint32Array.from(lane, ({ key }) => key),
          fates: Uint8Array.from(lane, ({ fate }) => fate),
        };
      });
      const all = lanes.flat().filter(({ fate }) => fate !== 255);
      const kept = all.filter(({ fate }) => fate === 0).length;
      const result = skew(columns, 8);
      expect(result?.kept ?? 0).toBe(kept);
      if (!result) return;
      const { keys } = result;
      const sum = (column: ArrayLike<number>): number => Array.from(column).reduce((a, b) => a + b, 0);
      expect(sum(keys.reference)).toBe(all.length);
      expect(sum(keys.kept)).toBe(kept);
      expect(sum(keys.difference)).toBeCloseTo(0, 9);
      const ranked = [...keys.rank].filter((rank) => rank > 0).sort((a, b) => a - b);
      expect(ranked).toEqual(ranked.map((_, i) => i + 1));
      expect(keys.n - ranked.length).toBe(result.vanished);
      const unit = [
        result.tvd,
        result.jsDistance,
        result.top10Recall,
        result.cause.pValue ?? 1,
        ...keys.adjusted.filter((p) => !Number.isNaN(p)),
      ];
      // The TVD can't be above what the lost share allows.
      expect(result.tvd).toBeLessThanOrEqual(1 - kept / all.length + 1e-12);
      for (const value of [...unit, result.rankBiasedOverlap]) {
        expect(value).toBeGreaterThanOrEqual(0);
        expect(value).toBeLessThanOrEqual(1 + 1e-12);
      }
      keys.low.forEach((low, i) => expect(Number.isNaN(low) || low <= keys.high[i]).toBe(true));
    }),
    { numRuns: 300, seed: 20261 },
  );
});

test('observed blackouts are sorted, disjoint and no darker than long', () => {
  const times = fc.array(fc.nat(2000), { maxLength: 60 }).map((gaps) => {
    let t = 0;
    return Float64Array.from(gaps, (gap) => (t += gap ** 2));
  });
  fc.assert(
    fc.property(
      times,
      times,
      times,
      times,
      fc.array(fc.nat(15), { minLength: 60, maxLength: 60 }),
      (t, edges, aux, lost, flags) => {
        const found = observeBlackouts([
          {
            lane: 0,
            t,
            running: edges.subarray(0, edges.length & ~1),
            aux: { t: aux, flags: Uint32Array.from(aux, (_, i) => flags[i]) },
            lost: { t: lost, count: new Float64Array(lost.length).fill(1) },
          },
        ]);
        for (let i = 0; i < found.n; i++) {
          const length = found.end[i] - found.start[i];
          expect(length).toBeGreaterThan(0);
          expect(found.darkNs[i]).toBeGreaterThanOrEqual(0);
          expect(found.darkNs[i]).toBeLessThanOrEqual(length);
          if (i > 0) expect(found.start[i]).toBeGreaterThanOrEqual(found.end[i - 1]);
        }
      },
    ),
    { numRuns: 500, seed: 20262 },
  );
});
