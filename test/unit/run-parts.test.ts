import { describe, expect, it } from 'vitest';
import { latencyCurves, latencySkew } from '../../core/analysis/latency.ts';
import type { Summary } from '../../core/analysis/summary.ts';
import { countsIn, outcomeIn } from '../../core/lab/runs/part.ts';
import { createRandom } from '../../core/model/random.ts';
import { KEPT, LOST, OUTSIDE } from '../../core/model/outcome.ts';
import type { Lane, PolicyOutcome } from '../../core/model/outcome.ts';
import { code, windowKinds } from '../../core/model/terms.ts';

const lane = (number: number, t: number[]) => ({ lane: number, t: Float64Array.from(t) }) as Lane;
const dead = LOST + code(windowKinds, 'vm-dead');
const lanes = [lane(0, [0, 10, 20, 30]), lane(3, [5, 15, 25])];
const outcome = {
  fates: [Uint8Array.of(KEPT, LOST, KEPT, dead), Uint8Array.of(OUTSIDE, KEPT, LOST)],
} as unknown as PolicyOutcome;
const whole = { reference: 6, kept: 3, lost: 3, coverage: 0.5, vmDead: true, windows: 9 } as Summary;

describe('run-parts', () => {
  it('takes samples of other lanes and times out of the reference, both ends in', () => {
    const fates = (part: Parameters<typeof outcomeIn>[2]) => outcomeIn(lanes, outcome, part).fates.map((f) => [...f]);
    expect(fates({ lane: 3 })).toEqual([
      [OUTSIDE, OUTSIDE, OUTSIDE, OUTSIDE],
      [OUTSIDE, KEPT, LOST],
    ]);
    expect(fates({ from: 10, to: 20 })).toEqual([
      [OUTSIDE, LOST, KEPT, OUTSIDE],
      [OUTSIDE, KEPT, OUTSIDE],
    ]);
    expect(fates({})).toEqual(outcome.fates.map((f) => [...f]));
  });

  it('counts what is in the part, and a VM as dead only where it was', () => {
    const counts = (part: Parameters<typeof outcomeIn>[2]) => countsIn(whole, outcomeIn(lanes, outcome, part));
    expect(counts({})).toEqual(whole);
    expect(counts({ from: 0, to: 20 })).toMatchObject({
      reference: 4,
      kept: 3,
      lost: 1,
      coverage: 0.75,
      vmDead: false,
    });
    expect(counts({ from: 100, to: 200 })).toMatchObject({ reference: 0, coverage: 1, vmDead: false });
  });

  it('gives latencies as curves that end where their quantiles do', () => {
    const random = createRandom(4);
    const n = 5000;
    const latency = Uint16Array.from({ length: n }, () => 3 + random.below(3000));
    const fates = Uint8Array.from({ length: n }, (_, i) => (latency[i] > 2000 && i % 2 ? LOST : KEPT));
    const { cycles, reference, kept } = latencyCurves([{ latency, fates }], 100);
    expect(cycles.length).toBeLessThanOrEqual(102);
    const atMost = (x: number, all: Uint16Array) => all.filter((l) => l <= x).length / all.length;
    const survivors = latency.filter((_, i) => fates[i] === KEPT);
    cycles.forEach((x, i) => {
      expect(reference[i]).toBeCloseTo(atMost(x, latency), 12);
      expect(kept[i]).toBeCloseTo(atMost(x, survivors), 12);
      if (i) expect(reference[i] - reference[i - 1]).toBeLessThan(0.02);
    });
    expect([reference.at(-1), kept.at(-1), cycles.at(-1)]).toEqual([1, 1, Math.max(...latency)]);
    const distance = Math.max(...reference.map((r, i) => Math.abs(r - kept[i])));
    expect(latencySkew([{ latency, fates }])!.ks).toBeGreaterThanOrEqual(distance);
    expect(latencyCurves([{ latency, fates: fates.fill(LOST) }]).cycles).toHaveLength(0);
  });
});
