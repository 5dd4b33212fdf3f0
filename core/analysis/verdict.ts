/** How far the surviving profile can be trusted: by size, how far shares moved (model.md section 7). Why they moved is cause.ts's question. */
import type { Summary } from './summary.ts';
import type { Verdict, MovedKey } from '../model/terms/results.ts';

export type { Verdict } from '../model/terms/results.ts';

/** Fraction of itself by which a share may move. */
export const MOVED = 0.1;
/** Below this coverage a profile is dead. */
export const DEAD_BELOW = 0.5;
/** Number of keys considered. */
export const TOP = 10;
/** Two-sided 5 %, Bonferroni over 10 keys. */
export const Z = 2.81;

/** Keys of the reference, largest first (ties: first seen), as counts. */
export interface KeyCounts {
  readonly reference: ArrayLike<number>;
  readonly kept: ArrayLike<number>;
  /** Samples of the reference and survivors, over all keys. */
  readonly total: number;
  readonly survivors: number;
  /** The name of a row's key. */
  readonly nameOf: (row: number) => string;
}

/**
 * Standard deviation of a share's relative change when n of N samples survive wherever they lie: sampling without replacement.
 * @param p the share in the reference
 */
export function relativeDeviation(p: number, n: number, N: number): number {
  if (n === N || p >= 1 || p <= 0 || n === 0 || N < 2) return 0;
  return Math.sqrt((((1 - p) / p) * (1 / n - 1 / N) * N) / (N - 1));
}

/** @param counts undefined when nothing survived */
export function judge(
  summary: Pick<Summary, 'coverage' | 'vmDead' | 'reference'>,
  counts: KeyCounts | undefined,
): Verdict {
  const { coverage } = summary;
  if (summary.reference === 0)
    return { word: 'no samples', few: false, coverage, reason: 'the reference has no sample in a session' };
  if (summary.vmDead) return { word: 'dead', few: false, coverage, reason: 'the VM died' };
  if (coverage < DEAD_BELOW || !counts || counts.survivors === 0) {
    return { word: 'dead', few: false, coverage, reason: `${percentOf(coverage)} of the samples survive` };
  }
  const tops = Array.from({ length: Math.min(TOP, counts.reference.length) }, (_, row) => moveOf(counts, row));
  const surely = largest(tops, ({ change, half }) => Math.abs(change) - half);
  if (surely && Math.abs(surely.change) - surely.half > MOVED) {
    return { word: 'misleading', few: false, coverage, key: surely, reason: moved(surely) };
  }
  const atWorst = largest(tops, ({ change, half }) => Math.abs(change) + half);
  if (!atWorst || Math.abs(atWorst.change) + atWorst.half <= MOVED) {
    const most = atWorst ? Math.abs(atWorst.change) + atWorst.half : 0;
    const reason =
      counts.survivors === counts.total
        ? 'nothing was lost'
        : most === 0
          ? `no top-${TOP} key moved`
          : `no top-${TOP} key moved by more than ${percentOf(most)} of its share`;
    return { word: 'representative', few: false, coverage, reason };
  }
  const most = largest(tops, ({ change }) => Math.abs(change)) ?? atWorst;
  if (Math.abs(most.change) <= MOVED) {
    return {
      word: 'usable with care',
      few: true,
      coverage,
      key: atWorst,
      reason: `too few samples to tell: ${moved(atWorst)}`,
    };
  }
  return { word: 'usable with care', few: false, coverage, key: most, reason: moved(most) };
}

function moveOf({ reference, kept, total, survivors, nameOf }: KeyCounts, row: number): MovedKey {
  const p = reference[row] / total;
  const q = kept[row] / survivors;
  return { name: nameOf(row), p, q, change: q / p - 1, half: Z * relativeDeviation(p, survivors, total) };
}

function largest(keys: readonly MovedKey[], by: (key: MovedKey) => number): MovedKey | undefined {
  return keys.reduce<MovedKey | undefined>((best, key) => (!best || by(key) > by(best) ? key : best), undefined);
}

/** `kvbench+0x1000 moved by +14 ± 6 % of its share`. */
function moved({ name, change, half }: MovedKey): string {
  const digits = half > 0 ? Math.min(3, Math.max(0, 1 - Math.floor(Math.log10(100 * half)))) : 1;
  const sign = change < 0 ? '\u2212' : '+';
  return `${name} moved by ${sign}${(100 * Math.abs(change)).toFixed(digits)} ± ${(100 * half).toFixed(digits)} % of its share`;
}

/** Of at most a half: two significant digits, never rounded down to none. */
function percentOf(share: number): string {
  if (share === 0) return '0 %';
  const percent = 100 * share;
  if (percent < 0.01) return '< 0.01 %';
  return `${percent.toFixed(percent >= 10 ? 0 : percent >= 1 ? 1 : 2)} %`;
}
