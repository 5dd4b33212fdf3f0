/** `%s` arguments: libtraceevent's print_str_arg, compiled once per event. */
import type { Arg } from './arg.ts';
import { integer } from './integers.ts';
import { asWide, compileNumber, dynamicRange, read64, read32, readNumber } from './numbers.ts';
import type { PrintContext, RecordView } from './numbers.ts';
import { fieldTraits } from './parse-format.ts';
import { cString } from './text-bytes.ts';

export type TextCode = (r: RecordView) => string;
/** Lays out a string as its conversion asks. */
export type Layout = (text: string, r: RecordView) => string;

/** Names that older kernels left in lists of flags (`flags` in event-parse.c). */
const knownNames: ReadonlyMap<string, bigint> = new Map([
  ['HI_SOFTIRQ', 0n],
  ['TIMER_SOFTIRQ', 1n],
  ['NET_TX_SOFTIRQ', 2n],
  ['NET_RX_SOFTIRQ', 3n],
  ['BLOCK_SOFTIRQ', 4n],
  ['IRQ_POLL_SOFTIRQ', 5n],
  ['TASKLET_SOFTIRQ', 6n],
  ['SCHED_SOFTIRQ', 7n],
  ['HRTIMER_SOFTIRQ', 8n],
  ['RCU_SOFTIRQ', 9n],
  ['HRTIMER_NORESTART', 0n],
  ['HRTIMER_RESTART', 1n],
]);

function flagValue(text: string): bigint {
  return /^\d/.test(text) ? BigInt.asIntN(64, integer(text)) : (knownNames.get(text) ?? -1n);
}

const MAX_ELEMENTS = 65536;

export function compileText(arg: Arg | undefined, context: PrintContext, layout: Layout): TextCode {
  switch (arg?.kind) {
    case 'atom': {
      const { text } = arg;
      return (r) => layout(text, r);
    }
    case 'field':
      return fieldText(arg, context, layout);
    case 'flags':
      return flagsText(arg, context, layout);
    case 'symbol':
      return symbolText(arg, context, layout);
    case 'hex':
    case 'hex-string':
      return hexText(arg, context);
    case 'numbers':
      return numbersText(arg, context);
    case 'text': {
      const { field } = arg;
      if (!field) return () => '';
      const range = dynamicRange(field);
      return (r) => {
        const { offset, length } = range(r);
        return length === 0 ? '' : layout(cString(r.bytes, r.at + offset, r.at + r.size), r);
      };
    }
    case 'bitmask':
    case 'cpumask': {
      const { field } = arg;
      if (!field) return () => '';
      const range = dynamicRange(field);
      const list = arg.kind === 'cpumask' ? cpuList : bitmask;
      return (r) => {
        const { offset, length } = range(r);
        return layout(list(r.bytes.subarray(r.at + offset, r.at + Math.min(offset + length, r.size))), r);
      };
    }
    case 'slot': {
      const slot = arg.slot ?? 0;
      return (r) => {
        const text = r.slots[slot];
        return typeof text === 'string' ? layout(text, r) : '';
      };
    }
    case 'op': {
      if (!arg.text.startsWith('?')) return () => '';
      const test = asWide(compileNumber(arg.left, context));
      const yes = compileText(arg.right?.left, context, layout);
      const no = compileText(arg.right?.right, context, layout);
      return (r) => (test(r) !== 0n ? yes(r) : no(r));
    }
    default:
      return () => '';
  }
}

function fieldText(arg: Arg, context: PrintContext, layout: Layout): TextCode {
  const { field } = arg;
  if (!field) return () => '';
  const { offset, size } = field;
  const { array } = fieldTraits(field, context.longSize);
  if (!array && size === context.longSize) {
    // A pointer to a constant string, which printk_formats may hold.
    return (r) => {
      const address = readNumber(r, offset, size);
      return context.symbols.printkAt(address) ?? address.toString(16);
    };
  }
  return (r) => layout(cString(r.bytes, r.at + offset, r.at + Math.min(size ? offset + size : r.size, r.size)), r);
}

