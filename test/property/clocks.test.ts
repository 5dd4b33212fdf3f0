/** Two clocks of known offset and drift, read over networks of any kind: the result must contain the truth. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compareClocks, inSpeClock, uncertaintyAt } from '../../core/model/clocks.ts';
import type { ClockReading } from '../../core/model/clocks.ts';

interface Clock {
  /** ns at the asker's zero. */
  readonly zero: bigint;
  readonly ppb: number;
  readonly resolution: number;
}

/** What a clock shows at an asker's time, ns. */
const exact = (c: Clock, t: number): bigint => c.zero + BigInt(Math.round(t + (t * c.ppb) / 1e9));
const shown = (c: Clock, t: number): bigint => {
  const time = exact(c, t);
  return time - (time % BigInt(c.resolution));
};
const read = (c: Clock, sent: number, there: number, back: number): ClockReading => ({
  sent,
  received: sent + there + back,
  at: shown(c, sent + there),
  resolution: c.resolution,
});

const clock = fc.record({
  zero: fc.bigInt(0n, 1n << 60n),
  ppb: fc.integer({ min: -100_000, max: 100_000 }),
  resolution: fc.constantFrom(1, 1000),
});
/** Ways there and back, ns: anything from a switch to a bad wireless link, with no symmetry. */
const trip = fc.record({
  at: fc.integer({ min: 0, max: 60_000_000_000 }),
  there: fc.integer({ min: 1_000, max: 50_000_000 }),
  back: fc.integer({ min: 1_000, max: 50_000_000 }),
});
const trips = fc.array(trip, { minLength: 1, maxLength: 120 });

describe('compared clocks', () => {
  it('hold the true offset within what they say, at every time that was measured, and the drift', () => {
    fc.assert(
      fc.property(clock, clock, trips, trips, (trace, spe, toTrace, toSpe) => {
        const pair = compareClocks(
          toTrace.map((t) => read(trace, t.at, t.there, t.back)),
          toSpe.map((t) => read(spe, t.at, t.there, t.back)),
        )!;
        expect(pair.strainNs).toBe(0);
        for (const part of [-0.5, -0.2, 0, 0.3, 0.5]) {
          // Where the asker's clock is when the trace's says so.
          const at = pair.at + BigInt(Math.round(part * pair.spanNs));
          const asked = Number(at - trace.zero) / (1 + trace.ppb / 1e9);
          const { origin } = inSpeClock(pair, at);
          const off = Math.abs(Number(origin - exact(spe, asked)));
          // `at` itself is known as well as the trace's clock: 200 ppm of that.
          expect(off).toBeLessThanOrEqual(uncertaintyAt(pair, at) * 1.0002 + 2);
        }
        const drift = ((1 + spe.ppb / 1e9) / (1 + trace.ppb / 1e9) - 1) * 1e9;
        expect(Math.abs(pair.driftPpb - drift)).toBeLessThanOrEqual(2 * pair.driftUncertaintyPpb + 20);
      }),
    );
  });

  it('are close where the network is: 200 µs round trips at both ends of 10 s', () => {
    const trace: Clock = { zero: 5_000_000_000_000n, ppb: 12_000, resolution: 1000 };
    const spe: Clock = { zero: 91_000_000_000n, ppb: -8_000, resolution: 1000 };
    const at = [...Array(16).keys()].flatMap((i) => [i * 1e6, 10e9 + i * 1e6]);
    const ways = (k: number) => [90_000 + 4_000 * ((k * 7) % 11), 95_000 + 5_000 * ((k * 5) % 9)] as const;
    const pair = compareClocks(
      at.map((t, k) => read(trace, t, ...ways(k))),
      at.map((t, k) => read(spe, t + 300_000, ...ways(k + 3))),
    )!;
    expect(pair.uncertaintyNs).toBeLessThan(200_000);
    expect(Math.abs(pair.driftPpb - -20_000)).toBeLessThan(20_000);
    expect(pair.driftUncertaintyPpb).toBeLessThan(45_000);
  });

  it('a clock that was set meanwhile shows: no line fits, and the uncertainty holds the step', () => {
    const steady: Clock = { zero: 0n, ppb: 0, resolution: 1 };
    const at = [...Array(20).keys()].map((i) => i * 1e8);
    const stepped = at.map((t, i) => read({ ...steady, zero: i === 10 ? 5_000_000n : 0n }, t, 1000, 1000));
    const pair = compareClocks(
      at.map((t) => read(steady, t, 1000, 1000)),
      stepped,
    )!;
    expect(pair.strainNs).toBeGreaterThan(1_000_000);
    expect(pair.uncertaintyNs).toBeGreaterThan(2_500_000);
    expect(compareClocks([], stepped)).toBeUndefined();
  });
});
