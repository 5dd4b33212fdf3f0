/**
 * Binary printk (`bprint`): the record holds the address of its format and the arguments, packed as vbin_printf packs them.
 * Unpacked as libtraceevent does (make_bprint_args).
 */
import type { Arg } from './arg.ts';
import type { EventFormat } from './format.ts';
import { readNumber, type PrintContext, type RecordView } from './numbers.ts';
import { compilePieces } from './printf.ts';
import type { TextCode } from './strings.ts';
import { cString } from './text-bytes.ts';

/** One argument's place in the record: a number of this many bytes, or a string; `p`: a string if its first byte says so. */
interface Slot {
  readonly kind: 'number' | 'text' | 'number-or-text';
  readonly size: number;
}

const MISSING = '%ps: (NO FORMAT FOUND at ';

/** Most compiled formats kept: damaged addresses may be endless. */
const MAX_FORMATS = 65536;

/** The text of a `bprint` record; empty when its description lacks `fmt`, `buf` or `ip`. */
export function bprintText(format: EventFormat, context: PrintContext): TextCode {
  const field = (name: string) => format.fields.find((f) => f.name === name);
  const [fmt, buf, ip] = [field('fmt'), field('buf'), field('ip')];
  if (!fmt || !buf || !ip) return () => '';
  const compiled = new Map<bigint, { slots: Slot[]; code: TextCode }>();
  return (r) => {
    const address = readNumber(r, fmt.offset, fmt.size);
    let known = compiled.get(address);
    if (!known) {
      const printk = context.symbols.printkAt(address);
      const text = printk === undefined ? `${MISSING}${address.toString(16)})\n` : `%ps: ${printk}`;
      known = compile(text, context);
      if (compiled.size >= MAX_FORMATS) compiled.clear();
      compiled.set(address, known);
    }
    const values = [readNumber(r, ip.offset, ip.size), ...unpack(r, buf.offset, known.slots)];
    return known.code({ ...r, slots: values });
  };
}

function compile(text: string, context: PrintContext): { slots: Slot[]; code: TextCode } {
  const slots = slotsOf(text.slice(5), context.longSize);
  const args = Array.from({ length: slots.length + 1 }, (_, slot): Arg => ({ kind: 'slot', text: '', slot, rank: 0 }));
  // Formats that need more than they hold end there.
  const pieces = compilePieces(text, [...args, ...Array.from({ length: 64 }, () => args[args.length - 1])], context);
  return {
    slots,
    code: (r) => pieces.map((p) => p.literal ?? p.code(r)).join(''),
  };
}

function slotsOf(format: string, longSize: number): Slot[] {
  const slots: Slot[] = [];
  for (const [text, stars, modifiers, letter, extension] of format.matchAll(
    /%(?:%|([-#0-9.*]*)([lLzZh]*)([a-zA-Z])([a-zA-Z]?))/g,
  )) {
    if (text === '%%') continue;
    for (let i = stars.split('*').length - 1; i > 0; i--) slots.push({ kind: 'number', size: 4 });
    const longs = modifiers.split('l').length - 1;
    if (letter === 's') slots.push({ kind: 'text', size: 0 });
    else if (letter === 'p') {
      const isNumber = !/[a-zA-Z0-9]/.test(extension) || 'sSxfF'.includes(extension);
      slots.push({ kind: isNumber ? 'number' : 'number-or-text', size: longSize });
    } else if ('duixXo'.includes(letter)) {
      const size = /L/.test(modifiers) || longs >= 2 ? 8 : longs === 1 || /[zZ]/.test(modifiers) ? longSize : 4;
      slots.push({ kind: 'number', size });
    }
  }
  return slots;
}

function unpack(r: RecordView, offset: number, slots: readonly Slot[]): (bigint | string)[] {
  const values: (bigint | string)[] = [];
  let at = offset;
  for (const slot of slots) {
    if (at >= r.size) break;
    const first = r.bytes[r.at + at];
    if (slot.kind === 'text' || (slot.kind === 'number-or-text' && first >= 0x20 && first <= 0x7e)) {
      const text = cString(r.bytes, r.at + at, r.at + r.size);
      values.push(text);
      const nul = r.bytes.subarray(r.at + at, r.at + r.size).indexOf(0);
      at = nul < 0 ? r.size : at + nul + 1;
    } else {
      at = (at + 3) & ~3; // vbin_printf aligns its words to 4 bytes
      values.push(readNumber(r, at, slot.size));
      at += slot.size;
    }
  }
  return values;
}
