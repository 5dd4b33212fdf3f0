import { describe, expect, it } from 'vitest';
import { rangeByKey } from '../../renderer/charts/range-keys.ts';

const axis = { from: 1000, to: 2000 };
const press = (keys: readonly string[]) =>
  keys.reduce<{ from: number; to: number } | undefined>((range, key) => {
    const shift = key.startsWith('⇧');
    return rangeByKey(shift ? key.slice(1) : key, shift, axis, range) ?? range;
  }, undefined);

describe('a range by keys', () => {
  it('starts at either end, a hundredth wide', () => {
    expect(press(['ArrowRight'])).toEqual({ from: 1000, to: 1010 });
    expect(press(['End'])).toEqual({ from: 1990, to: 2000 });
    expect(press(['x'])).toBeUndefined();
  });

  it('moves, and grows at its end', () => {
    expect(press(['Home', 'ArrowRight', 'ArrowRight', '⇧ArrowRight'])).toEqual({ from: 1020, to: 1040 });
    expect(press(['Home', '⇧End', '⇧ArrowLeft'])).toEqual({ from: 1000, to: 1990 });
    expect(press(['Home', '⇧ArrowRight', '⇧ArrowRight', 'End'])).toEqual({ from: 1970, to: 2000 });
  });

  it('stays on the axis, and never gets narrower than a step', () => {
    expect(press(['Home', 'ArrowLeft'])).toEqual({ from: 1000, to: 1010 });
    expect(press(['End', 'ArrowRight', '⇧ArrowRight'])).toEqual({ from: 1990, to: 2000 });
    expect(press(['Home', '⇧ArrowLeft', '⇧Home'])).toEqual({ from: 1000, to: 1010 });
  });
});
