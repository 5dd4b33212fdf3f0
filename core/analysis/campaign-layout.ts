/**
 * A campaign as a layout of cells: pairs that agree in all factors except the repetition share a cell. Intervals come from how repetitions
 * of a cell differ, never from blocks within a capture: those say how certain one capture is, not what the next one will show.
 */
import { studentQuantile } from './student.ts';

/** One pair: its factors, and each policy's loss in it (share, 0 … 1). */
export interface LayoutPair {
  readonly key: string;
  readonly factors: Readonly<Record<string, string>>;
  /** By policy, in the campaign's order; NaN where it wasn't replayed. */
  readonly loss: readonly number[];
  /** By assumption check, then policy; none where it changes nothing. Millions of comparisons read it, so no look-up by name. */
  readonly checked: (readonly number[] | undefined)[];
  /** Samples of the reference: a loss is known to one sample at best. */
  readonly samples: number;
}

/** Pairs alike in every factor but the repetition. */
export interface Cell {
  readonly factors: Readonly<Record<string, string>>;
  readonly pairs: readonly LayoutPair[];
}

/** In the order of their factors' values. @param names factors but the repetition */
export function cellsOf(pairs: readonly LayoutPair[], names: readonly string[]): Cell[] {
  const found = new Map<string, LayoutPair[]>();
  for (const pair of pairs) {
    const key = JSON.stringify(names.map((name) => pair.factors[name] ?? ''));
    const there = found.get(key);
    if (there) there.push(pair);
    else found.set(key, [pair]);
  }
  return [...found].map(([key, own]) => {
    const values = JSON.parse(key) as string[];
    return { factors: Object.fromEntries(names.map((name, i) => [name, values[i]])), pairs: own };
  });
}

/** An equally weighted mean over cells, and its uncertainty. */
export interface Estimate {
  readonly mean: number;
  /** Standard error, from repetitions; NaN if no cell has two. */
  readonly error: number;
  /** Degrees of freedom (Satterthwaite); 0 if no cell has two. */
  readonly df: number;
  readonly cells: number;
  readonly pairs: number;
  /** Cells without repetitions: they say nothing about how pairs differ. */
  readonly single: number;
}

/**
 * A linear combination of cell means: Σ weight · mean, with Welch's error, since the scatter of repetitions differs between cells. A cell
 * of one pair takes the pooled variance of the others. No cell's variance is below that of rounding to whole samples.
 */
export function combine(
  cells: readonly Cell[],
  weights: readonly number[],
  value: (pair: LayoutPair) => number,
): Estimate {
  let mean = 0;
  let pairs = 0;
  const spreads = cells.map((cell) => {
    const values = cell.pairs.map(value);
    const n = values.length;
    const own = values.reduce((a, b) => a + b, 0) / n;
    const squares = values.reduce((sum, v) => sum + (v - own) ** 2, 0);
    const step = 1 / Math.max(1, Math.min(...cell.pairs.map(({ samples }) => samples)));
    return { n, own, squares, least: step ** 2 / 12 };
  });
  const freedom = spreads.reduce((sum, { n }) => sum + n - 1, 0);
  const pooled = spreads.reduce((sum, { squares }) => sum + squares, 0) / freedom;
  let error = 0;
  let denominator = 0;
  let single = 0;
  spreads.forEach(({ n, own, squares, least }, i) => {
    const weight = weights[i];
    mean += weight * own;
    pairs += n;
    if (n === 1) single++;
    const variance = Math.max(least, n > 1 ? squares / (n - 1) : pooled);
    const part = (weight ** 2 * variance) / n;
    error += part;
    if (part > 0) denominator += part ** 2 / (n > 1 ? n - 1 : freedom);
  });
  if (freedom === 0) return { mean, error: NaN, df: 0, cells: cells.length, pairs, single };
  return { mean, error: Math.sqrt(error), df: error ** 2 / denominator, cells: cells.length, pairs, single };
}

/** All cells alike: each kernel and workload counts once, however often it was repeated. */
export function average(cells: readonly Cell[], value: (pair: LayoutPair) => number): Estimate {
  return combine(
    cells,
    cells.map(() => 1 / cells.length),
    value,
  );
}

/** Half width of the interval that holds for `family` statements together (Bonferroni); NaN without repetitions. */
export function halfWidth({ error, df }: Pick<Estimate, 'error' | 'df'>, family: number, level = 0.95): number {
  return df > 0 ? studentQuantile((1 - level) / family, df) * error : NaN;
}

/** Effect of one value of a factor on a policy's loss, against the mean over all its values. */
export interface Effect extends Estimate {
  readonly factor: string;
  readonly value: string;
  readonly half: number;
  /** Clear for all effects together. */
  readonly clear: boolean;
}

export interface Effects {
  readonly factor: string;
  readonly values: readonly Effect[];
  /** Combinations of the other factors that every value has: these are compared. */
  readonly common: number;
  /** Those that some value lacks: left out, since it would be compared on different work. */
  readonly uneven: number;
}

/**
 * Main effects of one factor in a layout that needn't be full: only combinations of the other factors that every value has are compared.
 * @param family statements that the intervals hold for together
 */
export function effectsOf(
  cells: readonly Cell[],
  factor: string,
  value: (pair: LayoutPair) => number,
  family: number,
): Effects {
  const context = ({ factors }: Cell): string =>
    JSON.stringify(Object.entries(factors).filter(([name]) => name !== factor));
  const values = [...new Set(cells.map(({ factors }) => factors[factor]))];
  const contexts = [...new Set(cells.map(context))];
  const common = contexts.filter((one) =>
    values.every((v) => cells.some((cell) => cell.factors[factor] === v && context(cell) === one)),
  );
  const used = cells.filter((cell) => common.includes(context(cell)));
  const found = common.length && values.length > 1 ? values : [];
  return {
    factor,
    common: common.length,
    uneven: contexts.length - common.length,
    values: found.map((v) => {
      const weights = used.map((cell) => ((cell.factors[factor] === v ? 1 : 0) - 1 / values.length) / common.length);
      const estimate = combine(used, weights, value);
      const half = halfWidth(estimate, family);
      return { factor, value: v, ...estimate, half, clear: Math.abs(estimate.mean) > half };
    }),
  };
}
