import { expect, it } from 'vitest';
import { cutIntoBlocks } from '../../core/analysis/compare-blocks.ts';
import { Survivors } from '../../core/analysis/survivors.ts';
import { KEPT, LOST } from '../../core/model/outcome.ts';

it('cuts lanes into blocks that differ by one sample at most, and takes losses off where they fall', () => {
  // Ten samples in three blocks: 0–3, 4–6, 7–9. Lost: 3–4 over an edge, 7 from an edge on.
  const lost = [3, 4, 7];
  const lane = {
    t: Float64Array.from({ length: 10 }, (_, i) => i),
    keys: Uint32Array.of(0, 0, 0, 1, 1, 1, 0, 0, 1, 0),
    fates: Uint8Array.from({ length: 10 }, (_, i) => (lost.includes(i) ? LOST : KEPT)),
  };
  const short = { t: Float64Array.of(0, 1), keys: Uint32Array.of(1, 0), fates: Uint8Array.of(KEPT, KEPT) };
  const blocks = cutIntoBlocks(Survivors.of([lane, short], 2), Uint32Array.of(0, 1), 3);
  expect(blocks.count).toBe(5);
  expect([...blocks.lanes]).toEqual([0, 3, 5]);
  expect([...blocks.reference]).toEqual([4, 3, 3, 1, 1]);
  expect([...blocks.kept]).toEqual([3, 2, 2, 1, 1]);
  // Of key 0, then key 1, block by block.
  expect([...blocks.keys]).toEqual([3, 0, 1, 1, 1, 1, 0, 1, 1, 0]);
});
