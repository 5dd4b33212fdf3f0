import { describe, expect, it } from 'vitest';
import type { SweepCurve } from '../../core/contract/sweep.ts';
import { logFromZero } from '../../renderer/charts/axes.ts';
import type { Colours } from '../../renderer/charts/colours.ts';
import { heightAt } from '../../renderer/sensitivity/chart.ts';
import { linesOf, measures, namesText, placeText, valueText } from '../../renderer/sensitivity/measures.ts';
import { defaultQuestion, formatQuestion, parseQuestion } from '../../renderer/sensitivity/question.ts';

const plain = (text: string) => text.replaceAll('\u202f', ' ');
const curve = (policy: string, coverage: number[], excess = coverage.map(() => 0), skewed = 0): SweepCurve => ({
  ...{ policy, coverage: Float64Array.from(coverage), excess: Float64Array.from(excess) },
  ...{ blackoutShare: Float64Array.from(coverage), slowdown: Float64Array.from(coverage) },
  skewed: new Uint8Array(coverage.length).fill(skewed),
  verdict: new Uint8Array(coverage.length),
});
const [coverage, , , excess] = measures;

describe('renderer-sensitivity', () => {
  it('writes a sweep as one word of the address, and reads none but such', () => {
    for (const question of [
      { param: 'irqNs', from: '500', to: '5e4', steps: 11, log: true },
      { param: 'offsetNs', from: '-1000', to: '1000.5', steps: 2, log: false },
      { param: 'bufferBytes', from: '64K', to: '1M', steps: 5, log: true },
      { param: 'irqNs', from: '1', to: '2', steps: 3, log: true, check: 'dl-0' },
      { param: 'irqNs', from: '1', to: '2', steps: 3, log: false, check: 'reader-slow' },
    ]) {
      expect(parseQuestion(formatQuestion(question))).toEqual(question);
    }
    for (const word of [
      undefined,
      '',
      'irqNs',
      'irqNs_1_2',
      'irqNs_1_2_1',
      'irqNs_1_2_201',
      'irqNs_1_2_2.5',
      'irqNs_1_2_3_lin',
      'irqNs_1_2_3_log_4',
      'irqNs_1_2_3_if-dl-0_log',
    ])
      expect(parseQuestion(word), word).toBeUndefined();
  });

  it('asks around what the run has', () => {
    const params = { irqNs: 20_000, bufferBytes: 2 ** 20, offsetNs: 0, watermarkBytes: 'auto' as const };
    expect(defaultQuestion('irqNs', params, 'ns')).toMatchObject({ from: '2000', to: '200000', log: true });
    expect(defaultQuestion('bufferBytes', params, 'bytes')).toMatchObject({ from: '262144', to: '4194304', steps: 5 });
    expect(defaultQuestion('watermarkBytes', params, 'bytes')).toMatchObject({ from: '64K', to: '1M', log: true });
    expect(defaultQuestion('unmapRate', params, '')).toMatchObject({ from: '0.1', to: '10' });
  });

  it('draws policies that have the same outcome as one line, by what is drawn', () => {
    const curves = [curve('a', [1, 0.5]), curve('b', [1, 0.9]), curve('c', [1, 0.5]), curve('d', [1, 0.5, 0.1])];
    expect(linesOf(curves, coverage, 2).map((l) => [l.policies, l.place, l.y])).toEqual([
      [['a', 'c', 'd'], 0, [0, 0.5]],
      [['b'], 1, [0, 1 - 0.9]],
    ]);
    // After one value nothing better is known.
    expect(linesOf(curves, coverage, 1)).toHaveLength(1);
  });

  it('counts an excess that chance explains as none, and what nothing survived as unknown', () => {
    expect(linesOf([curve('a', [1, 1], [0.01, -0.02])], excess, 2)[0].y).toEqual([0, 0]);
    expect(linesOf([curve('a', [1, 1], [0.01, NaN], 1)], excess, 2)[0].y).toEqual([0.01, NaN]);
  });

  it('finds the height of a curve between its steps, along the axis that is drawn', () => {
    const lines = linesOf([curve('a', [1, 0.8, 0.8])], coverage, 3);
    expect(heightAt(lines, 'a', Float64Array.of(1, 100, 1000), false, 50.5)).toBeCloseTo(0.1);
    expect(heightAt(lines, 'a', Float64Array.of(1, 100, 1000), true, 10)).toBeCloseTo(0.1);
    expect(heightAt(lines, 'a', Float64Array.of(1000, 100, 1), true, 10)).toBeCloseTo(0.2);
    expect(heightAt(lines, 'b', Float64Array.of(1, 100, 1000), true, 10)).toBeNaN();
    expect(heightAt(lines, 'a', Float64Array.of(1, 100, 1000), true, 2000)).toBeNaN();
  });

  it('has room for zero on a logarithmic axis', () => {
    const { low, high, at } = logFromZero({} as Colours, [0, 0.002, 0.3], String);
    expect([low, high]).toEqual([1e-4, 1]);
    expect([at(0), at(0.3)]).toEqual([1e-4, 0.3]);
  });

  it('says values with their units, and shares to two digits however small', () => {
    expect([valueText(20_000, 'ns'), valueText(262_144, 'bytes'), valueText(0.25, '')].map(plain)).toEqual([
      '20 µs',
      '256 KiB',
      '0.25',
    ]);
    expect(plain(placeText(227_816, 'ns'))).toBe('230 µs');
    expect([0, 0.00004, 0.0016, 0.87, 1e-9].map((v) => plain(coverage.text(v)))).toEqual([
      '0',
      '0.0040 %',
      '0.16 %',
      '87 %',
      '< 0.0001 %',
    ]);
    expect(namesText(['a'])).toBe('a');
    expect(namesText(['a', 'b', 'c'])).toBe('a, b and c');
    expect(namesText(['a', 'b', 'c', 'd'])).toBe('a, b and 2 more');
  });
});
