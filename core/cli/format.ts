/** Numbers for terminals: core/words' rules in characters that every terminal and script takes. */
import * as words from '../words/numbers.ts';

/** Nanoseconds as `1.23 ms`: three significant digits and a unit. */
export function duration(ns: bigint | number): string {
  return Number(ns) === 0 ? '0 ns' : words.plain(words.duration(ns));
}

/** A share with `digits` decimals, more if it would otherwise read as all or nothing. */
export function percent(share: number, digits = 2): string {
  return words.plain(words.percent(share, digits));
}

/** The warnings of a capture, a line each. */
export function warningLine(w: {
  severity: string;
  kind: string;
  message: string;
  count: number;
  offset?: number;
  bytes?: number;
}): string {
  const times = w.count > 1 ? ` (${w.count} times)` : '';
  const where = w.offset === undefined ? '' : `, first at byte ${w.offset}`;
  const skipped = w.bytes ? `, ${w.bytes} bytes skipped` : '';
  return `${w.severity}: ${w.message}${times}${where}${skipped} [${w.kind}]`;
}

/** A whole number with spaces between thousands. */
export function count(n: number): string {
  return words.plain(words.count(n));
}

/** `1 sample`, `12 345 samples`. */
export function counted(n: number, what: string): string {
  return words.plain(words.counted(n, what));
}

/** Percentage points, three decimals; no sign if all of them are zero. */
export function points(x: number): string {
  return x.toFixed(3).replace(/^-(0\.0+)$/, '$1');
}

/** `p < 0.001`, `p = 0.43`. */
export function pValue(p: number): string {
  return p < 0.001 ? 'p < 0.001' : `p = ${Number(p.toPrecision(2))}`;
}
