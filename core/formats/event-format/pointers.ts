/** `%p` and its extensions, as far as libtraceevent knows them (print_arg_pointer); others print as plain pointers. */
import type { Arg } from './arg.ts';
import { asWide, compileNumber, dynamicRange } from './numbers.ts';
import type { PrintContext, RecordView } from './numbers.ts';
import type { TextCode } from './strings.ts';

/** Letters after `%p` that belong to the conversion (parse_arg_format_pointer). `text`: what follows the `p`. */
export function pointerSuffix(text: string): string {
  const m = /^(?:[FSfs]|[Mm][RF]?|[iI](?:4[hnlb]?|6c?|S[pfs]*[hnlb]?c?)?|U[LlBb]?|h[CDN]?)/.exec(text);
  return m ? m[0] : '';
}

/** `suffix`: what pointerSuffix found; `star`: the argument of `%*ph`. */
export function compilePointer(
  arg: Arg,
  suffix: string,
  star: ((r: RecordView) => number) | undefined,
  context: PrintContext,
): TextCode {
  if (arg.kind === 'slot') return slotPointer(arg, suffix, context);
  const letter = suffix.charAt(0);
  switch (letter) {
    case 'F':
    case 'f':
    case 'S':
    case 's':
      return functionText(arg, letter, context);
    case 'M':
    case 'm':
      return fixedField(arg, 6, 'INVALIDMAC', (bytes) => mac(bytes, suffix));
    case 'U':
      return fixedField(arg, 16, 'INVALIDUUID', (bytes) => uuid(bytes, suffix.charAt(1)));
    case 'I':
    case 'i':
      return address(arg, suffix);
    case 'h':
      return rawBytes(arg, suffix.charAt(1), star);
    default: {
      const get = asWide(compileNumber(arg, context));
      return (r) => plainPointer(get(r));
    }
  }
}

/** Binary printk keeps the string itself where a pointer would mean nothing. */
function slotPointer(arg: Arg, suffix: string, context: PrintContext): TextCode {
  const slot = arg.slot ?? 0;
  const named = /^[FSfs]/.test(suffix) ? functionText(arg, suffix.charAt(0), context) : undefined;
  return (r) => {
    const value = r.slots[slot];
    if (typeof value === 'string') return value;
    return named ? named(r) : plainPointer(value ?? 0n);
  };
}

function plainPointer(value: bigint): string {
  return value === 0n ? '(nil)' : `0x${value.toString(16)}`;
}

function functionText(arg: Arg, letter: string, context: PrintContext): TextCode {
  const get = asWide(compileNumber(arg, context));
  const withOffset = letter === 'F' || letter === 'S';
  return (r) => {
    const value = get(r);
    const found = context.symbols.functionAt(value);
    if (!found) return `0x${value.toString(16)}`;
    return withOffset ? `${found.name}+0x${found.offset.toString(16)}` : found.name;
  };
}

function withoutCasts(arg: Arg): Arg {
  let inner = arg;
  while (inner.kind === 'cast' && inner.left) inner = inner.left;
  return inner;
}

/** enum tep_print_arg_type, which its messages show. */
const typeNumbers: Readonly<Record<string, number>> = {
  null: 0,
  atom: 1,
  field: 2,
  flags: 3,
  symbol: 4,
  hex: 5,
  numbers: 6,
  cast: 7,
  text: 8,
  slot: 9,
  dynamic: 10,
  op: 11,
  bitmask: 13,
  'dynamic-length': 14,
  'hex-string': 15,
  cpumask: 16,
};

function notAField(arg: Arg): TextCode {
  const text = `ARG TYPE NOT FIELD BUT ${typeNumbers[arg.kind]}`;
  return () => text;
}

function fixedField(arg: Arg, size: number, invalid: string, print: (bytes: Uint8Array) => string): TextCode {
  const inner = withoutCasts(arg);
  if (inner.kind !== 'field') return notAField(inner);
  const { field } = inner;
  if (!field) return () => '';
  if (field.size !== size) return () => invalid;
  return (r) =>
    field.offset + size > r.size ? '' : print(r.bytes.subarray(r.at + field.offset, r.at + field.offset + size));
}

const hex2 = (byte: number): string => byte.toString(16).padStart(2, '0');

function mac(bytes: Uint8Array, suffix: string): string {
  const delimiter = suffix.startsWith('m') ? '' : suffix.startsWith('MF') ? '-' : ':';
  const list = Array.from(bytes, hex2);
  if (suffix.charAt(1) === 'R') list.reverse();
  return list.join(delimiter);
}

const GUID_ORDER = [3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15];

function uuid(bytes: Uint8Array, order: string): string {
  const little = order === 'L' || order === 'l';
  const digits = GUID_ORDER.map((at, i) => hex2(bytes[little ? at : i])).join('');
  const text = digits.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
  return order === 'L' || order === 'B' ? text.toUpperCase() : text;
}