function flagsText(arg: Arg, context: PrintContext, layout: Layout): TextCode {
  const get = asWide(compileNumber(arg.left, context));
  const names = (arg.names ?? []).map(([value, text]) => ({ value: flagValue(value), text }));
  const delimiter = arg.text;
  return (r) => {
    let rest = BigInt.asIntN(64, get(r));
    let out = '';
    let some = false;
    for (const { value, text } of names) {
      if (rest === 0n && value < 0n) {
        out += layout(text, r);
        break;
      }
      if (value > 0n && (rest & value) === value) {
        out += (some ? delimiter : '') + layout(text, r);
        some = true;
        rest &= ~value;
      }
    }
    if (rest !== 0n) out += `${some ? delimiter : ''}0x${BigInt.asUintN(64, rest).toString(16)}`;
    return out;
  };
}

function symbolText(arg: Arg, context: PrintContext, layout: Layout): TextCode {
  const code = compileNumber(arg.left, context);
  const names = new Map<bigint, string>();
  for (const [value, text] of arg.names ?? []) {
    const key = BigInt.asUintN(64, flagValue(value));
    if (!names.has(key)) names.set(key, text);
  }
  if (code.wide) {
    return (r) => {
      const value = code.get(r);
      const name = names.get(value);
      return name === undefined ? `0x${value.toString(16)}` : layout(name, r);
    };
  }
  const small = new Map([...names].map(([value, text]) => [Number(value), text]));
  return (r) => {
    const value = code.get(r);
    const name = small.get(value);
    return name === undefined ? `0x${value.toString(16)}` : layout(name, r);
  };
}

/** Where the elements of `__print_hex` and `__print_array` start. */
function startOf(arg: Arg | undefined): (r: RecordView) => number {
  const field = arg?.field;
  if (!field) return () => 0;
  if (arg.kind !== 'dynamic') return () => field.offset;
  const range = dynamicRange(field);
  return (r) => range(r).offset;
}

/** A count as C's int loops take it. */
function countOf(value: bigint): number {
  return Math.max(0, Math.min(Number(BigInt.asIntN(32, value)), MAX_ELEMENTS));
}

function hexText(arg: Arg, context: PrintContext): TextCode {
  const start = startOf(arg.left);
  const length = asWide(compileNumber(arg.right, context));
  const between = arg.kind === 'hex' ? ' ' : '';
  return (r) => {
    const from = start(r);
    const to = Math.min(from + countOf(length(r)), r.size);
    const bytes: string[] = [];
    for (let i = from; i < to; i++) bytes.push(r.bytes[r.at + i].toString(16).padStart(2, '0'));
    return bytes.join(between);
  };
}

function numbersText(arg: Arg, context: PrintContext): TextCode {
  const start = startOf(arg.left);
  const count = asWide(compileNumber(arg.right, context));
  const elementSize = asWide(compileNumber(arg.third, context));
  return (r) => {
    const size = Number(BigInt.asIntN(32, elementSize(r)));
    const known = size === 1 || size === 2 || size === 4 || size === 8;
    const step = known ? size : 1;
    const out: string[] = [];
    let offset = start(r);
    for (let i = countOf(count(r)); i > 0 && offset + step <= r.size; i--, offset += step) {
      const at = r.at + offset;
      if (!known) out.push(`BAD SIZE:${size} 0x${r.bytes[at].toString(16)}`);
      else if (size === 8) out.push(read64(r.bytes, at).toString());
      else
        out.push(
          String(size === 4 ? read32(r.bytes, at) : size === 2 ? r.bytes[at] | (r.bytes[at + 1] << 8) : r.bytes[at]),
        );
    }
    return out.join(' ');
  };
}

/** Hex digits, most significant first, a comma every 32 bits, as the kernel's %*pb. */
function bitmask(bytes: Uint8Array): string {
  let out = '';
  for (let i = bytes.length - 1; i >= 0; i--) {
    out += bytes[i].toString(16).padStart(2, '0');
    if (i > 0 && i % 4 === 0) out += ',';
  }
  return out;
}

/** Ranges, as the kernel's %*pbl: `0-3,8`. */
function cpuList(bytes: Uint8Array): string {
  const ranges: string[] = [];
  const bits = bytes.length * 8;
  const isSet = (bit: number): boolean => ((bytes[bit >> 3] >> (bit & 7)) & 1) === 1;
  for (let bit = 0; bit < bits; bit++) {
    if (!isSet(bit)) continue;
    const first = bit;
    while (bit + 1 < bits && isSet(bit + 1)) bit++;
    ranges.push(first === bit ? String(first) : `${first}-${bit}`);
  }
  return ranges.join(',');
}
