/**
 * Binary search in ascending data. `Ascending` (core/model/ascending.ts) has its own loops: it searches within a bucket, in the hottest
 * part of a replay.
 */

/** First index in [from, to) for which `holds`; `to` if there is none. If it holds for one it must hold for all after it. */
export function firstIndex(from: number, to: number, holds: (i: number) => boolean): number {
  while (from < to) {
    const middle = (from + to) >>> 1;
    if (holds(middle)) to = middle;
    else from = middle + 1;
  }
  return from;
}

/** First index in [from, to) whose value is at least `x`; `to` if there is none. */
export function firstAtLeast(ascending: ArrayLike<number>, x: number, from = 0, to = ascending.length): number {
  while (from < to) {
    const middle = (from + to) >>> 1;
    if (ascending[middle] < x) from = middle + 1;
    else to = middle;
  }
  return from;
}

/** First index in [from, to) whose value is above `x`; `to` if there is none. */
export function firstAbove(ascending: ArrayLike<number>, x: number, from = 0, to = ascending.length): number {
  while (from < to) {
    const middle = (from + to) >>> 1;
    if (ascending[middle] <= x) from = middle + 1;
    else to = middle;
  }
  return from;
}
