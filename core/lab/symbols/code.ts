/** Machine code and source lines of functions, read from the binary that ran, and stored with the functions in the lab. */
import type { ElfFile, Segment } from '../../formats/elf/elf.ts';
import { fileOffset } from '../../formats/elf/elf.ts';
import { hasLines, readLines } from '../../formats/elf/line-table.ts';
import type { Warnings } from '../../formats/problems.ts';
import { CODE_BYTES, FUNCTION_BYTES, LINE_ROWS } from '../../formats/symbols/limits.ts';
import type { SourceLines, SymbolCode } from '../../store/symbols.ts';
import { firstAtLeast } from '../../model/terms/search.ts';

/** A function's place in its file: byte offsets, end exclusive. */
export interface Extent {
  readonly start: number;
  readonly end: number;
}

/** What is known about some functions' code, in their order. */
export type CodeOf = (functions: readonly Extent[]) => SymbolCode[];

/**
 * @param ran the binary that ran, if available: debug files have none of its code
 * @param debug the file with its line tables, if any
 */
export function codeOf(
  ran: ElfFile | undefined,
  debug: ElfFile | undefined,
  functions: readonly Extent[],
  warnings: Warnings,
): SymbolCode[] {
  const lines = debug && hasLines(debug) ? linesOf(debug, ran?.segments ?? debug.segments, functions, warnings) : [];
  let left = CODE_BYTES;
  return functions.map(({ start, end }, i) => {
    const size = Math.min(end - start, FUNCTION_BYTES);
    const code = ran && size > 0 && size <= left ? Uint8Array.from(ran.source.read(start, size)) : undefined;
    left -= code?.length ?? 0;
    return { ...(code?.length && { code }), ...(lines[i] && { lines: lines[i] }) };
  });
}

/** Lines per function, undefined for those not in the tables. */
function linesOf(
  debug: ElfFile,
  segments: readonly Segment[],
  functions: readonly Extent[],
  warnings: Warnings,
): (SourceLines | undefined)[] {
  const order = functions.map((_, i) => i).sort((a, b) => functions[a].start - functions[b].start);
  const starts = Float64Array.from(order, (i) => functions[i].start);
  const found = functions.map((): [number, number, number][] => []);
  let rows = 0;
  const files = readLines(debug, warnings, (from, to, file, line) => {
    const first = fileOffset(segments, from);
    if (first === undefined || rows >= LINE_ROWS) return;
    const last = first + Number(to - from);
    // The last function that starts before the range ends, and earlier ones that reach into it.
    for (let k = firstAtLeast(starts, last) - 1; k >= 0; k--) {
      const { start, end } = functions[order[k]];
      if (end <= first) break;
      found[order[k]].push([Math.max(0, first - start), file, line]);
      rows++;
    }
  });
  if (rows >= LINE_ROWS) {
    warnings.add(
      'info',
      'elf-lines',
      `more than ${LINE_ROWS} source lines in ${debug.source.name}: the rest is left out`,
    );
  }
  return found.map((list) => (list.length ? packed(list, files) : undefined));
}

/** Rows that add something, and the files that they name. */
function packed(list: [number, number, number][], all: readonly string[]): SourceLines {
  const files: string[] = [];
  const own = new Map<number, number>();
  const rows: [number, number, number][] = [];
  for (const [offset, file, line] of list.sort(([a], [b]) => a - b)) {
    let index = own.get(file);
    if (index === undefined) own.set(file, (index = files.push(all[file] ?? '?') - 1));
    const last = rows.at(-1);
    if (last && last[1] === index && last[2] === line) continue;
    if (last && last[0] === offset) rows.pop();
    rows.push([offset, index, line]);
  }
  return { files, rows };
}