/** `%pI4`, `%pi6`, `%pISpc` …: `suffix` begins with I or i. */
function address(arg: Arg, suffix: string): TextCode {
  const leadingZeros = suffix.startsWith('i');
  const compressed = suffix.includes('c') && !leadingZeros;
  switch (suffix.charAt(1)) {
    case '4': {
      // File and host are little-endian: 'h' and 'l' are the reverse of network order.
      const reverse = suffix.charAt(2) === 'h' || suffix.charAt(2) === 'l';
      return fixedField(arg, 4, 'INVALIDIPv4', (bytes) => ip4(bytes, leadingZeros, reverse));
    }
    case '6':
      return fixedField(arg, 16, 'INVALIDIPv6', (bytes) => ip6(bytes, compressed, !leadingZeros));
    case 'S':
      return socketAddress(arg, suffix);
    default:
      return () => '';
  }
}

function ip4(bytes: Uint8Array, leadingZeros: boolean, reverse: boolean): string {
  const parts = Array.from(bytes.subarray(0, 4), (b) => (leadingZeros ? String(b).padStart(3, '0') : String(b)));
  if (reverse) parts.reverse();
  return parts.join('.');
}

function ip6(bytes: Uint8Array, compressed: boolean, colons: boolean): string {
  const words = Array.from({ length: 8 }, (_, i) => (bytes[2 * i] << 8) | bytes[2 * i + 1]);
  if (!compressed) return words.map((w) => w.toString(16).padStart(4, '0')).join(colons ? ':' : '');
  const mapped = words.slice(0, 5).every((w) => w === 0) && words[5] === 0xffff;
  const isatap = (words[4] | 0x0200) === 0x0200 && words[5] === 0x5efe;
  const ip4Tail = mapped || isatap;
  const range = ip4Tail ? 6 : 8;
  let longest = 1;
  let longestAt = -1;
  for (let i = 0; i < range; i++) {
    let run = 0;
    while (i + run < range && words[i + run] === 0) run++;
    if (run > longest) [longest, longestAt] = [run, i];
  }
  let text = '';
  let colon = false;
  for (let i = 0; i < range; i++) {
    if (i === longestAt) {
      text += colon || i === 0 ? '::' : ':';
      colon = false;
      i += longest - 1;
      continue;
    }
    text += (colon ? ':' : '') + words[i].toString(16);
    colon = true;
  }
  return ip4Tail ? `${text}${colon ? ':' : ''}${ip4(bytes.subarray(12), false, false)}` : text;
}

const AF_INET = 2;
const AF_INET6 = 10;

function socketAddress(arg: Arg, suffix: string): TextCode {
  const inner = withoutCasts(arg);
  const { field } = inner;
  if (!field || (inner.kind !== 'field' && inner.kind !== 'dynamic')) {
    const text = `ARG NOT FIELD NOR DYNAMIC ARRAY BUT TYPE ${typeNumbers[inner.kind]}`;
    return () => text;
  }
  const dynamic = inner.kind === 'dynamic' ? dynamicRange(field) : undefined;
  const upper = suffix.startsWith('I');
  const withPort = upper && suffix.charAt(2) === 'p';
  const compressed = upper && suffix.charAt(withPort ? 3 : 2) === 'c';
  return (r) => {
    const { offset, length } = dynamic ? dynamic(r) : { offset: field.offset, length: field.size };
    const bytes = r.bytes.subarray(r.at + offset, r.at + Math.min(offset + length, r.size));
    const family = bytes[0] | (bytes[1] << 8);
    const port = (bytes[2] << 8) | bytes[3];
    if (family === AF_INET) {
      if (bytes.length < 16) return 'INVALIDIPv4';
      return ip4(bytes.subarray(4, 8), !upper, false) + (withPort ? `:${port}` : '');
    }
    if (family !== AF_INET6) return '';
    if (bytes.length < 28) return 'INVALIDIPv6';
    const text = ip6(bytes.subarray(8, 24), compressed, upper);
    return withPort ? `[${text}]:${port}` : text;
  };
}

function rawBytes(arg: Arg, order: string, star: ((r: RecordView) => number) | undefined): TextCode {
  if (arg.kind !== 'dynamic' || !arg.field) return notAField(arg);
  const range = dynamicRange(arg.field);
  const delimiter = { C: ':', D: '-', N: '' }[order] ?? ' ';
  return (r) => {
    const { offset, length } = range(r);
    const count = Math.min(star ? star(r) : 1, length, r.size - offset);
    if (count < 1) return '';
    return Array.from(r.bytes.subarray(r.at + offset, r.at + offset + count), hex2).join(delimiter);
  };
}
