/** Numbers of skew in words. */
import { percent } from '../../core/words/numbers.ts';
import { count } from '../format.ts';
import type { SkewDigest } from '../../core/contract/runs.ts';

export type SkewKey = SkewDigest['rows'][number];
/** A key's shares in two profiles, `p` and `q`, and `q - p` in percentage points: what the charts draw. */
export type ShareRow = Pick<SkewKey, 'name' | 'p' | 'q' | 'difference' | 'low' | 'high' | 'adjusted' | 'significant'>;
/** Names of the two profiles, to follow a number: `of the reference`. */
export interface Profiles {
  readonly p: string;
  readonly q: string;
}
export const survival: Profiles = { p: 'of the reference', q: 'of what survived' };

/** A share: 25.9 %, 0.042 %. */
export function share(x: number): string {
  return percent(x);
}

/** Percentage points with a sign, at most three digits: +0.88, −1.42, +20.3; 0.00 where it rounds to nothing. */
export function points(x: number): string {
  const size = Math.abs(x);
  const text = size >= 10 ? size.toFixed(1) : size >= 0.1 ? size.toFixed(2) : size.toPrecision(2);
  if (size < 0.001) return x === 0 ? '0' : '0.00';
  return `${x < 0 ? '−' : '+'}${text}`;
}

/** A p-value in a column; keys with too few losses have none. */
export function adjustedText(p: number | null): string {
  return p === null ? '–' : p < 0.001 ? '< 0.001' : String(Number(p.toPrecision(2)));
}

/** A correlation in a column: two decimals, and no sign on zero. */
export function correlationText(r: number | undefined): string {
  if (r === undefined) return '–';
  const text = r.toFixed(2);
  return Number(text) === 0 ? '0.00' : text.replace('-', '−');
}

/** Whether it mattered where the blackouts fell: what was rotated and how many loss episodes there are; or why that is unknown. */
export function causeNotes({ cause }: Pick<SkewDigest, 'cause'>): string {
  const episodes = `${count(cause.episodes)} loss ${cause.episodes === 1 ? 'episode' : 'episodes'}`;
  if (cause.word === 'nothing lost') return 'Nothing was lost: there is nothing to ask.';
  if (cause.word === "can't tell")
    return cause.episodes < 5
      ? `Can’t tell: ${episodes}, and fewer than 5 have no pattern to speak of.`
      : `Can’t tell: nothing survived, or there is nothing to rotate (${episodes}).`;
  return `Each vCPU’s losses shifted by the same fraction of its samples, ${count(cause.rotations)} times; ${episodes}.`;
}

/** Keys for a slope chart: the largest of the reference and those that moved most, without duplicates; largest first. */
export function sloped<T extends ShareRow>(rows: readonly T[], limit: number): T[] {
  const half = Math.ceil(limit / 2);
  const largest = rows.toSorted((a, b) => b.p - a.p).slice(0, half);
  return [...new Set([...largest, ...movers(rows, limit - half)])].toSorted((a, b) => b.p - a.p);
}

/** Keys that moved most, by the size of their change; displayed largest first. */
export function movers<T extends ShareRow>(rows: readonly T[], limit: number): T[] {
  return rows
    .toSorted((a, b) => Math.abs(b.difference) - Math.abs(a.difference))
    .slice(0, limit)
    .toSorted((a, b) => b.p - a.p);
}

/** From this many keys on, names are cut in the middle: their ends distinguish them. */
export function short(name: string, length = 30): string {
  if (name.length <= length) return name;
  const tail = Math.floor(length * 0.6);
  return `${name.slice(0, length - tail - 1)}…${name.slice(-tail)}`;
}
