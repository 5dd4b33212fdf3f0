/** Rows while they are collected: order, gaps, and what is known of pages at first. */
import { describe, expect, test } from 'vitest';
import { FirstFaults } from '../../core/model/stage2/first-faults.ts';
import { Rows } from '../../core/model/stage2/rows.ts';
import type { Evidence } from '../../core/model/stage2/evidence.ts';
import { effectTexts, rowTexts } from './stage2-trace.ts';

const texts = (rows: Rows): string[] => rowTexts(rows.finish(0n, 1e6, false));

describe('rows', () => {
  test('come in time order, those of one moment as they were added, initial states first', () => {
    const rows = new Rows();
    rows.add('unmap', 5, 1, 1, 'unmap-hva', 'host-mm');
    rows.add('map', 5, 1, 1, 'fault', undefined, true);
    rows.add('map', 3, 2, 1, 'fault', 'dirty-log');
    rows.add('initial-unmapped', 0, 9, 1, 'first-fault', 'first-touch');
    rows.add('access-clear', 5, 1, 1, 'age-hva', 'host-mm');
    rows.add('initial-unmapped', 0, 4, 1, 'first-fault', 'first-touch');
    expect(texts(rows)).toEqual([
      '0 initial-unmapped 9+1 first-touch first-fault',
      '0 initial-unmapped 4+1 first-touch first-fault',
      '3 map 2+1 R dirty-log fault',
      '5 unmap 1+1 host-mm unmap-hva',
      '5 map 1+1 W fault',
      '5 access-clear 1+1 host-mm age-hva',
    ]);
    expect(texts(new Rows())).toEqual([]);
  });

  test('can be taken back, widened, made read-only, moved, and told what became of the contents', () => {
    const rows = new Rows();
    const [first, second, third] = [1, 2, 3].map((t) => rows.add('map', t, t, 1, 'fault', undefined, true));
    const last = rows.add('unmap', 4, 4, 1, 'unmap-hva', 'userspace');
    expect([rows.isWritable(second), rows.isBy(second, 'fault'), rows.isBy(second, 'block-fault')]).toEqual([
      ...[true, true, false],
    ]);
    rows.drop(first);
    rows.makeReadOnly(second, 'host-mm');
    rows.widen(third, 512, 512, 'block-found');
    rows.t[third] = 9;
    expect(rows.isWritable(second)).toBe(false);
    expect(rows.tell(last, { notify: 'unmap', contents: 'gone', origin: 'measured' })).toBe(last);
    const timeline = rows.finish(7n, 10, true);
    expect(rowTexts(timeline)).toEqual([
      '9 map 2+1 R host-mm fault',
      '11 unmap 4+1 userspace unmap-hva',
      '16 map 200+512 W block-found',
    ]);
    expect(effectTexts(timeline)).toContain('unmap 4+1 unmap gone measured');
    expect(timeline).toMatchObject({ n: 3, origin: 7n, span: 10, exact: true });
  });

  test('grow beyond their first room, whatever order they come in', () => {
    const n = 1000;
    const rows = new Rows();
    for (let i = 0; i < n; i++)
      rows.add('map', (i * 7) % n, i, i + 1, 'fault', i % 2 ? 'host-mm' : undefined, i % 2 === 0);
    const { t, page, pages, writable, kind } = rows.finish(0n, n, false);
    expect([t, page, pages, writable, kind].map((column) => column.length)).toEqual([n, n, n, n, n]);
    const back = Array.from(t, (at) => (at * 143) % n);
    expect(Array.from(t)).toEqual(Array.from({ length: n }, (_, i) => i));
    expect(Array.from(page)).toEqual(back);
    expect(Array.from(pages)).toEqual(back.map((i) => i + 1));
    expect(Array.from(writable)).toEqual(back.map((i) => (i % 2 ? 0 : 1)));
  });

  /** Rows at every moment from 0 to 9, and gaps. */
  const cut = (...gaps: [number, number][]): number[] => {
    const rows = new Rows();
    for (let t = 0; t < 10; t++) rows.add('map', t, t, 1, 'fault', undefined, true);
    for (const [from, to] of gaps) rows.addGap(from, to);
    return Array.from(rows.finish(0n, 10, false).t);
  };

  test('within a gap are left out; those at its ends stay', () => {
    expect(cut([3, 6])).toEqual([0, 1, 2, 3, 6, 7, 8, 9]);
    expect(cut([3, 6], [6, 8])).toEqual([0, 1, 2, 3, 6, 8, 9]);
    expect(cut([1, 3], [5, 9])).toEqual([0, 1, 3, 4, 5, 9]);
    // Another CPU's loss may reach back over one before it.
    expect(cut([3, 5], [1, 7])).toEqual([0, 1, 7, 8, 9]);
    expect(cut([1, 2], [4, 6], [4, 8])).toEqual([0, 1, 2, 3, 4, 8, 9]);
    expect(cut([1, 6], [3, 8])).toEqual([0, 1, 8, 9]);
  });

  test('that say that nothing is known stay in a gap', () => {
    const rows = new Rows();
    rows.add('unknown', 4, 0, 8, 'lost-events');
    rows.add('map', 5, 1, 1, 'fault', undefined, true);
    rows.addGap(3, 6);
    expect(texts(rows)).toEqual(['4 unknown 0+8 lost-events']);
  });
});

