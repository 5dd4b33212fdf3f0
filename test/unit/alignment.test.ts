import { expect, test } from 'vitest';
import { alignTimeline } from '../../core/model/alignment.ts';
import type { AlignRequest } from '../../core/model/alignment.ts';
import { ModelError } from '../../core/model/errors.ts';
import { NONE } from '../../core/model/outcome.ts';
import { code, stage2Kinds } from '../../core/model/terms.ts';
import type { Stage2Timeline } from '../../core/model/timeline.ts';

/** An initial state, then unmaps of pages 1, 2, 3 at 0, 400 and 1000 ns. */
const trace: Stage2Timeline = {
  n: 4,
  t: Float64Array.of(0, 0, 400, 1000),
  kind: Uint8Array.from(['initial-unmapped', 'unmap', 'unmap', 'unmap'] as const, (k) => code(stage2Kinds, k)),
  page: Float64Array.of(9, 1, 2, 3),
  pages: Float64Array.of(1, 1, 1, 1),
  cause: new Uint8Array(4).fill(NONE),
  evidence: new Uint8Array(4),
  writable: new Uint8Array(4),
  notify: new Uint8Array(4),
  contents: new Uint8Array(4),
  contentsOrigin: new Uint8Array(4),
  origin: 5_000n,
  span: 1000,
  exact: false,
  evidences: ['fault'],
};
const run = { origin: 4_800n, span: 3000 };
const ask = (request: Partial<AlignRequest>, sameClock = false, timeline = trace): ReturnType<typeof alignTimeline> =>
  alignTimeline(
    timeline,
    run,
    { align: 'auto', offsetNs: 0, scale: 'auto', ...request },
    sameClock ? 'same' : 'unknown',
  );

test.each([
  [{ align: 'absolute' }, [200, 200, 600, 1200]],
  [{ align: 'absolute', offsetNs: -50 }, [150, 150, 550, 1150]],
  [{ align: 'absolute', scale: 2 }, [200, 200, 1000, 2200]],
  [{ align: 'start' }, [0, 0, 400, 1000]],
  [{ align: 'start', offsetNs: 7, scale: 0.5 }, [7, 7, 207, 507]],
  [{ align: 'fit' }, [0, 0, 1200, 3000]],
  [{ align: 'fit', scale: 3.0001 }, [0, 0, 1200, 3000]],
  [{ align: 'loop' }, [0, 0, 400, 1000, 1000, 1400, 2000, 2000, 2400, 3000]],
  [{ align: 'loop', scale: 2 }, [0, 0, 800, 2000, 2000, 2800, 4000]],
  [{ align: 'loop', offsetNs: 100, scale: 3 }, [-2900, -2900, -1700, 100, 100, 1300, 3100]],
] as const)('%j', (request, times) => {
  const { timeline, alignment } = ask(request);
  expect([...timeline.t]).toEqual(times);
  expect(timeline.n).toBe(times.length);
  expect(timeline.origin).toBe(run.origin);
  // What was unmapped at first is so once; the rest comes again.
  expect([...timeline.page]).toEqual([9, ...Array.from({ length: alignment.copies }, () => [1, 2, 3]).flat()]);
  expect(alignment.scaled).toBe(alignment.scale !== 1);
});

test('auto goes by the clock', () => {
  expect(ask({}, true).alignment.align).toBe('absolute');
  expect(ask({}, false).alignment.align).toBe('start');
  expect(ask({}, true, { ...trace, origin: 10n ** 15n }).alignment.align).toBe('start');
  expect(ask({}, true, { ...trace, origin: 2n ** 64n - 1n }).alignment.align).toBe('start');
});

test('what was done is said', () => {
  expect(ask({ align: 'fit' }).alignment).toEqual({
    align: 'fit',
    offsetNs: 0,
    scale: 3,
    scaled: true,
    shiftNs: 0,
    copies: 1,
    description:
      'KVM timeline stretched to the span of the SPE capture; its times are scaled by 3, they are not those of the trace',
  });
  expect(ask({ align: 'loop', offsetNs: -10 }).alignment.description).toBe(
    'KVM timeline repeated 4 times to cover the SPE capture, moved by -10 ns',
  );
});

test('clocks beyond 2^53 ns are exact', () => {
  const far = 2n ** 63n;
  const { timeline } = alignTimeline(
    { ...trace, origin: far + 3n },
    { origin: far, span: 3000 },
    { align: 'absolute', offsetNs: 0, scale: 'auto' },
    'same',
  );
  expect([...timeline.t]).toEqual([3, 3, 403, 1003]);
});

test('two machines’ clocks: times are translated, offset and drift, and the uncertainty is said', () => {
  const clocks = {
    ...{ at: 5_000n, offsetNs: 1_000_000_000_000n, driftPpb: 100_000_000, uncertaintyNs: 40, driftUncertaintyPpb: 0 },
    ...{ spanNs: 2000, readings: [16, 16] as const, strainNs: 0 },
  } as const;
  const guest = { origin: 1_000_000_004_800n, span: 3000 };
  for (const align of ['auto', 'absolute'] as const) {
    const { timeline, alignment } = alignTimeline(trace, guest, { align, offsetNs: 0, scale: 'auto' }, clocks);
    expect([...timeline.t]).toEqual([200, 200, 640, 1300]);
    expect(alignment).toMatchObject({
      ...{ align: 'absolute', scaled: false, scale: 1 },
      clocks: { offsetNs: 1_000_000_000_000, driftPpb: 100_000_000, uncertaintyNs: 40 },
    });
    expect(alignment.description).toMatch(/clocks as they were compared: known to ± 40 ns/);
  }
  // Elsewhere they say nothing, nor where the two don't overlap.
  expect(
    alignTimeline(trace, guest, { align: 'start', offsetNs: 0, scale: 'auto' }, clocks).alignment.clocks,
  ).toBeUndefined();
  expect(
    alignTimeline(trace, { origin: 1n, span: 5 }, { align: 'auto', offsetNs: 0, scale: 'auto' }, clocks).alignment
      .align,
  ).toBe('start');
});

test.each([
  [
    { align: 'absolute' },
    { ...trace, origin: 8_000n },
    "the captures don't overlap on one clock (SPE from 4800 to 7800 ns, KVM from 8000 to 9000 ns)",
  ],
  [{ align: 'absolute' }, { ...trace, origin: 2n ** 64n - 1n }, "the captures don't overlap"],
  [{ align: 'fit' }, { ...trace, span: 0 }, 'the KVM trace spans 0 ns'],
  [{ align: 'loop' }, { ...trace, span: 0 }, 'the KVM trace spans 0 ns'],
  [{ align: 'loop', scale: 1e-9 }, trace, 'times makes more than'],
] as const)('%j is refused', (request, timeline, message) => {
  expect(() => ask(request, false, timeline)).toThrow(ModelError);
  expect(() => ask(request, false, timeline)).toThrow(message);
});

test('a capture of one moment can be fitted to nothing; two at the ends of the range of clocks don’t overlap', () => {
  const fit = { align: 'fit', offsetNs: 0, scale: 'auto' } as const;
  expect(() => alignTimeline(trace, { origin: 0n, span: 0 }, fit, 'unknown')).toThrow(
    'the SPE capture spans 0 ns: nothing to fit to; use --align start',
  );
  const far = (origin: bigint, traced: bigint) =>
    alignTimeline({ ...trace, origin: traced }, { origin, span: 10 }, { ...fit, align: 'auto' }, 'same').alignment
      .align;
  expect([far(0n, 1n << 62n), far(1n << 62n, 0n), far(5n, 0n)]).toEqual(['start', 'start', 'absolute']);
});
