/** How far a profile moved, and whether it mattered where the blackouts fell, in words. */
import type { Cause } from '../analysis/cause.ts';
import type { SkewDigest } from '../analysis/skew-digest.ts';
import type { Verdict } from '../analysis/verdict.ts';
import { count, excess as excessText, pValue, percent, significant } from '../words/numbers.ts';

/** The verdict's reason as a sentence. */
export function sizeClause({ reason }: Pick<Verdict, 'reason'>): string {
  return `${reason.charAt(0).toUpperCase()}${reason.slice(1)}.`;
}

/** Size of the difference and its cause, said of this capture only: the reference is this capture. */
export function causeSentence({ tvd, cause }: Pick<SkewDigest, 'tvd' | 'cause'>): string {
  if (cause.word === 'nothing lost') return 'Nothing was lost.';
  const size = `Of this capture, the survivors differ by ${significant(tvd, 2)} (TVD).`;
  if (cause.word === "can't tell" || cause.mean === undefined || cause.pValue === undefined) {
    return `${size} Whether it matters where the blackouts fell can’t be told from ${episodes(cause)}.`;
  }
  return `${size} The same blackouts at other moments would differ by ${significant(cause.mean, 2)} on average (${pValue(cause.pValue)}; ${episodes(cause)} rotated ${count(cause.rotations)} times).`;
}

const episodes = (cause: Cause): string =>
  `${count(cause.episodes)} loss ${cause.episodes === 1 ? 'episode' : 'episodes'}`;

/** What goes beside a TVD: the same losses at other moments. */
export function rotatedClause(cause: Cause): string {
  if (cause.mean === undefined || cause.p95 === undefined || cause.pValue === undefined)
    return `${cause.word}: ${episodes(cause)}`;
  return `the same losses at other moments ${significant(cause.mean, 2)}, 95 % up to ${significant(cause.p95, 2)}; ${pValue(cause.pValue)}, ${count(cause.rotations)} rotations of ${episodes(cause)}`;
}

/** What unequal coverage of the lanes alone does; undefined where it does nothing. */
export function lanesClause({ cause }: Pick<SkewDigest, 'cause'>): string | undefined {
  const known = cause.lanes.filter((c) => c !== null);
  if (known.length < 2 || cause.lanesTvd === 0) return undefined;
  return `unequal coverage of lanes alone (${percent(Math.min(...known))} to ${percent(Math.max(...known))}) makes a TVD of ${significant(cause.lanesTvd, 2)}`;
}

/** Two digits; where the moments may not have mattered, none. */
export function excessOf({ excess, pValue: p }: Cause): string {
  return excessText(excess, p);
}

/** `p = 0.85: as many losses at other moments do as much`; what the rotation says, in one clause. */
export function rotatedWords(cause: Cause): string {
  if (cause.pValue === undefined || cause.mean === undefined)
    return cause.word === "can't tell"
      ? `whether the moments matter can’t be told from ${episodes(cause)}`
      : cause.word;
  return cause.pValue > 0.05
    ? `the same blackouts at other moments do as much (${pValue(cause.pValue)})`
    : `more than the same blackouts at other moments (${pValue(cause.pValue)})`;
}
