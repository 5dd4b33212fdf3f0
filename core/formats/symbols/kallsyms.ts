import type { Warnings } from '../problems.ts';
import { InputError } from '../problems.ts';
import type { ByteSource } from '../source.ts';
import { forEachLine } from '../ftrace-text/lines.ts';
import { Binding, kernelPlace, SymbolCollector } from './symbol-table.ts';
import type { SymbolTable } from './symbol-table.ts';
import { NAME_BYTES, STRINGS_BYTES, SYMBOLS } from './limits.ts';

/** `ffff800080018200 T el0_svc`, a module's followed by `\t[kvm]`. */
const LINE = /^([0-9a-f]{8,16}) (\w) (\S+)(?:\s+\[(\S+)\])?$/;

/**
 * /proc/kallsyms as text: functions of the kernel and its modules; places are those of `kernelPlace`. Lines of other kinds are
 * data. Throws InputError if the kernel hid the addresses, or if no line is a symbol.
 */
export function readKallsyms(source: ByteSource, warnings: Warnings): SymbolTable {
  const names: string[] = [];
  // kallsyms has no sizes: a symbol reaches to the next.
  const symbols = new SymbolCollector((key) => names[key]);
  const modules = new Map<string | undefined, number>([[undefined, 0]]);
  let known = 0;
  let hidden = 0;
  forEachLine(source, warnings, ({ text, offset, start, end }) => {
    const m = end - start <= NAME_BYTES ? LINE.exec(text) : null;
    if (!m) {
      if (end > start) {
        const at = { offset, bytes: end - start };
        warnings.add('undecoded', 'kallsyms-line', 'lines that are no symbols: skipped', at);
      }
      return true;
    }
    known++;
    if (/^0+$/.test(m[1])) {
      hidden++;
      return true;
    }
    const type = m[2].toUpperCase();
    // Arm's mapping symbols ($x, $d) name no function.
    if ((type !== 'T' && type !== 'W') || m[3].startsWith('$')) return true;
    const address = BigInt(`0x${m[1]}`);
    // Addresses of 32-bit kernels and per-CPU offsets aren't in the upper half.
    if (address >> 63n) {
      const binding = type === 'W' ? Binding.WEAK : m[2] === 'T' ? Binding.GLOBAL : Binding.LOCAL;
      const group = modules.get(m[4]) ?? modules.size;
      modules.set(m[4], group);
      symbols.add(kernelPlace(address), 0, binding, names.push(m[3]) - 1, group);
    }
    // Names keep the text that they were cut from.
    if (symbols.n < SYMBOLS && offset < STRINGS_BYTES) return true;
    const message = `more than ${SYMBOLS} functions or ${STRINGS_BYTES >> 20} MiB: the rest is left out`;
    warnings.add('undecoded', 'kallsyms-much', message, { offset });
    return false;
  });
  if (!known) throw new InputError(source.name, 'no kallsyms: lines are like `ffff800080010000 T _text`', 0);
  if (hidden === known) {
    const advice = 'read it as root, or with kernel.kptr_restrict=0';
    throw new InputError(source.name, `the kernel hid all addresses (they are 0): ${advice}`, 0);
  }
  return symbols.build();
}
