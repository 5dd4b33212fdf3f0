/** Blanks and digits of a line's bytes. */
const TAB = 9;
export const BLANK = 32;
const ZERO = 48;
const NINE = 57;

export function isBlank(byte: number): boolean {
  return byte === BLANK || byte === TAB;
}

export function isDigit(byte: number): boolean {
  return byte >= ZERO && byte <= NINE;
}

/** The value of each hexadecimal digit as perf prints them; NOT_HEX for other bytes. */
export const NOT_HEX = 16;
export const DIGIT = new Uint8Array(256).fill(NOT_HEX);
for (let i = 0; i < 16; i++) DIGIT[i.toString(16).charCodeAt(0)] = i;

export function isHex(byte: number): boolean {
  return DIGIT[byte] < NOT_HEX;
}

export function isDigits(b: Uint8Array, from: number, to: number): boolean {
  if (from < 0) return false;
  for (let i = from; i < to; i++) if (!isDigit(b[i])) return false;
  return true;
}

export function decimal(b: Uint8Array, from: number, to: number): number {
  let value = 0;
  for (let i = from; i < to; i++) value = value * 10 + b[i] - ZERO;
  return value;
}
