import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Ascending } from '../../core/model/ascending.ts';
import { byteSums } from '../../core/model/byte-sums.ts';
import { NONE } from '../../core/model/outcome.ts';
import { code, stage2Kinds } from '../../core/model/terms.ts';
import { eventsOn, indexTimeline } from '../../core/model/timeline-index.ts';
import { property } from './replay-property.ts';
import { timelineOf } from './replay-inputs.ts';

const UNMAP = code(stage2Kinds, 'unmap');
/** Page numbers up to the last of a 52-bit IPA space, crowded enough to meet. */
const page = fc.oneof(
  fc.nat(40),
  fc.nat(3000),
  fc.integer({ min: 2 ** 40 - 3000, max: 2 ** 40 - 1 }),
  fc.constant(2 ** 32),
);
const pages = fc.constantFrom(1, 1, 1, 2, 7, 512, 2 ** 20, 2 ** 33);

test('the events on a buffer are those of all rows that touch its pages, in order', () => {
  property(
    fc.property(
      fc.array(fc.tuple(page, pages), { maxLength: 400 }),
      fc.uniqueArray(page, { minLength: 1, maxLength: 30 }),
      (ranges, buffer) => {
        const rows = ranges.map(([page, pages], t) => ({ t, kind: UNMAP, page, pages, cause: NONE, writable: 0 }));
        const events = eventsOn(
          indexTimeline(timelineOf(rows)),
          Float64Array.from(buffer),
          new Uint32Array(rows.length),
        );
        const found = Array.from({ length: events.n }, (_, e) => `${events.t[e]} ${events.slot[e]}`);
        const expected = rows.flatMap((r) =>
          buffer.flatMap((p, slot) => (r.page <= p && p < r.page + r.pages ? [`${r.t} ${slot}`] : [])),
        );
        // Pages of one row come in any order: nothing depends on it.
        expect(found.sort()).toEqual(expected.sort());
        expect([...events.t.subarray(0, events.n)]).toEqual([...events.t.subarray(0, events.n)].sort((a, b) => a - b));
      },
    ),
  );
});

test('searches in an ascending column find what a scan finds', () => {
  const value = fc.oneof(fc.nat(20), fc.nat(1000), fc.integer({ min: 2 ** 52, max: 2 ** 53 - 1 }));
  property(
    fc.property(
      fc.array(value, { maxLength: 200 }),
      fc.oneof(value, fc.constantFrom(-1, Infinity)),
      fc.nat(),
      fc.nat(),
      (list, x, a, b) => {
        const values = Float64Array.from(list).sort();
        const [lo, hi] = [a % (list.length + 1), b % (list.length + 1)].sort((p, q) => p - q);
        const scan = (fits: (v: number) => boolean): number => {
          const at = values.subarray(lo, hi).findIndex(fits);
          return at < 0 ? hi : lo + at;
        };
        const column = new Ascending(values);
        expect(column.firstAtLeast(x, lo, hi)).toBe(scan((v) => v >= x));
        expect(column.firstAbove(x, lo, hi)).toBe(scan((v) => v > x));
      },
    ),
  );
});

test('bytes before each sample, whether sizes repeat or not', () => {
  const run = fc.tuple(fc.constantFrom(0, 16, 64, 64, 4096), fc.integer({ min: 1, max: 60 }));
  property(
    fc.property(fc.array(run, { minLength: 1, maxLength: 12 }), fc.nat(), fc.nat(), fc.nat(), (runs, a, b, c) => {
      const sizes = runs.flatMap(([size, count]) => new Array<number>(count).fill(size));
      const before = [0];
      for (const size of sizes) before.push(before.at(-1)! + size);
      const sums = byteSums(Uint32Array.from(sizes));
      expect(before.map((_, i) => sums.at(i))).toEqual(before);
      const [lo, hi] = [a % before.length, b % (before.length + 1)].sort((p, q) => p - q);
      const x = c % (before.at(-1)! + 66);
      const found = before.slice(lo, hi).findIndex((bytes) => bytes >= x);
      expect(sums.firstAtLeast(x, lo, hi)).toBe(found < 0 ? hi : lo + found);
    }),
  );
});
