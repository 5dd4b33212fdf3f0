import { describe, expect, test } from 'vitest';
import { crossings, orders, sweepValues } from '../../core/analysis/sweep.ts';

const curve = (id: string, ...y: number[]) => ({ id, y: Float64Array.from(y) });

describe('values of a sweep', () => {
  test('evenly spaced, both ends exact', () => {
    expect(sweepValues(0, 1, 5, false)).toEqual([0, 0.25, 0.5, 0.75, 1]);
    expect(sweepValues(10, 4, 3, false)).toEqual([10, 7, 4]);
    const log = sweepValues(1, 1000, 4, true);
    expect(log[0]).toBe(1);
    expect(log[1]).toBeCloseTo(10, 9);
    expect(log[2]).toBeCloseTo(100, 9);
    expect(log[3]).toBe(1000);
  });
});

describe('crossing points', () => {
  const x = [0, 1, 2, 3];

  test('are interpolated between the steps around them', () => {
    const found = crossings(x, [curve('up', 0, 1, 2, 3), curve('down', 3, 2.5, 0.5, 0)], false);
    // The difference goes from -1.5 to 1.5 between 1 and 2.
    expect(found).toEqual([{ before: 'down', after: 'up', low: 1, high: 2, at: 1.5 }]);
  });

  test('in the logarithm with a logarithmic sweep', () => {
    const [c] = crossings([1, 100], [curve('a', 0, 2), curve('b', 1, 1)], true);
    expect(c!.at).toBeCloseTo(10, 9);
  });

  test('curves that run together and part the other way cross in the middle of that', () => {
    const found = crossings([0, 1, 2, 3, 4], [curve('a', 1, 0, 0, 0, -1), curve('b', 0, 0, 0, 0, 0)], false);
    expect(found).toEqual([{ before: 'a', after: 'b', low: 0, high: 4, at: 2 }]);
  });

  test('curves that touch, run together from the start, or have no value, do not cross', () => {
    expect(crossings(x, [curve('a', 1, 0, 1, 2), curve('b', 0, 0, 0, 0)], false)).toEqual([]);
    expect(crossings(x, [curve('a', 0, 0, 1, 2), curve('b', 0, 0, 0, 0)], false)).toEqual([]);
    expect(crossings(x, [curve('a', 1, NaN, -1, -1), curve('b', 0, 0, 0, 0)], false)).toEqual([]);
  });

  test('a falling parameter: the bracket is still low to high', () => {
    const [c] = crossings([3, 1], [curve('a', 0, 2), curve('b', 1, 1)], false);
    expect(c).toEqual({ before: 'b', after: 'a', low: 1, high: 3, at: 2 });
  });
});

test('curves that never change places have an order, unless they are equal throughout', () => {
  const curves = [curve('a', 1, 1, 2), curve('b', 1, 0, NaN), curve('c', 1, 1, 2), curve('d', 0, 2, 2)];
  expect(orders(curves)).toEqual([
    { higher: 'a', lower: 'b' },
    { higher: 'c', lower: 'b' },
  ]);
});
