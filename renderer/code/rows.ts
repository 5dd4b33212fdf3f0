/** The Code view's rows for a function. */
import type { CodeRow, FunctionCode, Functions } from '../../core/contract/code.ts';
import { percent } from '../../core/words/numbers.ts';

/** A row as shown: a source line is placed where it begins. */
export interface ShownRow {
  readonly row: CodeRow;
  readonly line?: { readonly file: string; readonly number: number };
  /** Shares of all samples of the run: in the reference, and among the survivors; and the difference of the second from the first. */
  readonly share?: string;
  readonly surviving?: string;
  readonly moved?: string;
  /** Bars: reference and lost samples, relative to the hottest row's. */
  readonly bar: number;
  readonly dark: number;
}

export function shownRows({ rows, files, all }: FunctionCode, hotOnly: boolean): ShownRow[] {
  const most = rows.reduce((n, { reference }) => Math.max(n, reference), 1);
  let last = '';
  return rows
    .filter(({ reference }) => !hotOnly || reference > 0)
    .map((row): ShownRow => {
      const { reference, kept, line } = row;
      const key = line ? line.join() : last;
      const isNew = line !== undefined && key !== last;
      last = key;
      const p = all.reference ? reference / all.reference : 0;
      const q = all.kept ? kept / all.kept : NaN;
      return {
        row,
        ...(isNew && { line: { file: files[line[0]] ?? '?', number: line[1] } }),
        ...(reference && { share: percent(p, 2) }),
        ...(reference && !Number.isNaN(q) && { surviving: percent(q, 2), moved: moved(q - p) }),
        bar: reference / most,
        dark: (reference - kept) / most,
      };
    });
}

/** Percentage points, signed; the unit is in the column's head. */
function moved(difference: number): string {
  const text = (100 * Math.abs(difference)).toFixed(2);
  return Number(text) === 0 ? text : `${difference < 0 ? '−' : '+'}${text}`;
}

/** The row with most samples after (or, going back, before) one, in order of samples: what `h` and `H` step through. */
export function nextHottest(rows: readonly ShownRow[], from: number | undefined, back = false): number | undefined {
  const order = rows
    .map((_, i) => i)
    .filter((i) => rows[i].row.reference > 0)
    .sort((a, b) => rows[b].row.reference - rows[a].row.reference || a - b);
  if (!order.length) return undefined;
  const at = from === undefined ? -1 : order.indexOf(from);
  if (at < 0) return order[0];
  return order[(at + (back ? -1 : 1) + order.length) % order.length];
}

/** The row a branch goes to; undefined if it is outside the function. */
export function targetRow(rows: readonly ShownRow[], row: number): number | undefined {
  const to = rows[row]?.row.to;
  const at = to === undefined ? -1 : rows.findIndex((r) => r.row.at === to);
  return at < 0 ? undefined : at;
}

/** A box in the flame graph. Shares are of everything drawn. */
export interface FlameBox {
  readonly name: string;
  readonly depth: number;
  /** Left edge and width, 0 … 1. */
  readonly x: number;
  readonly width: number;
  readonly reference: number;
  readonly lost: number;
  /** A function that can be opened. */
  readonly key?: string;
}

/** Boxes narrower than this share of the graph are merged into one at the end of their binary: too small to see or hit. */
const NARROW = 0.004;

/**
 * Lost samples (or all of them) by binary, then function; width is their number: SPE records no stacks, so that is all there is.
 * @param of what sets the width of boxes
 */
export function flame({ rows }: Functions, of: 'lost' | 'reference'): FlameBox[] {
  const size = (r: { reference: number; kept: number }): number => (of === 'lost' ? r.reference - r.kept : r.reference);
  const total = rows.reduce((n, r) => n + size(r), 0);
  if (!total) return [];
  const sums = (list: Functions['rows']) => ({
    reference: list.reduce((n, r) => n + r.reference, 0),
    lost: list.reduce((n, r) => n + r.reference - r.kept, 0),
    width: list.reduce((n, r) => n + size(r), 0) / total,
  });
  const byBinary = [...Map.groupBy(rows, (r) => r.binary)].map(([name, list]) => ({ name, list, ...sums(list) }));
  const boxes: FlameBox[] = [];
  let x = 0;
  for (const { name, list, ...own } of byBinary.sort((a, b) => b.width - a.width)) {
    if (!own.width) continue;
    boxes.push({ name, depth: 0, x, ...own });
    let left = x;
    const wide = list.filter((r) => size(r) / total >= NARROW).sort((a, b) => size(b) - size(a));
    for (const r of wide) {
      const width = size(r) / total;
      boxes.push({
        name: r.name,
        key: r.name,
        depth: 1,
        x: left,
        width,
        reference: r.reference,
        lost: r.reference - r.kept,
      });
      left += width;
    }
    const rest = list.filter((r) => size(r) > 0 && size(r) / total < NARROW);
    if (rest.length) boxes.push({ name: `${rest.length} more`, depth: 1, x: left, ...sums(rest) });
    x += own.width;
  }
  return boxes;
}
