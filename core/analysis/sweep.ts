/** Curves of policies over one parameter: the values to try, and where two policies swap places. */

export { sweepMeasures } from '../model/terms/sweep.ts';
export type { SweepMeasure } from '../model/terms/sweep.ts';

/** The values of a measure at each step; NaN where it has none (`excess` when nothing survived). */
export interface Curve {
  readonly id: string;
  readonly y: Float64Array;
}

/** Two curves swap places. */
export interface Crossing {
  /** The curve that is higher before the crossing, and the one that is higher after it. */
  readonly before: string;
  readonly after: string;
  /** Steps that the crossing lies between, as values of the parameter. */
  readonly low: number;
  readonly high: number;
  /** Interpolated linearly (in the logarithm of the parameter with a logarithmic sweep): as accurate as the steps are close. */
  readonly at: number;
}

/**
 * `steps` values from `from` to `to`, both included, evenly spaced; in their logarithms with `log`.
 * @param from, to with `log` above 0
 */
export function sweepValues(from: number, to: number, steps: number, log: boolean): number[] {
  if (steps === 1) return [from];
  const at = (share: number): number =>
    log ? Math.exp(Math.log(from) + share * (Math.log(to) - Math.log(from))) : from + share * (to - from);
  return Array.from({ length: steps }, (_, i) => (i === 0 ? from : i === steps - 1 ? to : at(i / (steps - 1))));
}

/**
 * All crossings of each pair of curves, by pair, then place. Curves that touch, or coincide for a while, cross if they have swapped places
 * when they part: in the middle of the steps at which they are equal.
 * @param x the parameter's values, ascending or descending
 */
export function crossings(x: ArrayLike<number>, curves: readonly Curve[], log: boolean): Crossing[] {
  const found: Crossing[] = [];
  for (let b = 1; b < curves.length; b++) {
    for (let a = 0; a < b; a++) found.push(...crossingsOf(x, curves[a], curves[b], log));
  }
  return found;
}

function crossingsOf(x: ArrayLike<number>, a: Curve, b: Curve, log: boolean): Crossing[] {
  const found: Crossing[] = [];
  // The last step at which the curves differed.
  let last = -1;
  for (let i = 0; i < x.length; i++) {
    const difference = a.y[i] - b.y[i];
    if (Number.isNaN(difference)) last = -1;
    if (Number.isNaN(difference) || difference === 0) continue;
    if (last >= 0 && Math.sign(difference) !== Math.sign(a.y[last] - b.y[last])) {
      const higher = difference < 0;
      const at =
        i === last + 1
          ? between(x[last], x[i], share(a.y[last] - b.y[last], difference), log)
          : between(x[last + 1], x[i - 1], 0.5, log);
      const [before, after] = higher ? [a.id, b.id] : [b.id, a.id];
      found.push({ before, after, low: Math.min(x[last], x[i]), high: Math.max(x[last], x[i]), at });
    }
    last = i;
  }
  return found;
}

/** Pairs of curves that differ somewhere but never swap places: the first is the higher one wherever they differ. */
export function orders(curves: readonly Curve[]): { readonly higher: string; readonly lower: string }[] {
  return curves.flatMap((b, i) =>
    curves.slice(0, i).flatMap((a) => {
      const signs = new Set(Array.from(a.y, (y, k) => Math.sign(y - b.y[k])).filter((sign) => sign !== 0));
      signs.delete(NaN);
      if (signs.size !== 1) return [];
      return signs.has(1) ? [{ higher: a.id, lower: b.id }] : [{ higher: b.id, lower: a.id }];
    }),
  );
}

/** Where 0 lies between a value and a second one of opposite sign, as a fraction. */
function share(first: number, second: number): number {
  return first / (first - second);
}

function between(low: number, high: number, part: number, log: boolean): number {
  if (!log) return low + part * (high - low);
  return Math.exp(Math.log(low) + part * (Math.log(high) - Math.log(low)));
}
