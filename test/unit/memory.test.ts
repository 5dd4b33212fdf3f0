import { expect, it } from 'vitest';
import { release } from '../../core/formats/memory.ts';

it('memory is given back of bytes that have their own, and nothing else is touched', () => {
  const own = new Uint8Array(100_000).fill(7);
  release(own);
  expect(own.length).toBe(0);
  const small = new Uint8Array(100).fill(7);
  release(small);
  expect(small[99]).toBe(7);
  const pooled = Buffer.from('shares its memory with other buffers');
  const neighbour = Buffer.from('neighbour');
  release(pooled);
  expect([pooled.length, neighbour.toString()]).toEqual([36, 'neighbour']);
  const shared = new Uint8Array(new SharedArrayBuffer(100_000)).fill(7);
  release(shared);
  expect(shared.length).toBe(100_000);
});
