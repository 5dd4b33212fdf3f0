/** Integers as C reads and prints them. */

/**
 * C's strtoull(text, NULL, 0): 0x hex, 0 octal, else decimal, up to the first character that doesn't fit; 0 if none does.
 * Unsigned 64 bits; a minus sign wraps, too much saturates.
 */
export function integer(text: string): bigint {
  const m = /^\s*([+-]?)(?:0[xX]([0-9a-fA-F]+)|(0[0-7]*)|([1-9][0-9]*))/.exec(text);
  if (!m) return 0n;
  const [, sign, hex, octal, decimal] = m;
  const digits = hex !== undefined ? `0x${hex}` : octal !== undefined ? `0o0${octal}` : decimal;
  if (digits.length > 70) return 0xffffffffffffffffn;
  const value = BigInt(digits);
  if (value > 0xffffffffffffffffn) return 0xffffffffffffffffn;
  return sign === '-' ? BigInt.asUintN(64, -value) : value;
}

/** A printf conversion: what is between `%` and its letter. */
export interface Conversion {
  readonly left: boolean;
  readonly zero: boolean;
  readonly alternate: boolean;
  readonly width: number;
  /** -1: none. */
  readonly precision: number;
  /** A `*` that an argument fills: the width, or the precision. */
  readonly star: 'none' | 'width' | 'precision';
  readonly letter: string;
}

/** Widths past this are an attack, not a format. */
const MAX_WIDTH = 4096;

export function parseConversion(text: string): Conversion {
  const m = /^%([-#0 +]*)(\d+|\*)?(?:\.(-?\d+|\*)?)?[hlLzZ]*(\w)/.exec(text.replace(/(\.)(?=[^\d*-])/, '.0'));
  if (!m) return { left: false, zero: false, alternate: false, width: 0, precision: -1, star: 'none', letter: 'd' };
  const [, flags, width, precision, letter] = m;
  const hasPoint = text.includes('.');
  return {
    left: flags.includes('-'),
    zero: flags.includes('0'),
    alternate: flags.includes('#'),
    width: width === undefined || width === '*' ? 0 : Math.min(Number(width), MAX_WIDTH),
    precision: !hasPoint || precision === '*' ? -1 : Math.min(Number(precision ?? 0), MAX_WIDTH),
    star: width === '*' ? 'width' : precision === '*' ? 'precision' : 'none',
    letter,
  };
}

function withStar(c: Conversion, star: number): Conversion {
  const value = Math.min(star, MAX_WIDTH);
  if (star < 0 || c.star === 'none') return c;
  return c.star === 'width' ? { ...c, width: value } : { ...c, precision: value };
}

function pad(text: string, c: Conversion): string {
  if (text.length >= c.width) return text;
  return c.left ? text.padEnd(c.width) : text.padStart(c.width);
}

/** Lays out an integer's digits; `digits` in the conversion's own base, without sign or prefix. */
export function layoutInteger(conversion: Conversion, digits: string, negative: boolean, star = -1): string {
  const c = star >= 0 ? withStar(conversion, star) : conversion;
  const { letter } = c;
  let body = letter === 'X' ? digits.toUpperCase() : digits;
  let prefix = negative ? '-' : '';
  if (c.precision === 0 && body === '0') body = '';
  if (body.length < c.precision) body = body.padStart(c.precision, '0');
  if (c.alternate) {
    if (letter === 'o' && !body.startsWith('0')) body = `0${body}`;
    if ((letter === 'x' || letter === 'X') && digits !== '0') prefix += `0${letter}`;
  }
  if (c.zero && !c.left && c.precision < 0) body = body.padStart(c.width - prefix.length, '0');
  return pad(prefix + body, c);
}

/** `%s`. */
export function layoutText(conversion: Conversion, text: string, star = -1): string {
  const c = star >= 0 ? withStar(conversion, star) : conversion;
  return pad(c.precision >= 0 ? text.slice(0, c.precision) : text, c);
}
