/** Latency distributions, against sorting the values. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { latencyCurves, LatencyReference, latencySkew } from '../../core/analysis/latency.ts';
import type { LatencyLane } from '../../core/analysis/latency.ts';
import { lostRuns, sessionsIn } from '../../core/analysis/loss-runs.ts';
import { quantile } from '../../core/analysis/numbers.ts';
import { KEPT, LOST, OUTSIDE } from '../../core/model/outcome.ts';

const fate = fc.constantFrom(KEPT, KEPT, LOST, OUTSIDE);
const sample = fc.record({ latency: fc.integer({ min: 0, max: 40 }), known: fc.constantFrom(1, 1, 1, 0), fate });
const lanesOf = (samples: { latency: number; known: number; fate: number }[][]): LatencyLane[] =>
  samples.map((own) => ({
    latency: Uint16Array.from(own, (s) => s.latency),
    known: Uint8Array.from(own, (s) => s.known),
    fates: Uint8Array.from(own, (s) => s.fate),
  }));
const someLanes = fc.array(fc.array(sample, { maxLength: 40 }), { minLength: 1, maxLength: 3 }).map(lanesOf);

/** Latencies of the reference and of the survivors, ascending. */
function valuesOf(lanes: readonly LatencyLane[]): { all: Float64Array; kept: Float64Array } {
  const rows = lanes.flatMap(({ latency, known, fates }) =>
    Array.from(fates, (f, i) => ({ f, latency: latency[i]!, known: known?.[i] ?? 1 })).filter(
      (s) => s.f !== OUTSIDE && s.known,
    ),
  );
  const sorted = (list: typeof rows) => Float64Array.from(list, (s) => s.latency).sort();
  return { all: sorted(rows), kept: sorted(rows.filter((s) => s.f === KEPT)) };
}

const shareUpTo = (values: Float64Array, cycles: number): number =>
  values.filter((v) => v <= cycles).length / values.length;

describe('latencies of a reference and its survivors', () => {
  test('have the quantiles of the sorted values, and their largest distance', () => {
    fc.assert(
      fc.property(someLanes, (lanes) => {
        const { all, kept } = valuesOf(lanes);
        const found = latencySkew(lanes);
        if (kept.length === 0) {
          expect(found).toBeUndefined();
          return;
        }
        for (const [side, values] of [[found!.reference, all] as const, [found!.kept, kept] as const]) {
          expect(side.n).toBe(values.length);
          for (const [p, share] of [['p50', 0.5] as const, ['p90', 0.9] as const, ['p99', 0.99] as const])
            expect(side[p]).toBeCloseTo(quantile(values, share)!, 9);
        }
        const distances = Array.from({ length: 41 }, (_, c) => Math.abs(shareUpTo(all, c) - shareUpTo(kept, c)));
        expect(found!.ks).toBeCloseTo(Math.max(...distances), 12);
      }),
    );
  });

  test('are the same if only losses are counted', () => {
    fc.assert(
      fc.property(someLanes, (lanes) => {
        // Where samples lie in sessions is the reference's own.
        const inside = lanes.map(({ fates }) => sessionsIn(fates));
        const shared = new LatencyReference(lanes, inside);
        expect(shared.skewOf(lanes.map(({ fates }, l) => lostRuns(fates, inside[l]!)))).toEqual(latencySkew(lanes));
      }),
    );
  });

  test('as curves: exact points, at least every 1 / points of the reference, the last one all', () => {
    fc.assert(
      fc.property(someLanes, fc.constantFrom(2, 5, 400), (lanes, points) => {
        const { all, kept } = valuesOf(lanes);
        const { cycles, reference, kept: survivors } = latencyCurves(lanes, points);
        if (kept.length === 0) {
          expect(cycles).toHaveLength(0);
          return;
        }
        cycles.forEach((c, i) => {
          expect(reference[i]).toBeCloseTo(shareUpTo(all, c), 12);
          expect(survivors[i]).toBeCloseTo(shareUpTo(kept, c), 12);
          expect(all).toContain(c);
          if (i > 0) expect(c).toBeGreaterThan(cycles[i - 1]!);
        });
        expect(reference.at(-1)).toBe(1);
        // A step is left out only if it is smaller than 1 / points since the last one listed.
        for (const value of new Set(all)) {
          if (cycles.includes(value)) continue;
          const before = cycles.filter((c) => c < value).length;
          expect(before).toBeGreaterThan(0);
          expect(shareUpTo(all, value) - reference[before - 1]!).toBeLessThan(1 / points + 1e-12);
        }
        // And listed only if it is not, but for the first and the last.
        for (let i = 1; i < cycles.length - 1; i++)
          expect(reference[i]! - reference[i - 1]!).toBeGreaterThanOrEqual(1 / points - 1e-12);
      }),
    );
  });

  test('all known if no column says otherwise', () => {
    const lanes = [{ latency: Uint16Array.of(3, 5, 65535), fates: Uint8Array.of(KEPT, LOST, KEPT) }];
    expect(latencySkew(lanes)).toMatchObject({ reference: { n: 3, p50: 5 }, kept: { n: 2, p50: (3 + 65535) / 2 } });
    expect(latencyCurves(lanes)).toEqual({
      cycles: Float64Array.of(3, 5, 65535),
      reference: Float64Array.of(1 / 3, 2 / 3, 1),
      kept: Float64Array.of(1 / 2, 1 / 2, 1),
    });
  });
});
