import { describe, expect, it } from 'vitest';
import type { Comparison } from '../../core/contract/runs.ts';
import { drawNotes, paramText, shareRows, signed } from '../../renderer/skew/compare-words.ts';
import { points } from '../../renderer/skew/words.ts';

const plain = (text: string) => text.replaceAll('\u202f', ' ');
const row = (name: string, shareA: number, shareB: number): Comparison['rows'][number] => ({
  ...{ name, a: 1000 * shareA, b: 1000 * shareB, shareA, shareB, difference: 100 * (shareA - shareB) },
  ...{ low: -1, high: 1, adjusted: 0.5, significant: false },
});
const comparison: Comparison = {
  ...{ a: 1000, b: 1000, tvd: 0.0212, jsDistance: 0.01, blocks: 100, keys: 2, significantKeys: 0 },
  null: { mean: 0.02, p95: 0.05, pValue: 0.431, excess: 0.0012, histogram: { low: 0.01, high: 0.06, counts: [4, 6] } },
  paired: false,
  coverage: { a: 1, b: 1, difference: 0, low: 0, high: 0 },
  ...{ rows: [row('x', 0.6, 0.5), row('y', 0.4, 0.5)], word: 'alike', moved: [] },
};

describe('renderer-compare', () => {
  it('holds A against B', () => {
    expect(shareRows(comparison)[0]).toMatchObject({ name: 'x', p: 0.5, q: 0.6, difference: expect.closeTo(10) });
  });

  it('says why there is no null: nothing lost, or too little', () => {
    const without = { ...comparison, paired: true };
    Reflect.deleteProperty(without, 'null');
    expect(drawNotes(without)).toBe('Nothing was lost on either side: there is nothing to ask.');
    expect(drawNotes({ ...without, word: "can't tell" })).toMatch(/^Can’t tell: too few loss episodes/);
  });

  it('gives differences their sign and unit, and none where there is none', () => {
    expect([signed(0, 'ns'), signed(NaN, 'share')]).toEqual(['', '']);
    expect([signed(-1200, 'ns'), signed(1200, 'count'), signed(-0.011, 'share')].map(plain)).toEqual([
      '−1.2 µs',
      '+1 200',
      '−1.1',
    ]);
    // A difference never reads 0.
    expect(signed(-0.000_002, 'share')).toBe('−0.0002');
    // Three digits beside an interval, not four.
    expect([points(-20.342), points(0.5), points(0.0421)]).toEqual(['−20.3', '+0.50', '+0.042']);
    expect([paramText(1000), paramText('auto'), paramText([{ cpu: 1 }])].map(plain)).toEqual([
      '1 000',
      'auto',
      '[{"cpu":1}]',
    ]);
  });
});
