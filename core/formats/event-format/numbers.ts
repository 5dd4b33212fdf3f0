/**
 * Numbers out of records. An expression compiles once into a closure; values known to fit 32 bits stay plain numbers, the
 * others are BigInt, unsigned 64 bits throughout as in libtraceevent (eval_num_arg).
 */
import type { Arg } from './arg.ts';
import { calculate } from './constants.ts';
import type { EventField } from './format.ts';
import { integer } from './integers.ts';
import { fieldTraits } from './parse-format.ts';
import type { Symbols } from './symbols.ts';

/** Where a record lies: bytes, its first byte, its size; and what a binary printk brings along. */
export interface RecordView {
  bytes: Uint8Array;
  at: number;
  size: number;
  slots: readonly (bigint | string)[];
}

export type Number32 = (r: RecordView) => number;
export type Number64 = (r: RecordView) => bigint;

/** `offset`: the value is just the 8-byte field at that offset, so that printing can take its halves. */
export type NumberCode = { wide: false; get: Number32 } | { wide: true; get: Number64; offset?: number };

/** What all events of a trace share for evaluating and printing. */
export interface PrintContext {
  readonly symbols: Symbols;
  /** Bytes of a kernel `long`. */
  readonly longSize: number;
}

export function read32(bytes: Uint8Array, at: number): number {
  return (bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16) | (bytes[at + 3] << 24)) >>> 0;
}

export function read64(bytes: Uint8Array, at: number): bigint {
  return (BigInt(read32(bytes, at + 4)) << 32n) | BigInt(read32(bytes, at));
}

/** tep_read_number: 1, 2, 4 or 8 bytes, unsigned; 0 for other sizes and outside the record. */
export function readNumber(r: RecordView, offset: number, size: number): bigint {
  if (offset < 0 || offset + size > r.size) return 0n;
  return size === 8 ? read64(r.bytes, r.at + offset) : BigInt(readSmall(r, offset, size));
}

function readSmall(r: RecordView, offset: number, size: number): number {
  if (offset + size > r.size) return 0;
  const { bytes } = r;
  const at = r.at + offset;
  if (size === 4) return read32(bytes, at);
  if (size === 2) return bytes[at] | (bytes[at + 1] << 8);
  return size === 1 ? bytes[at] : 0;
}

const small = (get: Number32): NumberCode => ({ wide: false, get });
const wide = (get: Number64, offset?: number): NumberCode => ({ wide: true, get, offset });

export function asWide(code: NumberCode): Number64 {
  if (code.wide) return code.get;
  const { get } = code;
  return (r) => BigInt(get(r));
}

function asTruth(code: NumberCode): (r: RecordView) => boolean {
  if (code.wide) {
    const { get } = code;
    return (r) => get(r) !== 0n;
  }
  const { get } = code;
  return (r) => get(r) !== 0;
}

function constantCode(value: bigint): NumberCode {
  if (value > 0xffffffffn) return wide(() => value);
  const n = Number(value);
  return small(() => n);
}

export function fieldCode(field: EventField): NumberCode {
  const { offset, size } = field;
  if (size !== 8) return small((r) => readSmall(r, offset, size));
  return wide((r) => (offset + 8 > r.size ? 0n : read64(r.bytes, r.at + offset)), offset);
}

/** Where dynamic data lies (dynamic_offset): offset from the record's start and length; 0 where they don't fit it. */
export function dynamicRange(field: EventField): (r: RecordView) => { offset: number; length: number } {
  const relative = field.kind === 'rel-loc' ? field.offset + field.size : 0;
  return (r) => {
    if (field.offset + field.size > r.size) return { offset: 0, length: 0 };
    const value = readSmall(r, field.offset, field.size);
    const start = value & 0xffff;
    const length = field.size === 2 ? r.size - start : value >>> 16;
    return {
      offset: (start > r.size ? 0 : start) + relative,
      length: start + length > r.size || length < 0 ? 0 : length,
    };
  };
}

/** Bits that a cast keeps (eval_type_str); 64 for the types it lets through. */
function castBits(type: string, pointer: boolean): number {
  const name = pointer ? type.slice(0, -2) : type;
  if (name.endsWith('*') || name.startsWith('struct')) return 64;
  const bits = /^[us](8|16|32|64)$/.exec(name)?.[1];
  if (bits !== undefined) return Number(bits);
  switch (name.startsWith('unsigned ') ? name.slice(9) : name) {
    case 'char':
      return 8;
    case 'short':
      return 16;
    case 'int':
      return 32;
    default:
      return 64;
  }
}

function cast(code: NumberCode, type: string, pointer: boolean): NumberCode {
  if (pointer && !type.endsWith('*')) return code;
  const bits = castBits(type, pointer);
  if (bits === 64) return code;
  if (code.wide) {
    const { get } = code;
    return small((r) => Number(BigInt.asUintN(bits, get(r))));
  }
  if (bits === 32) return code;
  const { get } = code;
  const mask = (1 << bits) - 1;
  return small((r) => get(r) & mask);
}

