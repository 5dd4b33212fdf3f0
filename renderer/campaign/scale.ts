/** The scale of a matrix's losses: logarithmic, from a decade that holds the least of them to 100 %; none has a place of its own. */

/** Part of the width left for those that lose nothing. */
const NONE = 0.08;

/** Decades below 100 % that hold `least`; two at least. */
function decades(least: number): number {
  return Math.max(2, Math.ceil(-Math.log10(Math.max(least, 1e-9)) - 1e-9));
}

/** Place of a share lost, 0 to 1. */
export function placeOf(loss: number, least: number): number {
  if (!(loss > 0)) return NONE / 2;
  return NONE + (1 - NONE) * Math.min(1, Math.max(0, 1 + Math.log10(loss) / decades(least)));
}

/** Shares that the scale marks: each power of ten. */
export function ticksOf(least: number): number[] {
  const n = decades(least);
  return Array.from({ length: n + 1 }, (_, i) => 10 ** (i - n));
}

/** Places across that are told apart, and dots on top of each other. */
const COLUMNS = 50;
const STACK = 4;

/** The dots of some losses as one SVG path in a box of 100 × 16: a zero-length line each, round ends make the dot. */
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
