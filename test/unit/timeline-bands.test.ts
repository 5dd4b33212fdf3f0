import { expect, it } from 'vitest';
import { bandsIn, indexBands, rangeOf } from '../../renderer/timeline/band-index.ts';
import type { Bands } from '../../core/contract/timeline.ts';
import type { LaneRows } from '../../renderer/timeline/layout.ts';
import { windowIndexAt } from '../../renderer/timeline/pick.ts';
import type { Picture } from '../../renderer/timeline/source.ts';

it('bands of a stretch: those of its policy and lane alone, with the one that began before it', () => {
  // Policy 0 on lane 0: [0, 10), [20, 40), [50, 60); on lane 2: [25, 30); policy 1 on lane 0: [5, 15).
  const bands = {
    n: 5,
    policy: Uint16Array.of(0, 0, 0, 0, 1),
    lane: Int32Array.of(0, 0, 0, 2, 0),
    start: Float64Array.of(0, 20, 50, 25, 5),
    end: Float64Array.of(10, 40, 60, 30, 15),
    count: Uint32Array.of(1, 1, 1, 1, 1),
  } as Bands;
  const index = indexBands(bands);
  const found = (policy: number, lane: number, start: number, end: number) =>
    bandsIn(bands, index, { policy, lane }, start, end);
  expect(found(0, 0, 0, 100)).toEqual([0, 3]);
  expect(found(0, 0, 30, 45)).toEqual([1, 2]);
  expect(found(0, 0, 30, 51)).toEqual([1, 3]);
  expect(found(0, 0, 0, 20)).toEqual([0, 1]);
  expect(found(0, 2, 0, 100)).toEqual([3, 4]);
  expect(found(1, 0, 10, 11)).toEqual([4, 5]);
  expect(found(1, 2, 0, 100)).toEqual([0, 0]);
});

it('one of several merged in a bin may outlast those after it: it is found all the same', () => {
  // Two sorts of one bin, then a single window; on lane 1 of policy 3.
  const windows = {
    n: 3,
    policy: Uint16Array.of(3, 3, 3),
    lane: Int32Array.of(1, 1, 1),
    start: Float64Array.of(100, 120, 200),
    end: Float64Array.of(140, 125, 208),
    count: Uint32Array.of(2, 1, 1),
  } as Bands;
  const index = indexBands(windows);
  const of = { lane: 1, policy: 3 };
  expect(bandsIn(windows, index, of, 130, 150)).toEqual([0, 2]);
  expect(bandsIn(windows, index, of, 150, 199)).toEqual([2, 2]);
  expect(rangeOf(index, of)).toEqual({ from: 0, to: 3, longest: 40, longestSingle: 8 });

  const picture = { bands: { windows }, index: { windows: index } } as unknown as Pick<Picture, 'bands' | 'index'>;
  const rows = { lane: { lane: 1 } } as LaneRows;
  const at = (t: number, policy = 3) => windowIndexAt(picture, rows, policy, t, 10);
  expect([110, 122, 139, 150, 151, 190, 204, 218, 219].map((t) => at(t))).toEqual([
    ...[0, 0, 0, 0, undefined, 2, 2, 2, undefined],
  ]);
  expect(at(110, 2)).toBeUndefined();
});
