import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { Planes } from '../../core/store/planes/planes.ts';
import type { Width } from '../../core/store/planes/planes.ts';

describe('byte planes', () => {
  it('come from what planes.wat compiles to', async () => {
    const { compilePlanes } = (await import('../../core/store/planes/compile.mjs' as string)) as {
      compilePlanes(): Promise<string>;
    };
    const committed = readFileSync(new URL('../../core/store/planes/planes.wasm.ts', import.meta.url), 'utf8');
    expect(await compilePlanes()).toBe(committed);
  });

  it('hold each byte of each element, whatever the number of elements', () => {
    const planes = new Planes();
    for (const width of [1, 2, 4, 8] as Width[]) {
      for (const n of [1, 2, 15, 16, 17, 100, 70_000]) {
        const elements = Uint8Array.from({ length: n * width }, (_, i) =>
          i % width === 1 ? 7 : (i * 2654435761) >>> 9,
        );
        const { mask, first, planes: split } = planes.split(elements, width, n, false);
        const expected: number[] = [];
        for (let plane = 0; plane < width; plane++) {
          const bytes = Array.from({ length: n }, (_, i) => elements[i * width + plane]);
          const varies = bytes.some((b) => b !== bytes[0]);
          expect((mask >> plane) & 1).toBe(varies ? 1 : 0);
          expect(first[plane]).toBe(bytes[0]);
          if (varies) for (const b of bytes) expected.push(b);
        }
        expect(Buffer.from(split).equals(Buffer.from(expected))).toBe(true);
        const out = new Uint8Array(n * width);
        const constants = first.filter((_, plane) => !(mask & (1 << plane)));
        planes.join(Uint8Array.from(split), mask, constants, out, width, n, false);
        expect(Buffer.from(out).equals(Buffer.from(elements))).toBe(true);
      }
    }
  });

  it('of differences are taken modulo the width', () => {
    const planes = new Planes();
    const { mask, planes: split } = planes.split(Uint8Array.of(5, 0, 4, 0, 4, 1), 2, 3, true);
    expect(mask).toBe(3);
    expect([...split]).toEqual([5, 0xff, 0, 0, 0xff, 1]);
  });
});
