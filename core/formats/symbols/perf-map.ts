import type { Warnings } from '../problems.ts';
import { InputError } from '../problems.ts';
import type { ByteSource } from '../source.ts';
import { forEachLine } from '../ftrace-text/lines.ts';
import { byteText } from '../event-format/text-bytes.ts';
import { NAME_BYTES, STRINGS_BYTES, SYMBOLS } from './limits.ts';
import { Binding, SymbolCollector } from './symbol-table.ts';
import type { SymbolTable } from './symbol-table.ts';

/** `aaaac3f49040 120 main`: hexadecimal, with or without 0x. */
const LINE = /^(?:0x)?([0-9a-f]{1,16})\s+(?:0x)?([0-9a-f]{1,16})\s+(?=\S)/i;

/**
 * /tmp/perf-PID.map: what a JIT compiler generated, by address (linux: tools/perf/Documentation/jit-interface.txt). Places are addresses. A
 * later line for the same place replaces the earlier one: the code was recompiled. Throws InputError if no line is a perf map's.
 */
export function readPerfMap(source: ByteSource, warnings: Warnings): SymbolTable {
  const names: string[] = [];
  const latest = new Map<number, [size: number, name: string]>();
  let known = 0;
  let chars = 0;
  forEachLine(source, warnings, ({ text, bytes, offset, start, end }) => {
    const m = LINE.exec(text);
    const [address, size] = m ? [Number(`0x${m[1]}`), Number(`0x${m[2]}`)] : [NaN, NaN];
    if (!m || !Number.isSafeInteger(address + size)) {
      if (end > start) {
        const message = 'lines that are no `START SIZE NAME` of user addresses: skipped';
        warnings.add('undecoded', 'perf-map-line', message, { offset, bytes: end - start });
      }
      return true;
    }
    known++;
    latest.set(address, [size, byteText(bytes, start + m[0].length, Math.min(end, start + m[0].length + NAME_BYTES))]);
    chars += latest.get(address)?.[1].length ?? 0;
    if (latest.size < SYMBOLS && chars < STRINGS_BYTES) return true;
    const message = `more than ${SYMBOLS} functions or ${STRINGS_BYTES >> 20} MiB of names: the rest is left out`;
    warnings.add('undecoded', 'perf-map-much', message, { offset });
    return false;
  });
  if (!known) throw new InputError(source.name, 'no perf map: lines are `START SIZE NAME`, numbers in hex', 0);
  const symbols = new SymbolCollector((key) => names[key]);
  for (const [address, [size, name]] of latest) symbols.add(address, size, Binding.GLOBAL, names.push(name) - 1);
  return symbols.build();
}
