/** Compares two profiles: a guest's capture with bare metal's, or the survivors of one capture under two policies. */
import { createRandom } from '../model/random.ts';
import { blocksPerLane, coverageInterval, cutIntoBlocks, dealBlocks, LEAST_BLOCKS } from './compare-blocks.ts';
import type { Tally } from './compare-blocks.ts';
import type { KeyedLane } from './over-time.ts';
import { order } from './ranks.ts';
import { Rotations } from './rotation.ts';
import { nullDistribution, simultaneous } from './simultaneous.ts';
import { jensenShannon, rowsOfInterest } from './skew.ts';
import { Survivors } from './survivors.ts';
import { MOVED } from './verdict.ts';
import type { Comparison, CompareRow } from '../model/terms/comparison.ts';

export { comparisonWords } from '../model/terms/comparison.ts';
export type { ComparisonWord, Comparison } from '../model/terms/comparison.ts';

export interface CompareOptions {
  /** Number of block shuffles. */
  readonly draws: number;
  /** Keys listed individually: this many of the largest, and as many of those that moved most. */
  readonly rows: number;
  readonly level: number;
  readonly seed: number;
  /** Both are survivors of the same samples: lanes and times are the same, only fates differ. Then both loss masks are rotated together. */
  readonly paired: boolean;
}

export const defaultCompareOptions: CompareOptions = { draws: 999, rows: 50, level: 0.05, seed: 1, paired: false };

/** Moves of the listed keys' shares under the null, draw by draw, and the resulting distances. */
interface Null {
  readonly moves: Float64Array;
  readonly distances: Float64Array;
}

/**
 * @param a, b kept samples count; keys are numbered alike in both
 * @param keyCount keys are below it
 * @returns undefined when either has no sample
 */
export function compareProfiles(
  a: readonly KeyedLane[],
  b: readonly KeyedLane[],
  keyCount: number,
  nameOf: (key: number) => string,
  options: Partial<CompareOptions> = {},
): Comparison | undefined {
  return compareSurvivors(Survivors.of(a, keyCount), Survivors.of(b, keyCount), keyCount, nameOf, options);
}

/** As `compareProfiles`, for references already counted. */
export function compareSurvivors(
  a: Survivors,
  b: Survivors,
  keyCount: number,
  nameOf: (key: number) => string,
  options: Partial<CompareOptions> = {},
): Comparison | undefined {
  const { draws, rows: limit, level, seed, paired } = { ...defaultCompareOptions, ...options };
  const [nA, nB] = [a.total, b.total];
  if (nA === 0 || nB === 0) return undefined;
  const countA = a.counts(keyCount);
  const countB = b.counts(keyCount);

  const pooled = countA.map((n, key) => n + countB[key]);
  const key = order(pooled).filter((k) => pooled[k] > 0);
  const shareA = Float64Array.from(key, (k) => countA[k] / nA);
  const shareB = Float64Array.from(key, (k) => countB[k] / nB);
  const difference = shareA.map((share, i) => share - shareB[i]);
  const chosen = rowsOfInterest(difference, limit);
  const selected = chosen.map((row) => key[row]);
  const observed = Float64Array.from(chosen, (row) => difference[row]);

  const perLane = paired ? PAIRED_BLOCKS : blocksPerLane(a, b, key.slice(0, 10));
  // If paired, blocks serve the coverage alone.
  const followed = paired ? selected.subarray(0, 0) : selected;
  const cut = [a, b].map((side) => cutIntoBlocks(side, followed, Math.max(1, perLane)));
  const fewest = Math.min(cut[0].count, cut[1].count);
  const random = createRandom(seed);
  const made = paired
    ? rotated(a, b, selected)
    : fewest < LEAST_BLOCKS || perLane < 1
      ? undefined
      : dealt(draws, selected.length, (visit) => dealBlocks(cut[0], cut[1], draws, random, visit));
  const effects = made && effectsOf(made, observed);
  const rows = Array.from(chosen, (row, j): CompareRow => {
    const half = effects?.half[j] ?? NaN;
    const adjusted = effects?.adjusted[j] ?? NaN;
    return {
      name: nameOf(key[row]),
      a: countA[key[row]],
      b: countB[key[row]],
      shareA: shareA[row],
      shareB: shareB[row],
      difference: 100 * difference[row],
      low: Number.isNaN(half) ? null : 100 * (difference[row] - half),
      high: Number.isNaN(half) ? null : 100 * (difference[row] + half),
      adjusted: Number.isNaN(adjusted) ? null : adjusted,
      significant: adjusted <= level,
    };
  });
  const top = rows.toSorted((x, y) => y.shareB - x.shareB).slice(0, 10);
  const moved = top.filter((r) => r.significant && Math.abs(r.shareA - r.shareB) > MOVED * r.shareB);
  const found = made && nullDistribution(made.distances, distanceOf(observed) * (1 - TIE));
  // Profiles that agree in every share are `alike`, however little was lost.
  const isSame = paired && nA === nB && difference.every((d) => d === 0);
  const word = isSame
    ? 'alike'
    : !found
      ? "can't tell"
      : found.pValue > level
        ? 'alike'
        : moved.length
          ? 'different'
          : 'close';
  const interval = coverageInterval(cut[0], cut[1], paired, draws, createRandom(seed + 1));
  const [coverA, coverB] = [a.coverage, b.coverage];
  return {
    ...{ a: nA, b: nB, paired, word, rows },
    tvd: difference.reduce((sum, d) => sum + Math.abs(d), 0) / 2,
    jsDistance: jensenShannon(shareB, shareA),
    blocks: paired ? (made?.distances.length ?? 0) : fewest,
    ...(found && { null: found }),
    coverage: {
      ...{ a: coverA, b: coverB, difference: 100 * (coverA - coverB) },
      ...{ low: 100 * interval.low, high: 100 * interval.high },
    },
    keys: key.length,
    significantKeys: rows.filter((r) => r.significant).length,
    moved: moved.map((r) => r.name),
  };
}

