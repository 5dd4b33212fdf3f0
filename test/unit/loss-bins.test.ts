/** What is lost in each bin of a timeline: sums are the windows' own, whatever bins they are cut into. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { lossBins } from '../../core/analysis/loss-bins.ts';

interface Window {
  readonly start: number;
  readonly end: number;
  readonly kind: number;
  readonly lost: number;
}

const lossesOf = (of: readonly Window[], samples: Uint32Array, width: number, first = 0) =>
  lossBins(
    {
      start: Float64Array.from(of, (w) => w.start),
      end: Float64Array.from(of, (w) => w.end),
      kind: Uint8Array.from(of, (w) => w.kind),
      lost: Float64Array.from(of, (w) => w.lost),
    },
    { from: 0, to: of.length, first, width, samples },
  );
const sum = (of: Float32Array) => of.reduce((a, b) => a + b, 0);

describe('lossBins', () => {
  it('gives a window over several bins the samples of those that it covers, and the rest to its ends', () => {
    const samples = Uint32Array.of(10, 10, 4, 10, 10);
    const { bin, lost, dark } = lossesOf([{ start: 1150, end: 1350, kind: 0, lost: 20 }], samples, 100, 1000);
    expect([...bin]).toEqual([1, 2, 3]);
    expect([...lost]).toEqual([8, 4, 8]);
    expect([...dark]).toEqual([50, 100, 50]);
  });

  it('adds windows of one bin up, tells those that lose nothing apart, and names the kind that loses most', () => {
    const rows = [
      ...[200, 215, 230].map((start) => ({ start, end: start + 10, kind: 1, lost: 0 })),
      { start: 250, end: 255, kind: 4, lost: 2 },
    ];
    const { bin, lost, dark, losing, windows, kind } = lossesOf(rows, new Uint32Array(5).fill(9), 100);
    expect([[...bin], [...lost], [...dark], [...losing], [...windows], [...kind]]).toEqual([
      [2],
      [2],
      [35],
      [5],
      [4],
      [4],
    ]);
  });

  it('never loses more of a bin than there is where a window is cut off by the stretch', () => {
    const samples = Uint32Array.of(3, 3);
    const { lost } = lossesOf([{ start: -1000, end: 150, kind: 0, lost: 500 }], samples, 100);
    expect([...lost]).toEqual([3, 1.5]);
  });

  it('keeps the sums of disjoint windows over any bins', () => {
    const cuts = fc.uniqueArray(fc.integer({ min: 0, max: 9999 }), { minLength: 2, maxLength: 20 });
    fc.assert(
      fc.property(cuts, fc.integer({ min: 7, max: 3000 }), (edges, width) => {
        const sorted = edges.toSorted((a, b) => a - b);
        const times = Array.from({ length: 1000 }, (_, i) => i * 10 + 3);
        const samples = new Uint32Array(Math.ceil(10_000 / width));
        for (const t of times) samples[Math.floor(t / width)]++;
        const windows = Array.from({ length: Math.floor(sorted.length / 2) }, (_, i) => {
          const [start, end] = [sorted[2 * i], sorted[2 * i + 1]];
          return { start, end, kind: 0, lost: times.filter((t) => t >= start && t < end).length };
        });
        const bins = lossesOf(windows, samples, width);
        expect(sum(bins.lost)).toBeCloseTo(
          windows.reduce((n, w) => n + w.lost, 0),
          1,
        );
        expect(sum(bins.dark)).toBeCloseTo(
          windows.reduce((n, w) => n + w.end - w.start, 0),
          1,
        );
      }),
    );
  });
});
