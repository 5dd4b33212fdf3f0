/** Numbers for terminals. */

/** Nanoseconds as `1.23 ms`: three significant digits and a unit. */
export function duration(ns: bigint | number): string {
  const value = Number(ns);
  const scale = [
    [1e9, 's'],
    [1e6, 'ms'],
    [1e3, 'µs'],
  ] as const;
  const [unit, name] = scale.find(([u]) => Math.abs(value) >= u) ?? [1, 'ns'];
  const scaled = value / unit;
  return `${unit === 1 ? scaled : scaled.toPrecision(Math.abs(scaled) >= 999.5 ? 4 : 3)} ${name}`;
}

export function percent(share: number, digits = 2): string {
  return `${(100 * share).toFixed(digits)} %`;
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

/** A whole number with thin spaces between thousands. */
export function count(n: number): string {
  return String(n).replace(/\B(?=(\d{3})+$)/g, '\u2009');
}

/** Percentage points, three decimals; no sign where none of them shows. */
export function points(x: number): string {
  return x.toFixed(3).replace(/^-(0\.0+)$/, '$1');
}

/** `p < 0.001`, `p = 0.43`. */
export function pValue(p: number): string {
  return p < 0.001 ? 'p < 0.001' : `p = ${Number(p.toPrecision(2))}`;
}