describe('the first-evidence rule', () => {
  type Found = [page: number, pages: number, at: number, from?: number];
  const initial = (found: Found[], covers: [start: number, end: number, t: number][] = []): string[] => {
    const first = new FirstFaults();
    for (const [page, pages, at, from] of found) first.add(page, pages, at, from ?? 0);
    for (const cover of covers) first.cover(...cover);
    const rows = new Rows();
    first.finish(rows);
    return texts(rows).map((row) => row.replace('first-touch first-fault', '').trim());
  };

  test('joins pages that touch or overlap, and no others', () => {
    expect(
      initial([
        [8, 1, 5],
        [9, 2, 6],
        [11, 1, 4],
        [13, 1, 4],
      ]),
    ).toEqual(['0 initial-unmapped 8+4', '0 initial-unmapped d+1']);
    expect(
      initial([
        [8, 8, 5],
        [10, 1, 6],
        [12, 8, 6],
      ]),
    ).toEqual(['0 initial-unmapped 8+12']);
  });

  test('leaves out what an unmap covered before its first fault', () => {
    expect(
      initial(
        [
          [8, 1, 5],
          [9, 1, 5],
          [10, 1, 5],
        ],
        [[9, 10, 4]],
      ),
    ).toEqual(['0 initial-unmapped 8+1', '0 initial-unmapped a+1']);
    // Not before, at the same moment, another page, or an empty range.
    expect(initial([[8, 1, 5]], [[8, 9, 5]])).toEqual(['0 initial-unmapped 8+1']);
    expect(
      initial(
        [[8, 1, 5]],
        [
          [9, 20, 1],
          [0, 8, 1],
          [8, 8, 1],
        ],
      ),
    ).toEqual(['0 initial-unmapped 8+1']);
    expect(
      initial(
        [[8, 1, 5]],
        [
          [8, 9, 7],
          [8, 9, 4],
        ],
      ),
    ).toEqual([]);
    // The earliest unmap counts, in whatever order they were seen.
    expect(
      initial(
        [
          [8, 1, 5],
          [9, 1, 2],
        ],
        [
          [8, 9, 9],
          [0, 99, 3],
        ],
      ),
    ).toEqual(['0 initial-unmapped 9+1']);
  });

  test('begins anew after a loss: unmapped since events are known again', () => {
    const since = (t: number, text: string) => `${t} unmap ${text} host-mm first-fault`;
    expect(
      initial([
        [8, 1, 5],
        [8, 1, 60, 50],
        [9, 1, 70, 50],
      ]),
    ).toEqual(['0 initial-unmapped 8+1', since(50, '8+2')]);
    // An unmap of the time before says nothing; one at that very moment counts.
    expect(initial([[8, 1, 60, 50]], [[8, 9, 49]])).toEqual([since(50, '8+1')]);
    expect(initial([[8, 1, 60, 50]], [[8, 9, 50]])).toEqual([]);
    expect(
      initial(
        [
          [8, 1, 95, 90],
          [8, 1, 60, 50],
        ],
        [[8, 9, 92]],
      ),
    ).toEqual([since(50, '8+1')]);
  });

  test('holds for more unmaps than there was room for', () => {
    const covers = Array.from({ length: 600 }, (_, i) => [i, i + 1, 1] as [number, number, number]);
    const found = Array.from({ length: 601 }, (_, i) => [i, 1, 5] as Found);
    expect(initial(found, covers)).toEqual([`0 initial-unmapped 258+1`]);
  });
});

test('evidences keep their codes: labs store them', () => {
  const rows = new Rows();
  const known: Evidence[] = ['default', 'fault', 'table-call', 'pre-fault-ioctl'];
  for (const evidence of known) rows.add('map', 0, 0, 1, evidence, undefined, true);
  expect(Array.from(rows.finish(0n, 0, false).evidence)).toEqual([0, 3, 18, 20]);
});
