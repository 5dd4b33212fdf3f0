/** A sweep's verdicts as bands: runs of neighbouring values with the same verdict. */
import type { SweepAnswer } from '../../core/contract/sweep.ts';

export interface Band {
  /** Indices into the values, `to` excluded. */
  readonly from: number;
  readonly to: number;
  /** Index into the model's list of verdicts. */
  readonly verdict: number;
}

export interface BandRow {
  /** Judged alike at every value so far. */
  readonly policies: readonly string[];
  readonly bands: readonly Band[];
}

export function bandRows({ policies, done }: Pick<SweepAnswer, 'policies' | 'done'>): BandRow[] {
  const found = Map.groupBy(policies, ({ verdict }) => verdict.subarray(0, done).join());
  return [...found.values()].map((same) => ({
    policies: same.map(({ policy }) => policy),
    bands: bandsOf(same[0].verdict.subarray(0, done)),
  }));
}

function bandsOf(verdict: Uint8Array): Band[] {
  const bands: { from: number; to: number; verdict: number }[] = [];
  verdict.forEach((code, i) => {
    const last = bands.at(-1);
    if (last?.verdict === code) last.to = i + 1;
    else bands.push({ from: i, to: i + 1, verdict: code });
  });
  return bands;
}