/** Compiles an argument to its value. 0 for those without one (strings, names of flags). */
export function compileNumber(arg: Arg | undefined, context: PrintContext): NumberCode {
  switch (arg?.kind) {
    case 'atom': {
      const value = integer(arg.text);
      if (value !== 0n || /^\d/.test(arg.text)) return constantCode(value);
      return constantCode(context.symbols.addressOf(arg.text));
    }
    case 'field':
      return arg.field ? fieldCode(arg.field) : constantCode(0n);
    case 'cast':
      return cast(compileNumber(arg.left, context), arg.text, false);
    case 'op':
      return compileOperation(arg, context);
    case 'dynamic-length': {
      const range = arg.field && dynamicRange(arg.field);
      return range ? small((r) => range(r).length) : constantCode(0n);
    }
    case 'slot': {
      const slot = arg.slot ?? 0;
      return wide((r) => {
        const value = r.slots[slot];
        return typeof value === 'bigint' ? value : 0n;
      });
    }
    default:
      return constantCode(0n);
  }
}

function compileOperation(arg: Arg, context: PrintContext): NumberCode {
  if (arg.text === '[') return compileIndex(arg, context);
  const left = compileNumber(arg.left, context);
  if (arg.text === '?') {
    const test = asTruth(left);
    const yes = compileNumber(arg.right?.left, context);
    const no = compileNumber(arg.right?.right, context);
    if (!yes.wide && !no.wide) return small((r) => (test(r) ? yes.get(r) : no.get(r)));
    const [a, b] = [asWide(yes), asWide(no)];
    return wide((r) => (test(r) ? a(r) : b(r)));
  }
  const right = compileNumber(arg.right, context);
  const narrow = left.wide || right.wide ? undefined : narrowOperation(arg.text, left.get, right.get);
  return narrow ? small(narrow) : wideOperation(arg.text, left, right);
}

/** Operations whose result fits 32 bits when both operands do. */
function narrowOperation(op: string, a: Number32, b: Number32): Number32 | undefined {
  switch (op) {
    case '!':
      return (r) => (b(r) === 0 ? 1 : 0);
    case '!=':
      return (r) => (a(r) !== b(r) ? 1 : 0);
    case '==':
      return (r) => (a(r) === b(r) ? 1 : 0);
    case '<':
      return (r) => (a(r) < b(r) ? 1 : 0);
    case '<=':
      return (r) => (a(r) <= b(r) ? 1 : 0);
    case '>':
      return (r) => (a(r) > b(r) ? 1 : 0);
    case '>=':
      return (r) => (a(r) >= b(r) ? 1 : 0);
    case '&&':
      return (r) => (a(r) !== 0 && b(r) !== 0 ? 1 : 0);
    case '||':
      return (r) => (a(r) !== 0 || b(r) !== 0 ? 1 : 0);
    case '&':
      return (r) => (a(r) & b(r)) >>> 0;
    case '|':
      return (r) => (a(r) | b(r)) >>> 0;
    case '>>':
      return (r) => {
        const shift = b(r) & 63;
        return shift > 31 ? 0 : a(r) >>> shift;
      };
    case '/':
      return (r) => Math.floor(a(r) / (b(r) || Infinity));
    case '%':
      return (r) => a(r) % (b(r) || 1);
    default:
      return undefined;
  }
}

function wideOperation(op: string, left: NumberCode, right: NumberCode): NumberCode {
  const [a, b] = [asWide(left), asWide(right)];
  switch (op) {
    case '!':
      return small((r) => (b(r) === 0n ? 1 : 0));
    case '~':
      return wide((r) => BigInt.asUintN(64, ~b(r)));
    case '&':
      if (left.wide && right.wide) break;
      return small((r) => Number(a(r) & b(r)));
    case '^':
      return constantCode(0n); // folded in constants, unknown to eval_num_arg
    case '<':
    case '<=':
    case '>':
    case '>=':
    case '==':
    case '!=':
    case '&&':
    case '||':
      return small((r) => (calculate(op, a(r), b(r)) === 1n ? 1 : 0));
    default:
      break;
  }
  return wide((r) => calculate(op, a(r), b(r)) ?? 0n);
}

/** `array[index]`: elements of a fixed array by number, of a dynamic one by byte. */
function compileIndex(arg: Arg, context: PrintContext): NumberCode {
  const index = compileNumber(arg.right, context);
  let base = arg.left;
  let type: string | undefined;
  while (base?.kind === 'cast') {
    type ??= base.text;
    base = base.left;
  }
  const field = base?.field;
  if (!field || (base?.kind !== 'field' && base?.kind !== 'dynamic')) return constantCode(0n);
  const { elementSize } = fieldTraits(field, context.longSize);
  const dynamic = base.kind === 'dynamic' ? dynamicRange(field) : undefined;
  const size = dynamic ? elementSize || context.longSize : elementSize;
  const position = asWide(index);
  const offsetOf = (r: RecordView): number => {
    const i = Number(BigInt.asUintN(32, position(r)));
    return dynamic ? dynamic(r).offset + i : field.offset + i * elementSize;
  };
  const element =
    size === 8 ? wide((r) => readNumber(r, offsetOf(r), 8)) : small((r) => readSmall(r, offsetOf(r), size));
  return type === undefined ? element : cast(element, type, true);
}
