/** Query rows for a terminal: aligned while they are few, tab-separated and streamed beyond that. */
import type { Output } from './output.ts';
import { textTable } from './table.ts';

/** Rows of a text table, held to align them. */
const ALIGNED_ROWS = 1000;

/** Cells come formatted. */
export function rowPrinter(out: Output) {
  let head: readonly string[] = [];
  const held: (readonly string[])[] = [];
  let streaming = false;
  return {
    columns(names: readonly string[]): void {
      head = names;
    },
    row(cells: readonly string[]): void {
      if (streaming) {
        out.write(`${cells.join('\t')}\n`);
      } else if (held.push(cells) > ALIGNED_ROWS) {
        streaming = true;
        out.write([head, ...held].map((r) => `${r.join('\t')}\n`).join(''));
      }
    },
    end(): void {
      if (!streaming) out.write(textTable(head, held, ''));
    },
  };
}
