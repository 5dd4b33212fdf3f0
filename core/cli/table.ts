/** Plain text tables for terminals: numbers right-aligned, text left-aligned, no decoration. */
import { printableCell } from '../words/printable.ts';

/** `rows` hold strings already formatted; a column is right-aligned if `align` has `r` at its place. */
export function textTable(head: readonly string[], rows: readonly (readonly string[])[], align: string): string {
  const lines = [head, ...rows].map((cells) => cells.map(printableCell));
  const width = head.map((_, c) => lines.reduce((widest, cells) => Math.max(widest, cells[c].length), 0));
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, c) => (align[c] === 'r' ? cell.padStart(width[c]) : cell.padEnd(width[c])))
      .join('  ')
      .trimEnd();
  return lines.map((cells) => `${line(cells)}\n`).join('');
}
