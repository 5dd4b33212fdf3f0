import { expect, test } from 'vitest';
import type { CodeRow, FunctionCode, Functions } from '../../core/contract/code.ts';
import { flame, nextHottest, shownRows, targetRow } from '../../renderer/code/rows.ts';

const row = (at: number, reference: number, kept: number, more: Partial<CodeRow> = {}): CodeRow => ({
  ...{ at, reference, kept, sources: [], ...more },
});
const code = (rows: CodeRow[]): FunctionCode => ({
  ...{ name: 'f', binary: '/bin/f', start: '0x40', bytes: 16, reference: 0, kept: 0, files: ['/src/f.c'] },
  ...{ all: { reference: 100, kept: 50 }, rows },
});

test('shares before and after, how far they moved, and each line where it begins', () => {
  const rows = shownRows(
    code([row(0, 10, 10, { line: [0, 7] }), row(4, 0, 0, { line: [0, 7] }), row(8, 20, 10, { line: [0, 8] })]),
    false,
  );
  expect(
    rows.map(({ share, surviving, moved, line, bar, dark }) => [share, surviving, moved, line?.number, bar, dark]),
  ).toEqual([
    ['10.00\u202f%', '20.00\u202f%', '+10.00', 7, 0.5, 0],
    [undefined, undefined, undefined, undefined, 0, 0],
    ['20.00\u202f%', '20.00\u202f%', '0.00', 8, 1, 0.5],
  ]);
});

test('only rows with samples: a line is named at its first row that is left', () => {
  const all = [row(0, 0, 0, { line: [0, 7] }), row(4, 3, 0, { line: [0, 7] }), row(8, 1, 1, { line: [0, 7] })];
  expect(shownRows(code(all), true).map(({ row: { at }, line }) => [at, line?.number])).toEqual([
    [4, 7],
    [8, undefined],
  ]);
});

test('nothing survived: no surviving share, and no difference', () => {
  const [only] = shownRows({ ...code([row(0, 10, 0)]), all: { reference: 10, kept: 0 } }, false);
  expect([only.share, only.surviving, only.moved, only.dark]).toEqual(['100.00\u202f%', undefined, undefined, 1]);
});

test('the next hottest row, around and back', () => {
  const rows = shownRows(code([row(0, 5, 5), row(4, 9, 9), row(8, 0, 0), row(12, 5, 0)]), false);
  expect(nextHottest(rows, undefined)).toBe(1);
  expect(nextHottest(rows, 1)).toBe(0);
  expect(nextHottest(rows, 0)).toBe(3);
  expect(nextHottest(rows, 3)).toBe(1);
  expect(nextHottest(rows, 1, true)).toBe(3);
  expect(nextHottest(shownRows(code([row(0, 0, 0)]), false), undefined)).toBeUndefined();
});

test('where a branch goes', () => {
  const rows = shownRows(code([row(0, 1, 1, { to: 8 }), row(4, 1, 1, { to: 64 }), row(8, 1, 1)]), false);
  expect([targetRow(rows, 0), targetRow(rows, 1), targetRow(rows, 2)]).toEqual([2, undefined, undefined]);
});

test('the flame graph: as wide as the losses, narrow functions as one', () => {
  const functions: Functions = {
    ...{ all: { reference: 4000, kept: 2000 }, functions: 5 },
    rows: [
      ...[
        ['a', 'x', 2000, 1000],
        ['b', 'y', 1500, 600],
        ['c', 'x', 400, 303],
        ['d', 'x', 50, 48],
        ['e', 'x', 50, 49],
      ],
    ].map(([name, binary, reference, kept]) => ({ name, binary, reference, kept }) as Functions['rows'][number]),
  };
  const boxes = flame(functions, 'lost');
  expect(boxes.map(({ name, depth, x, width }) => [name, depth, x, width])).toEqual([
    ['x', 0, 0, 0.55],
    ['a', 1, 0, 0.5],
    ['c', 1, 0.5, 0.0485],
    ['2 more', 1, 0.5485, 0.0015],
    ['y', 0, 0.55, 0.45],
    ['b', 1, 0.55, 0.45],
  ]);
  expect(boxes[3]).not.toHaveProperty('key');
  expect(boxes[0]).toMatchObject({ reference: 2500, lost: 1100 });
  expect(flame({ ...functions, rows: [{ name: 'a', binary: 'x', reference: 5, kept: 5 }] }, 'lost')).toEqual([]);
});
