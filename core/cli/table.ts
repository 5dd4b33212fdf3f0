/** Plain text tables for terminals: numbers to the right, text to the left, no decoration. */

/** `rows` hold strings already formatted; a column is right-aligned if `align` has `r` at its place. */
export function textTable(head: readonly string[], rows: readonly (readonly string[])[], align: string): string {
  const width = head.map((h, c) => Math.max(h.length, ...rows.map((r) => r[c].length)));
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, c) => (align[c] === 'r' ? cell.padStart(width[c]) : cell.padEnd(width[c])))
      .join('  ')
      .trimEnd();
  return [head, ...rows].map((r) => `${line(r)}\n`).join('');
}
