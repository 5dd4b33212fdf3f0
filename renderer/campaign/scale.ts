/** The scale of a matrix's losses: logarithmic, from the decade that holds the smallest to 100 %; zero has its own place. */

/** Part of the width reserved for those that lose nothing. */
const NONE = 0.08;

/** Decades below 100 % needed to hold `least`; at least two. */
function decades(least: number): number {
  return Math.max(2, Math.ceil(-Math.log10(Math.max(least, 1e-9)) - 1e-9));
}

/** Position of a share lost, 0 to 1. */
export function placeOf(loss: number, least: number): number {
  if (!(loss > 0)) return NONE / 2;
  return NONE + (1 - NONE) * Math.min(1, Math.max(0, 1 + Math.log10(loss) / decades(least)));
}

/** Shares marked on the scale: each power of ten. */
export function ticksOf(least: number): number[] {
  const n = decades(least);
  return Array.from({ length: n + 1 }, (_, i) => 10 ** (i - n));
}

/** Distinct positions across, and dots on top of each other. */
const COLUMNS = 50;
const STACK = 4;

/** The dots of some losses as one SVG path in a box of 100 × 16: one zero-length line each; round caps make the dots. */
export function dotPath(losses: Iterable<number>, least: number): string {
  const held = new Map<number, number>();
  const parts: string[] = [];
  for (const loss of losses) {
    const column = Math.round(placeOf(loss, least) * COLUMNS);
    const n = held.get(column) ?? 0;
    held.set(column, n + 1);
    parts.push(`M${(100 * column) / COLUMNS} ${14 - 4 * (n % STACK)}h0`);
  }
  return parts.join('');
}
