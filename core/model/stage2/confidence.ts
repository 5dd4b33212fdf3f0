/**
 * How sure a row of a timeline is, by its evidence: measured against the kernel's own page-table calls, in captures where both were
 * recorded. `npm run accuracy` measures it over the fixtures, `npm run accuracy -- FOLDER…` over other captures, and prints this table.
 */
import type { Evidence } from './evidence.ts';

export interface Confidence {
  /** `exact`: the row is the kernel's own call, or a scenario's. `unmeasured`: no capture with a reference has such a row. */
  readonly origin: 'exact' | 'measured' | 'unmeasured';
  /** Rows measured, in how many captures, and how many of them were right. */
  readonly rows: number;
  readonly captures: number;
  readonly right: number;
  /** Share of such rows that is right at least: the lower end of the 95 % interval (Wilson, of effective rows). NaN if unmeasured. */
  readonly atLeast: number;
  /** 95 % of the right rows were within so many ns of the kernel's call, captures weighted equally; NaN if unknown, or without a moment. */
  readonly withinNs: number;
}

/** Two-sided 95 %. */
const Z = 1.959964;
/** Losses that rest on evidence below this are reported. */
export const SURE = 0.95;

/**
 * Evidence, rows, of these right, captures, effective rows (row-accuracy.ts), ns that 95 % of the right ones were within. 42 captures of
 * kernels 6.1, 6.12 (4 and 16 KiB pages) and 7.3 (VHE and nVHE, THP, KSM, reclaim, memslot changes, dirty logging) with kprobes on
 * kvm_pgtable_stage2_*, recorded in QEMU in 2026: the emulator's times aren't a machine's. Rows that an ioctl explains lie within it; states
 * that hold from the trace's first event on have no moment (NaN).
 */
const measured: readonly (readonly [Evidence, number, number, number, number, number])[] = [
  ['fault', 57_297, 57_281, 43, 15_150, 215_100],
  ['permission-fault', 26_889, 26_888, 8, 21_860, 225_800],
  ['unmap-hva', 5_091, 5_091, 26, 5_091, 270_700],
  ['dirty-log-ioctl', 1_853, 1_853, 7, 1_853, 37_800_000],
  ['set-spte-hva', 1_246, 1_246, 1, 1_246, 114_000],
  ['memslot-ioctl', 276, 271, 7, 41, 4_460_000],
  ['vm-created', 91, 91, 42, 91, NaN],
  ['block-fault', 52, 52, 8, 52, 719_400],
  ['first-fault', 51, 51, 2, 51, NaN],
  ['block-found', 24, 23, 8, 18, 532_000],
  ['block-split', 19, 19, 4, 19, 103_000],
  ['memslot-call', 13, 13, 1, 13, 4_120_000],
  ['missed-unmap', 6, 5, 2, 1, 113_200_000],
];

const known = new Map<string, Confidence>(
  measured.map(([evidence, rows, right, captures, effective, withinNs]) => [
    evidence,
    { origin: 'measured', rows, captures, right, atLeast: wilson((right / rows) * effective, effective), withinNs },
  ]),
);
const exact: Confidence = { origin: 'exact', rows: 0, captures: 0, right: 0, atLeast: 1, withinNs: 0 };
const unmeasured: Confidence = { origin: 'unmeasured', rows: 0, captures: 0, right: 0, atLeast: NaN, withinNs: NaN };

/** @param evidence of a row (evidence.ts) */
export function confidenceOf(evidence: string): Confidence {
  return evidence === 'table-call' || evidence === 'scenario' ? exact : (known.get(evidence) ?? unmeasured);
}

/** Whether losses that rest on it are doubtful. */
export function isUnsure(evidence: string): boolean {
  return !(confidenceOf(evidence).atLeast >= SURE);
}

/** Lower end of the interval of a share observed as `right` of `rows` (Wilson 1927). */
export function wilson(right: number, rows: number): number {
  if (rows === 0) return NaN;
  const p = right / rows;
  const z2 = (Z * Z) / rows;
  return Math.max(0, (p + z2 / 2 - Z * Math.sqrt((p * (1 - p) + z2 / 4) / rows)) / (1 + z2));
}
