/** Numbers as a report shows them: with their unit, and no more digits than mean something. */

const MINUS = '\u2212';
/** Narrow no-break space: between thousands, and before units. */
const THIN = '\u202f';

/** 12 000 samples and not 12000: thousands apart, all digits. */
export function count(n: number): string {
  return signed(
    Math.abs(n)
      .toFixed(0)
      .replace(/\B(?=(\d{3})+$)/g, THIN),
    n,
  );
}

/** At most `digits` significant digits, without an exponent: 0.0412, 1 230. */
export function significant(x: number, digits = 3): string {
  if (!Number.isFinite(x)) return '–';
  if (x === 0) return '0';
  const magnitude = Math.floor(Math.log10(Math.abs(x)));
  if (magnitude < -6) return signed(Math.abs(x).toExponential(digits - 1), x);
  const rounded = Number(Math.abs(x).toPrecision(digits));
  const text = rounded >= 1000 ? count(rounded) : String(rounded);
  return signed(text, x);
}

function signed(text: string, x: number): string {
  return x < 0 && /[1-9]/.test(text) ? MINUS + text : text;
}

/** The largest unit in which the value, rounded to three digits, is at least 1 (the smallest unit else). */
function inUnit(value: number, units: readonly (readonly [string, number])[]): string {
  const rounded = (size: number): number => Number((Math.abs(value) / size).toPrecision(3));
  const [name, size] = units.find(([, s]) => rounded(s) >= 1) ?? units.at(-1)!;
  const digits = rounded(size) < 1000 ? (Math.abs(value) / size).toPrecision(3) : count(rounded(size));
  return `${signed(digits, value)}${THIN}${name}`;
}

const timeUnits = [
  ['s', 1e9],
  ['ms', 1e6],
  ['µs', 1e3],
  ['ns', 1],
] as const;

/** ns as `1.23 ms`; whole ns below 1 µs. */
export function duration(ns: number): string {
  if (!Number.isFinite(ns)) return '–';
  if (ns === 0) return '0';
  if (Math.abs(ns) < 999.5) return `${significant(ns)}${THIN}ns`;
  return inUnit(ns, timeUnits);
}

const byteUnits = [
  ['GiB', 2 ** 30],
  ['MiB', 2 ** 20],
  ['KiB', 2 ** 10],
] as const;

/** Bytes as `4.00 MiB`; whole bytes below 1 KiB. */
export function bytes(n: number): string {
  if (n === 0) return '0';
  if (Math.abs(n) < 1024) return `${significant(n)}${THIN}B`;
  const [name, size] = byteUnits.find(([, s]) => Math.abs(n) >= s)!;
  return `${significant(n / size)}${THIN}${name}`;
}

/** A share as `25.9 %`. */
export function percent(share: number): string {
  return Number.isFinite(share) ? `${significant(100 * share)}${THIN}%` : '–';
}

/** A share near 1 with as many decimals as its distance to 1 needs: 99.92 %, 99.9987 %; 100 % only when it is. */
export function coverage(share: number): string {
  const lost = 100 * (1 - share);
  if (lost === 0) return `100${THIN}%`;
  const decimals = share < 0.1 ? 2 : Math.min(6, Math.max(1, 1 - Math.floor(Math.log10(lost))));
  const shown = Math.min(100 * share, 100 - 10 ** -decimals).toFixed(decimals);
  return `${shown.replace(/(\.\d+?)0+$/, '$1')}${THIN}%`;
}

/** Percentage points with sign: `+1.42 pp`; decimals as the interval's half width asks for, two significant digits of it. */
export function points(difference: number, halfWidth?: number): string {
  const scale = halfWidth !== undefined && halfWidth > 0 ? halfWidth : Math.abs(difference);
  const decimals = scale > 0 ? Math.min(6, Math.max(0, 1 - Math.floor(Math.log10(scale)))) : 0;
  const text = Math.abs(difference).toFixed(decimals);
  const sign = !/[1-9]/.test(text) ? '' : difference > 0 ? '+' : MINUS;
  return `${sign}${text}${THIN}pp`;
}

/** `p < 0.001`, `p = 0.43`. */
export function pValue(p: number): string {
  return p < 0.001 ? 'p < 0.001' : `p = ${significant(p, 2)}`;
}

/** Two formatted ends; one where they look the same. */
export function range(low: number, high: number, format: (x: number) => string): string {
  const [a, b] = [format(low), format(high)];
  if (a === b) return a;
  const [, unitA] = splitUnit(a);
  const [, unitB] = splitUnit(b);
  return unitA === unitB ? `${splitUnit(a)[0]}–${b}` : `${a} – ${b}`;
}

function splitUnit(text: string): [string, string] {
  const at = text.search(/[^\d.\u2212\u202f]/);
  return at < 0 ? [text, ''] : [text.slice(0, at).replace(/\u202f$/, ''), text.slice(at)];
}

/** `a, b and c`; past `most` items `a, b and 3 more`. */
export function list(items: readonly string[], most = 6): string {
  const shown = items.length > most ? [...items.slice(0, most - 1), `${items.length - most + 1} more`] : items;
  return shown.length < 2 ? (shown[0] ?? '') : `${shown.slice(0, -1).join(', ')} and ${shown.at(-1)}`;
}

/** A long name cut in its middle: both ends of a symbol tell. */
export function shorten(name: string, most: number): string {
  const characters = Array.from(name);
  if (characters.length <= most) return name;
  const head = Math.ceil((most - 1) / 2);
  return `${characters.slice(0, head).join('')}…${characters.slice(head + 1 - most).join('')}`;
}