/** Blocks per lane for the interval of the coverage difference. */
const PAIRED_BLOCKS = 100;
/** A shuffle equal to the observation must count, whatever the last bit says. */
const TIE = 1e-9;

/** TVD of the listed keys and the rest as one. */
function distanceOf(differences: Float64Array): number {
  const rest = differences.reduce((sum, d) => sum + d, 0);
  return (differences.reduce((sum, d) => sum + Math.abs(d), 0) + Math.abs(rest)) / 2;
}

function dealt(draws: number, width: number, deal: (visit: (x: Tally, y: Tally) => void) => void): Null {
  const moves = new Float64Array(draws * width);
  const distances = new Float64Array(draws);
  let at = 0;
  deal((x, y) => {
    const own = moves.subarray(at * width, (at + 1) * width);
    if (x.all > 0 && y.all > 0) for (let j = 0; j < width; j++) own[j] = x.keys[j] / x.all - y.keys[j] / y.all;
    distances[at++] = distanceOf(own);
  });
  return { moves, distances };
}

/**
 * Both masks moved by the same fractions: how the same two sets of losses would differ at other moments. Undefined where neither loses
 * anything.
 */
function rotated(a: Survivors, b: Survivors, selected: Uint32Array): Null | undefined {
  const [x, y] = [a, b].map((side) => new Rotations(side.reference, side.losses));
  const draws = Math.min(x.lost ? x.count : Infinity, y.lost ? y.count : Infinity);
  if (!Number.isFinite(draws) || draws === 0) return undefined;
  const [rowsX, rowsY] = [a.rowsOf(selected), b.rowsOf(selected)];
  const [lostX, lostY] = [a, b].map(({ reference }) => new Uint32Array(reference.key.length));
  const width = selected.length;
  const moves = new Float64Array(draws * width);
  const distances = new Float64Array(draws);
  const share = (all: Uint32Array, lost: Uint32Array, row: number, of: number): number =>
    row < 0 ? 0 : (all[row] - lost[row]) / of;
  for (let j = 0; j < draws; j++) {
    x.lostUnder(j + 1, lostX);
    y.lostUnder(j + 1, lostY);
    const own = moves.subarray(j * width, (j + 1) * width);
    for (let e = 0; e < width; e++) {
      own[e] =
        share(a.reference.counts, lostX, rowsX[e], x.total - x.lost) -
        share(b.reference.counts, lostY, rowsY[e], y.total - y.lost);
    }
    distances[j] = distanceOf(own);
  }
  return { moves, distances };
}

function effectsOf({ moves, distances }: Null, observed: Float64Array): ReturnType<typeof simultaneous> {
  const draws = distances.length;
  const width = observed.length;
  const sigma = new Float64Array(width);
  for (let j = 0; j < draws; j++) for (let e = 0; e < width; e++) sigma[e] += moves[j * width + e] ** 2 / draws;
  return simultaneous(draws, (j, e) => moves[j * width + e], sigma.map(Math.sqrt), observed);
}
