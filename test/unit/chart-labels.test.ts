/** Labels that would overlap make room. */
import { describe, expect, it } from 'vitest';
import { besides, spread } from '../../renderer/charts/spread.ts';

describe('chart-labels', () => {
  it('leaves places alone that are far enough apart', () => {
    expect(spread([40, 0, 20], 14)).toEqual([40, 0, 20]);
    expect(spread([], 14)).toEqual([]);
  });

  it('centres those that touch on their mean, in their order, at least a gap apart', () => {
    expect(spread([10, 10, 10], 14)).toEqual([-4, 10, 24]);
    const wished = [3, 5, 30, 33, 34, 80];
    const placed = spread(wished, 14);
    for (let i = 1; i < placed.length; i++) expect(placed[i] - placed[i - 1]).toBeGreaterThanOrEqual(14 - 1e-9);
    const sum = (all: readonly number[]) => all.reduce((a, b) => a + b, 0);
    expect(sum(placed)).toBeCloseTo(sum(wished), 9);
    expect(placed[5]).toBe(80);
  });

  it('moves a label below those that it would cover, and none that stands free', () => {
    const size = { width: 100, height: 14 };
    expect(
      besides(
        [
          { x: 0, y: 0 },
          { x: 60, y: 5 },
          { x: 300, y: 6 },
          { x: 90, y: 20 },
        ],
        size,
      ),
    ).toEqual([0, 9, 0, 8]);
  });
});
