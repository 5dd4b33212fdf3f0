import { expect, it } from 'vitest';
import { bandsIn, indexBands } from '../../renderer/timeline/band-index.ts';
import type { Bands } from '../../core/contract/timeline.ts';

it('bands of a stretch: those of its policy and lane alone, with the one that began before it', () => {
  // Policy 0 on lane 0: [0, 10), [20, 40), [50, 60); on lane 2: [25, 30); policy 1 on lane 0: [5, 15).
  const bands = {
    n: 5,
    policy: Uint16Array.of(0, 0, 0, 0, 1),
    lane: Int32Array.of(0, 0, 0, 2, 0),
    start: Float64Array.of(0, 20, 50, 25, 5),
    end: Float64Array.of(10, 40, 60, 30, 15),
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
