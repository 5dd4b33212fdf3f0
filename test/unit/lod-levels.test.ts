import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { halves, Has } from '../../core/formats/spe/columns.ts';
import { addCapture } from '../../core/store/captures.ts';
import { openLabFile } from '../../core/store/lab-file.ts';
import { inLabFile } from '../../core/store/lab-write.ts';
import type { Db } from '../../core/store/lab-file.ts';
import { binRange, clearLod, lodShifts, readBins, storeLevels, wantedShift } from '../../core/store/lod.ts';
import { FINEST, lodBase, LodCounter } from '../../core/store/lod-counter.ts';

let folder: string;
let db: Db;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'umbra-lod-'));
  const lab = join(folder, 'lod.umbra');
  inLabFile(lab, 'create', (file) =>
    addCapture(file, { kind: 'spe', name: 'a', file: '/a', format: 'perf.data', bytes: 1 }),
  );
  db = openLabFile(lab, 'write');
});
afterAll(() => {
  db.close();
  rmSync(folder, { recursive: true });
});

function addAll(counter: LodCounter, times: readonly bigint[]): void {
  const halves = new Uint32Array(BigUint64Array.from(times).buffer);
  counter.addRows(halves, new Uint16Array(times.length).fill(1), 1, times.length);
}

const sum = (counts: Uint32Array) => counts.reduce((a, b) => a + b, 0);
const time = fc.bigInt({ min: 0n, max: (1n << 62n) - 1n });

describe('lod-levels', () => {
  it('holds every record once, at every level, in the bin of its time', () => {
    const dense = fc.tuple(time, fc.array(fc.nat(5_000_000), { minLength: 1, maxLength: 400 }));
    fc.assert(
      fc.property(dense, ([start, steps]) => {
        clearLod(db, 1);
        let t = start;
        const times = steps.map((step) => (t += BigInt(step)));
        const counter = new LodCounter();
        addAll(counter, times);
        storeLevels(db, 1, 'samples', 0, counter.levels());
        const shifts = lodShifts(db, 1, 'samples', 0);
        expect(shifts.length).toBeGreaterThan(0);
        for (const shift of shifts) {
          const range = binRange(times[0], times.at(-1)! + 1n, shift);
          const bins = readBins(db, 1, 'samples', 0, range);
          const expected = new Uint32Array(range.n);
          for (const at of times) expected[Number((at >> BigInt(shift)) - range.first)]++;
          expect(bins).toEqual(expected);
        }
      }),
      { numRuns: 60 },
    );
  });

  it('shows a gap at every level whose bins are shorter than half of it', () => {
    clearLod(db, 1);
    const origin = 7_000_000_000_123n;
    const counter = new LodCounter();
    const at = (i: number) => origin + BigInt(i) * 1000n + (i < 100_000 ? 0n : 50_000_000n);
    addAll(
      counter,
      Array.from({ length: 200_000 }, (_, i) => at(i)),
    );
    storeLevels(db, 1, 'samples', 0, counter.levels());
    const shifts = lodShifts(db, 1, 'samples', 0);
    expect(shifts[0]).toBeLessThan(20);
    for (const shift of shifts.filter((s) => 2 ** s < 25_000_000)) {
      const bins = readBins(db, 1, 'samples', 0, binRange(at(0), at(199_999) + 1n, shift));
      const empty = bins.filter((count) => count === 0).length * 2 ** shift;
      expect(empty).toBeGreaterThan(50_000_000 - 2 * 2 ** shift - 1000);
      expect(empty).toBeLessThanOrEqual(50_000_000);
    }
  });

  it('splits intervals over bins without losing a ns', () => {
    const interval = fc.tuple(fc.nat(3_000_000), fc.nat(40_000_000));
    fc.assert(
      fc.property(time, fc.array(interval, { minLength: 1, maxLength: 60 }), (origin, intervals) => {
        clearLod(db, 1);
        const base = lodBase(origin);
        const counter = new LodCounter(base);
        let t = Number(origin - base);
        let covered = 0;
        for (const [gap, length] of intervals) {
          counter.addInterval(t + gap, t + gap + length);
          t += gap + length;
          covered += length;
        }
        storeLevels(db, 1, 'guest', 4, counter.levels());
        for (const shift of lodShifts(db, 1, 'guest', 4)) {
          const bins = readBins(db, 1, 'guest', 4, binRange(origin, base + BigInt(t) + 1n, shift));
          expect(sum(bins)).toBe(covered);
          expect(bins.every((ns) => ns <= 2 ** shift)).toBe(true);
        }
      }),
      { numRuns: 60 },
    );
  });

  it('keeps its memory bounded over days, by giving up the finest level', () => {
    clearLod(db, 1);
    const counter = new LodCounter();
    const day = 86_400_000_000_000;
    for (let i = 0; i < 50_000; i++) {
      const t = (i * day) / 50_000;
      addAll(counter, [BigInt(t)]);
    }
    storeLevels(db, 1, 'samples', 1, counter.levels());
    const shifts = lodShifts(db, 1, 'samples', 1);
    expect(shifts[0]).toBeGreaterThan(FINEST);
    const coarsest = shifts.at(-1)!;
    expect(sum(readBins(db, 1, 'samples', 1, binRange(0n, BigInt(day), coarsest)))).toBe(50_000);
  });

  it('asks for bins as fine as were wanted, and not for more of them', () => {
    fc.assert(
      fc.property(time, fc.integer({ min: 1, max: 1e15 }), fc.integer({ min: 16, max: 8192 }), (start, span, bins) => {
        const end = start + BigInt(span);
        const { n } = binRange(start, end, wantedShift(start, end, bins));
        expect(n).toBeLessThanOrEqual(bins + 2);
        if (span > 2 * bins) expect(n).toBeGreaterThanOrEqual(bins / 2 - 1);
      }),
    );
  });
});

describe('times that lie nowhere near each other', () => {
  it('take a bounded number of blocks, and say so', () => {
    const counter = new LodCounter();
    const n = 60_000;
    const t = BigUint64Array.from({ length: n }, (_, i) => (BigInt(i) * 0x9e37_79b9_7f4a_7c15n) & ((1n << 64n) - 1n));
    counter.addRows(halves(t), new Uint16Array(n).fill(Has.TIME), Has.TIME, n);
    const blocks = [...counter.levels()];
    expect(counter.leftOut).toBe(true);
    expect(blocks.length).toBeLessThanOrEqual(4 * 4096);
  });

  it('counters that share a budget keep within it', () => {
    const budget = { blocks: 10 };
    const counters = [new LodCounter(0n, budget), new LodCounter(0n, budget)];
    for (let i = 0; i < 400; i++) counters[i & 1].addAt(i * 2 ** 41);
    const blocks = counters.flatMap((c) => [...c.levels()]);
    expect(blocks.length).toBeLessThanOrEqual(10);
    expect(counters.some((c) => c.leftOut)).toBe(true);
    expect(budget.blocks).toBeGreaterThanOrEqual(0);
  });
});
