import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  around,
  clockLabel,
  fitted,
  panned,
  rulerLabel,
  rulerStep,
  towards,
  zoomed,
} from '../../renderer/timeline/camera.ts';
import { assumptionChecks } from '../../core/model/checks.ts';
import { changed, formatSelection, parseSelection, viewIds } from '../../renderer/state/address.ts';
import type { Selection } from '../../renderer/state/address.ts';

const id = fc.option(fc.nat(1e6), { nil: undefined });
const word = fc.option(fc.string({ minLength: 1, maxLength: 20, unit: 'grapheme' }), { nil: undefined });
const selections: fc.Arbitrary<Selection> = fc
  .record({
    view: fc.constantFrom(...viewIds),
    ...{ capture: id, run: id, lane: id, window: id, a: id, b: id, policy: word, key: word, keyKind: word },
    ...{ with: id, kind: word, cause: word, part: word, sweep: word, measure: word },
    scale: fc.constantFrom('linear' as const, undefined),
    range: fc.option(fc.tuple(fc.integer({ min: -1e9, max: 1e12 }), fc.integer({ min: 1, max: 1e12 })), {
      nil: undefined,
    }),
  })
  .map(({ range, ...rest }) => {
    const all = { ...rest, ...(range && { from: range[0], to: range[0] + range[1] }) };
    return Object.fromEntries(Object.entries(all).filter(([, v]) => v !== undefined)) as unknown as Selection;
  });

describe('renderer-selection', () => {
  it('comes back whole out of its address', () => {
    fc.assert(
      fc.property(selections, (s) => {
        expect(parseSelection(formatSelection(s))).toEqual(s);
      }),
    );
  });

  it('leaves out what an address says wrongly', () => {
    expect(parseSelection('')).toEqual({ view: 'captures' });
    expect(parseSelection('#nowhere?run=x&lane=-&policy=&dlDiscard=all&scale=log&from=9&to=3&window=1e9')).toEqual({
      view: 'captures',
    });
    expect(parseSelection('#timeline?from=5')).toEqual({ view: 'timeline' });
  });

  it('reads links of 0.1.0, which chose between two kinds of guest', () => {
    expect(parseSelection('#timeline?run=1&window=5&dlDiscard=record')).toEqual({
      view: 'timeline',
      run: 1,
      window: 5,
    });
    const discards = { view: 'policies', run: 1, check: 'guest-discards' };
    expect(parseSelection('#policies?run=1&window=5&dlDiscard=buffer')).toEqual(discards);
    expect(assumptionChecks.map((c) => c.id)).toContain(discards.check);
    expect(formatSelection(discards as Selection)).toBe('#policies?run=1&check=guest-discards');
  });

  it('drops what a change leaves without ground', () => {
    const s = parseSelection('#timeline?run=1&policy=pin-vm&lane=0&window=500&from=1&to=9&capture=2');
    expect(changed(s, { run: 2 })).toEqual({ view: 'timeline', run: 2, policy: 'pin-vm', capture: 2 });
    expect(changed(s, { policy: 'serror' }).window).toBeUndefined();
    expect(changed(s, { policy: 'serror', window: 7 }).window).toBe(7);
    expect(changed(s, { view: 'skew' })).toEqual({ ...s, view: 'skew' });
    // The lane came with the window, and goes with it; one that was chosen stays.
    expect(changed(s, { window: undefined }).lane).toBeUndefined();
    expect(changed(s, { lane: 1 })).toMatchObject({ lane: 1, from: 1 });
    expect(changed({ ...s, window: undefined }, { policy: 'serror', window: undefined }).lane).toBe(0);
  });
});

describe('renderer-camera', () => {
  const whole = 2e9;
  const cameras = fc
    .tuple(fc.integer({ min: 0, max: 1e9 }), fc.integer({ min: 1000, max: 1e9 }))
    .map(([start, span]) => ({ start, end: start + span }));

  it('keeps the moment under the pointer where it is', () => {
    fc.assert(
      fc.property(cameras, fc.double({ min: 0.1, max: 0.9, noNaN: true }), (camera, share) => {
        const at = camera.start + share * (camera.end - camera.start);
        const next = zoomed(camera, 0.5, at, whole);
        expect((at - next.start) / (next.end - next.start)).toBeCloseTo(share, 5);
      }),
    );
  });

  it('never loses sight of the timeline', () => {
    fc.assert(
      fc.property(
        cameras,
        fc.array(
          fc.tuple(fc.double({ min: 0.2, max: 5, noNaN: true }), fc.double({ min: -3e9, max: 3e9, noNaN: true })),
          { maxLength: 30 },
        ),
        (start, moves) => {
          let camera = start;
          for (const [factor, by] of moves) camera = panned(zoomed(camera, factor, camera.start, whole), by, whole);
          expect(camera.end).toBeGreaterThan(0);
          expect(camera.start).toBeLessThan(whole);
          expect(camera.end - camera.start).toBeGreaterThanOrEqual(199.999);
        },
      ),
    );
  });

  it('arrives where it is sent', () => {
    const target = around(5e8, 5e8 + 1000, 0, whole);
    let camera = fitted(whole);
    for (let i = 0; i < 120 && camera !== target; i++) camera = towards(camera, target, 0.34, 1000);
    expect(camera).toBe(target);
  });

  it('labels a ruler with as many digits as its step needs', () => {
    const camera = { start: 620_000_000, end: 620_020_000 };
    const step = rulerStep(camera, 1000, 100);
    expect(step).toBe(2000);
    expect(rulerLabel(620_002_000, step)).toBe('620.002 ms');
    expect(rulerLabel(0, 200_000_000)).toMatch(/^0(\.0)? /);
    expect(rulerLabel(1_234_000_000_000, 1e9)).toBe('1\u202f234 s');
  });
});

describe('a ruler in the capture’s clock', () => {
  it('has as many decimals as its step needs, beyond what a double holds', () => {
    expect(clockLabel(1_000_000, 100_000, 1_789_271_318_153n)).toBe('1789.2723 s');
    expect(clockLabel(5, 1, 9_007_199_254_740_993n)).toBe('9007199.254740998 s');
    expect(clockLabel(0, 5e9, 12_000_000_000n)).toBe('12 s');
  });
});
