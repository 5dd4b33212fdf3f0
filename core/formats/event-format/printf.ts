/** A printf format and its arguments, compiled once into a list of pieces (libtraceevent's parse_args). */
import { Unreadable, type Arg } from './arg.ts';
import { layoutInteger, layoutText, parseConversion, type Conversion } from './integers.ts';
import { asWide, compileNumber, read32 } from './numbers.ts';
import type { NumberCode, PrintContext, RecordView } from './numbers.ts';
import { compilePointer, pointerSuffix } from './pointers.ts';
import { compileText, type TextCode } from './strings.ts';

export interface Piece {
  readonly code: TextCode;
  /** The text of a piece that is always the same. */
  readonly literal?: string;
  /** The argument that it prints. */
  readonly arg?: Arg;
}

const escapes: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r' };

/** Throws Unreadable where the format asks for more arguments than there are. */
export function compilePieces(format: string, args: readonly Arg[], context: PrintContext): Piece[] {
  const pieces: Piece[] = [];
  let next = 0;
  const take = (): Arg => {
    if (next >= args.length) throw new Unreadable('no argument match');
    return args[next++];
  };
  for (let at = 0; at < format.length;) {
    if (format[at] === '%' && format[at + 1] !== '%') {
      const end = conversionEnd(format, at);
      if (end < 0) break;
      pieces.push(conversionPiece(format.slice(at, end), take, context));
      at = end;
      continue;
    }
    const end = literalEnd(format, at);
    const literal = format
      .slice(at, end)
      .replace(/\\(.)|\\$|%%/gs, (whole, ch: string | undefined) =>
        whole === '%%' ? '%' : (escapes[ch ?? ''] ?? ch ?? ''),
      );
    pieces.push({ code: () => literal, literal });
    at = end;
  }
  return pieces;
}

function literalEnd(format: string, start: number): number {
  let at = start;
  while (at < format.length) {
    if (format[at] === '\\') at += 2;
    else if (format[at] !== '%') at++;
    else if (format[at + 1] === '%') at += 2;
    else break;
  }
  return Math.min(at, format.length);
}

/** The end of the conversion at `start`; -1 when the format ends inside it (then nothing more prints). */
function conversionEnd(format: string, start: number): number {
  for (let at = start + 1; at < format.length; at++) {
    if ('#hlLzZ.0123456789-*'.includes(format[at])) continue;
    return format[at] === 'p' ? at + 1 + pointerSuffix(format.slice(at + 1)).length : at + 1;
  }
  return -1;
}

function conversionPiece(text: string, take: () => Arg, context: PrintContext): Piece {
  const stars = text.split('*').length - 1;
  if (stars > 1) throw new Unreadable('argument already matched');
  const starArg = stars ? asWide(compileNumber(take(), context)) : undefined;
  const star = starArg && ((r: RecordView): number => Number(BigInt.asIntN(32, starArg(r))));
  const pointer = /p/.exec(text);
  if (pointer) {
    const arg = take();
    return { code: compilePointer(arg, text.slice(pointer.index + 1), star, context), arg };
  }
  const letter = text.charAt(text.length - 1);
  if (letter === 's') {
    const arg = take();
    const conversion = parseConversion(text);
    const plain = conversion.width === 0 && conversion.precision < 0 && !star;
    const layout = plain
      ? (s: string) => s
      : (s: string, r: RecordView) => layoutText(conversion, s, star ? star(r) : -1);
    return { code: compileText(arg, context, layout), arg };
  }
  if ('duixXo'.includes(letter)) {
    const arg = take();
    const bits = integerBits(text);
    return { code: compileInteger(compileNumber(arg, context), parseConversion(text), bits, star), arg };
  }
  const literal = `>${letter}<`;
  return { code: () => literal, literal };
}

/** Bits that the length modifiers leave of the argument. */
function integerBits(text: string): number {
  const long = text.includes('L') ? 2 : /[zZ]/.test(text) ? 1 : text.split('l').length - text.split('h').length;
  if (long > 2 || long < -2) throw new Unreadable('bad count');
  return long > 0 ? 64 : 32 >> -long;
}

function compileInteger(
  code: NumberCode,
  conversion: Conversion,
  bits: number,
  star: ((r: RecordView) => number) | undefined,
): TextCode {
  const { letter } = conversion;
  const signed = letter === 'd' || letter === 'i';
  const base = letter === 'o' ? 8 : letter === 'x' || letter === 'X' ? 16 : 10;
  const plain = conversion.width === 0 && conversion.precision < 0 && !conversion.alternate && letter !== 'X' && !star;
  const layout = (digits: string, negative: boolean, r: RecordView): string =>
    plain ? (negative ? `-${digits}` : digits) : layoutInteger(conversion, digits, negative, star ? star(r) : -1);
  if (!code.wide) {
    const { get } = code;
    if (!signed || bits === 64) {
      const mask = bits >= 32 ? 0xffffffff : (1 << bits) - 1;
      return (r) => layout(((get(r) & mask) >>> 0).toString(base), false, r);
    }
    const shift = 32 - bits;
    return (r) => {
      const value = (get(r) << shift) >> shift;
      return layout(String(Math.abs(value)), value < 0, r);
    };
  }
  const { get, offset } = code;
  if (base === 16 && bits === 64 && offset !== undefined) {
    return (r) => (offset + 8 > r.size ? layout('0', false, r) : layout(hex64(r.bytes, r.at + offset), false, r));
  }
  return (r) => {
    const value = signed ? BigInt.asIntN(bits, get(r)) : BigInt.asUintN(bits, get(r));
    return value < 0n ? layout((-value).toString(base), true, r) : layout(value.toString(base), false, r);
  };
}

/** An 8-byte field's hex digits without the cost of a BigInt. */
function hex64(bytes: Uint8Array, at: number): string {
  const hi = read32(bytes, at + 4);
  const lo = read32(bytes, at).toString(16);
  return hi === 0 ? lo : hi.toString(16) + lo.padStart(8, '0');
}
