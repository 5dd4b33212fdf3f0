/** Numbers as people read them: a few significant digits beside their unit; the exact value belongs in a title. */

/** U+202F: groups stay on one line, and don't look like separate numbers. */
const THIN = '\u202f';

/** 12 000 */
export function count(n: number | bigint | string): string {
  return String(n).replace(/\B(?=(\d{3})+$)/g, THIN);
}

const durations: readonly (readonly [number, string])[] = [
  [1e9, 's'],
  [1e6, 'ms'],
  [1e3, 'µs'],
];

/** 1.81 s, 612 ms, 30 µs, 850 ns. */
export function duration(ns: number): string {
  // 999.9 µs would be told as 1000.
  const [unit, label] = durations.find(([size]) => Math.abs(ns) >= size * 0.9995) ?? [1, 'ns'];
  return `${significant(ns / unit)}${THIN}${label}`;
}

/** 1 808 412 006 ns */
export function exactNs(ns: number | bigint | string): string {
  return `${count(ns)}${THIN}ns`;
}

const sizes = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];

export function bytes(n: number): string {
  let at = 0;
  let value = n;
  while (value >= 1024 && at < sizes.length - 1) {
    value /= 1024;
    at++;
  }
  return `${at ? significant(value) : count(n)}${THIN}${sizes[at]}`;
}

/** A share as a percentage that never rounds up to the whole: 99.996 % is not 100 %. */
export function percent(share: number): string {
  if (share === 0 || share === 1) return share ? '100' : '0';
  const value = share * 100;
  const digits = value > 99 || value < 1 ? 2 : 1;
  const text = value.toFixed(digits);
  if (Number(text) === 100) return '> 99.99';
  return Number(text) === 0 ? '< 0.01' : text;
}

/** 0-3, 8 */
export function ranges(cpus: readonly number[]): string {
  const parts: string[] = [];
  for (let i = 0; i < cpus.length;) {
    let end = i;
    while (end + 1 < cpus.length && cpus[end + 1] === cpus[end] + 1) end++;
    parts.push(end === i ? String(cpus[i]) : `${cpus[i]}–${cpus[end]}`);
    i = end + 1;
  }
  return parts.join(', ');
}

/** Three significant digits, no exponent. */
function significant(value: number): string {
  const whole = Math.trunc(Math.abs(value));
  const digits = whole >= 100 ? 0 : whole >= 10 ? 1 : 2;
  const text = value.toFixed(digits);
  return digits ? text.replace(/\.?0+$/, '') : count(text);
}
