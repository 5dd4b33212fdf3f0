/**
 * Numbers as people read them: with their unit, and no more digits than are meaningful. The app, reports and the command line share these
 * rules; `plain` respells what a terminal or a mail can't show.
 */

const MINUS = '\u2212';
/** Narrow no-break space: between thousands, before units, in `p = 0.43`. */
export const THIN = '\u202f';

/** 12 000 and not 12000: thousands separated, all digits (also of a bigint, or of digits in a string). */
export function count(n: number | bigint | string): string {
  const digits = typeof n === 'number' ? n.toFixed(0) : String(n);
  const text = digits.replace('-', '').replace(/\B(?=(\d{3})+$)/g, THIN);
  return digits.startsWith('-') && /[1-9]/.test(text) ? MINUS + text : text;
}

/** `1 sample`, `12 345 samples`, `2 policies`. */
export function counted(n: number, what: string): string {
  return `${count(n)} ${n === 1 ? what : what.replace(/y$/, 'ie')}${n === 1 ? '' : 's'}`;
}

/** At most `digits` significant digits, without an exponent from 10⁻⁶ on: 0.0412, 1 230; – when not finite. */
export function significant(x: number, digits = 3): string {
  if (!Number.isFinite(x)) return '–';
  if (x === 0) return '0';
  const magnitude = Math.floor(Math.log10(Math.abs(x)));
  if (magnitude < -6) return signed(Math.abs(x).toExponential(digits - 1), x);
  const rounded = Number(Math.abs(x).toPrecision(digits));
  return signed(rounded >= 1000 ? count(rounded) : String(rounded), x);
}

function signed(text: string, x: number): string {
  return x < 0 && /[1-9]/.test(text) ? MINUS + text : text;
}

const timeUnits = [
  ['s', 1e9],
  ['ms', 1e6],
  ['µs', 1e3],
  ['ns', 1],
] as const;

/** The largest unit in which a time, rounded to three digits, is at least 1; else ns. */
function timeUnit(ns: number): readonly [string, number] {
  return timeUnits.find(([, size]) => Number((Math.abs(ns) / size).toPrecision(3)) >= 1) ?? timeUnits[3];
}

/** ns as `1.23 ms`, `30.0 µs`: three significant digits; 0; – when not finite. For what was measured or computed. */
export function duration(ns: number | bigint): string {
  const value = Number(ns);
  if (!Number.isFinite(value)) return '–';
  if (value === 0) return '0';
  if (Math.abs(value) < 999.5) return `${significant(value)}${THIN}ns`;
  const [name, size] = timeUnit(value);
  const scaled = Math.abs(value) / size;
  const rounded = Number(scaled.toPrecision(3));
  return `${signed(rounded < 1000 ? scaled.toPrecision(3) : count(rounded), value)}${THIN}${name}`;
}

/** ns as `1.23 ms`, `30 µs`, `0 ns`: like `duration`, but without trailing zeros. For settings and labels. */
export function shortDuration(ns: number | bigint): string {
  const value = Number(ns);
  if (!Number.isFinite(value)) return '–';
  const [name, size] = timeUnit(value);
  return `${threeDigits(value / size)}${THIN}${name}`;
}

/** At most three digits, but whole numbers in full: 4 321. */
function threeDigits(x: number): string {
  return Math.abs(x) >= 999.5 ? count(x) : significant(x);
}

/** 1 808 412 006 ns */
export function exactNs(ns: number | bigint | string): string {
  return `${count(ns)}${THIN}ns`;
}

const byteUnits = ['B', 'KiB', 'MiB', 'GiB', 'TiB'] as const;

/** Bytes as `1.49 MiB`; whole bytes below 1 KiB. */
export function bytes(n: number): string {
  if (!Number.isFinite(n)) return '–';
  let at = 0;
  let value = n;
  for (; Math.abs(value) >= 1024 && at < byteUnits.length - 1; at++) value /= 1024;
  return `${at ? threeDigits(value) : count(n)}${THIN}${byteUnits[at] ?? 'B'}`;
}

/**
 * A share as a percentage without the percent sign. Three significant digits, or at least `decimals` of them after the point so that a
 * column lines up. Near 1 it has as many decimals as its distance to 1 needs (99.92, 99.9987, six at most): less than all never reads 100,
 * and more than nothing never reads 0.
 */
export function percentNumber(share: number, decimals?: number): string {
  if (!Number.isFinite(share)) return '–';
  const value = 100 * share;
  const nearAll = share > 0.99 && share < 1;
  if (!nearAll && decimals === undefined) return significant(value);
  if (!nearAll) {
    const text = signed(Math.abs(value).toFixed(decimals), value);
    return value === 0 || /[1-9]/.test(text) ? text : significant(value, 1);
  }
  const needed = Math.min(6, Math.max(1, 1 - Math.floor(Math.log10(100 - value))));
  const digits = Math.max(decimals ?? 0, needed);
  const text = Math.min(value, 100 - 10 ** -digits).toFixed(digits);
  const least = text.length - digits + (decimals ?? 0);
  const trimmed = text.replace(/\.?0+$/, '');
  return decimals === undefined || trimmed.length >= least ? trimmed : text.slice(0, least);
}

/** `percentNumber` with the percent sign: `25.9 %`. */
export function percent(share: number, decimals?: number): string {
  const text = percentNumber(share, decimals);
  return text === '–' ? text : `${text}${THIN}%`;
}

/**
 * Percentage points with sign: `+1.42 pp`. Decimals follow the interval's half width (two significant digits of it), or its own size.
 */
export function points(difference: number, halfWidth?: number): string {
  if (!Number.isFinite(difference)) return '–';
  const scale = halfWidth !== undefined && halfWidth > 0 ? halfWidth : Math.abs(difference);
  const decimals = scale > 0 ? Math.min(6, Math.max(0, 1 - Math.floor(Math.log10(scale)))) : 0;
  const text = Math.abs(difference).toFixed(decimals);
  const sign = !/[1-9]/.test(text) ? '' : difference > 0 ? '+' : MINUS;
  return `${sign}${text}${THIN}pp`;
}

/** `p < 0.001`, `p = 0.43`; no line ends within it. */
export function pValue(p: number): string {
  const [sign, value] = p < 0.001 ? ['<', '0.001'] : ['=', significant(p, 2)];
  return ['p', sign, value].join(THIN);
}

/** An excess over a null with its p-value: two digits; none if chance may explain it. */
export function excess(value: number | null | undefined, p: number | null | undefined): string {
  if (typeof value !== 'number' || typeof p !== 'number') return '–';
  return p > 0.05 ? '≈ 0' : significant(value, 2);
}

/** Replaces thin spaces and minus signs for a terminal, a file or a parser. */
export function plain(text: string): string {
  return text.replaceAll(THIN, ' ').replaceAll(MINUS, '-');
}
