/**
 * The hypergeometric distribution: of a population of `total`, `marked` are marked; a sample of `drawn` is taken without
 * replacement; x of it are marked.
 */
import type { Random } from '../model/random.ts';

const LN_SQRT_2PI = 0.9189385332046728;

/** ln n! - Stirling's approximation: exact by summing for small n, by its asymptotic series above (R's stirlerr). */
const stirlingErrors = Float64Array.from({ length: 16 }, (_, n) => {
  if (n === 0) return 0;
  let factorial = 1;
  for (let i = 2; i <= n; i++) factorial *= i;
  return Math.log(factorial) - (n + 0.5) * Math.log(n) + n - LN_SQRT_2PI;
});

function stirlingError(n: number): number {
  if (n < 16) return stirlingErrors[n];
  const nn = n * n;
  // The terms left out are below the last bit of what the error is added to.
  if (n > 500) return (1 / 12 - 1 / 360 / nn) / n;
  return (1 / 12 - (1 / 360 - (1 / 1260 - (1 / 1680 - 1 / 1188 / nn) / nn) / nn) / nn) / n;
}

function logFactorial(n: number): number {
  return n === 0 ? 0 : (n + 0.5) * Math.log(n) - n + LN_SQRT_2PI + stirlingError(n);
}

/** x ln(x / m) + m - x without cancellation. */
function deviance(x: number, m: number): number {
  if (Math.abs(x - m) >= 0.1 * (x + m)) return x * Math.log(x / m) + m - x;
  const v = (x - m) / (x + m);
  let sum = (x - m) * v;
  let term = 2 * x * v;
  for (let j = 3; ; j += 2) {
    term *= v * v;
    const next = sum + term / j;
    if (next === sum) return sum;
    sum = next;
  }
}

/** ln of the binomial probability of x in n at p, to full precision (Loader, "Fast and accurate computation of binomial probabilities", 2000). */
function logBinomial(x: number, n: number, p: number, q: number): number {
  if (x === 0) return n === 0 ? 0 : p < 0.1 ? -deviance(n, n * q) - n * p : n * Math.log(q);
  if (x === n) return q < 0.1 ? -deviance(n, n * p) - n * q : n * Math.log(p);
  const error = stirlingError(n) - stirlingError(x) - stirlingError(n - x);
  return error - deviance(x, n * p) - deviance(n - x, n * q) - LN_SQRT_2PI - 0.5 * (Math.log(x) + Math.log1p(-x / n));
}

/** ln of the probability of x; -Infinity outside the support. As R's dhyper: accurate for populations of any size. */
export function logProbability(x: number, marked: number, total: number, drawn: number): number {
  if (x < Math.max(0, drawn - (total - marked)) || x > Math.min(marked, drawn)) return -Infinity;
  if (drawn === 0 || drawn === total) return 0;
  const p = drawn / total;
  const q = (total - drawn) / total;
  return logBinomial(x, marked, p, q) + logBinomial(drawn - x, total - marked, p, q) - logBinomial(drawn, total, p, q);
}

/** Probabilities this close to the observed one count as equal (R's fisher.test). */
const TIE = 1e-7;

/**
 * Two-sided p-value of x: the probability of all outcomes no likelier than it (Fisher's exact test), by exact tail sums.
 */
export function twoSidedP(x: number, marked: number, total: number, drawn: number): number {
  const low = Math.max(0, drawn - (total - marked));
  const high = Math.min(marked, drawn);
  if (low === high) return 1;
  const mode = Math.min(high, Math.max(low, Math.floor(((drawn + 1) * (marked + 1)) / (total + 2))));
  const limit = logProbability(x, marked, total, drawn) + TIE;
  if (logProbability(mode, marked, total, drawn) <= limit) return 1;

  const step = x < mode ? 1 : -1;
  const edge = step > 0 ? high : low;
  const other = firstAtMost(limit, mode, edge, 2 * mode - x, step, (y) => logProbability(y, marked, total, drawn));
  const near = tail(x, step > 0 ? -1 : 1, step > 0 ? low : high, marked, total, drawn);
  const far = other === undefined ? 0 : tail(other, step, edge, marked, total, drawn);
  return Math.min(1, near + far);
}

/** The first y from `from` (exclusive) to `to` at which the falling function is `limit` at most; searched outwards from a guess. */
function firstAtMost(
  limit: number,
  from: number,
  to: number,
  guess: number,
  step: 1 | -1,
  f: (y: number) => number,
): number | undefined {
  if (f(to) > limit) return undefined;
  // Distances from `from`: `above` is still above the limit, `below` no longer.
  const at = (distance: number): number => f(from + step * distance);
  let above = 0;
  let below = Math.abs(to - from);
  let probe = Math.min(below, Math.max(1, Math.abs(guess - from)));
  for (let width = 1; above + 1 < below; width *= 2) {
    if (at(probe) > limit) {
      above = probe;
      probe = probe + width;
    } else {
      below = probe;
      probe = probe - width;
    }
    if (probe <= above || probe >= below) {
      probe = (above + below) >>> 1;
      width = 1;
    }
  }
  return from + step * below;
}

/** The sum of probabilities from x outwards in one direction to `edge`, by the ratio of neighbours. */
function tail(x: number, step: 1 | -1, edge: number, marked: number, total: number, drawn: number): number {
  const unmarked = total - marked;
  let term = 1;
  let sum = 1;
  for (let y = x; y !== edge && term > sum * 1e-17; y += step) {
    term *=
      step > 0
        ? ((marked - y) * (drawn - y)) / ((y + 1) * (unmarked - drawn + y + 1))
        : (y * (unmarked - drawn + y)) / ((marked - y + 1) * (drawn - y + 1));
    sum += term;
  }
  return sum * Math.exp(logProbability(x, marked, total, drawn));
}

/** From this many draws on, rejection beats drawing one by one. */
const HRUA_FROM = 16;

/** One draw of x. Exact for populations up to 2^53. */
export function draw(random: Random, marked: number, total: number, drawn: number): number {
  const unmarked = total - marked;
  if (Math.min(marked, unmarked, drawn, total - drawn) === 0) return Math.max(0, drawn - unmarked);
  // Symmetries: who is marked and who is drawn may change places; the rest is the complement.
  const few = Math.min(marked, unmarked);
  const sample = Math.min(drawn, total - drawn);
  let x =
    Math.min(few, sample) < HRUA_FROM
      ? oneByOne(random, Math.max(few, sample), total, Math.min(few, sample))
      : hrua(random, few, total, sample);
  if (marked > unmarked) x = sample - x;
  return sample < drawn ? marked - x : x;
}

function oneByOne(random: Random, marked: number, total: number, drawn: number): number {
  let left = marked;
  for (let i = 0; i < drawn && left > 0; i++) if (random.uniform() * (total - i) < left) left--;
  return marked - left;
}

/** HRUA, ratio of uniforms (Stadlober, "The ratio of uniforms approach for generating discrete random variates", 1990; numpy's too). */
function hrua(random: Random, few: number, total: number, sample: number): number {
  const many = total - few;
  const p = few / total;
  const centre = sample * p + 0.5;
  const variance = ((total - sample) * sample * p * (many / total)) / (total - 1);
  const width = Math.sqrt(variance + 0.5);
  const hat = 1.7155277699214135 * width + 0.8989161620588988;
  const mode = Math.floor(((sample + 1) * (few + 1)) / (total + 2));
  const logWeight = (k: number): number =>
    logFactorial(k) + logFactorial(few - k) + logFactorial(sample - k) + logFactorial(many - sample + k);
  const peak = logWeight(mode);
  const bound = Math.min(Math.min(sample, few) + 1, Math.floor(centre + 16 * width));
  for (;;) {
    const u = random.uniform();
    const x = centre + (hat * (random.uniform() - 0.5)) / u;
    if (!(x >= 0 && x < bound)) continue;
    const k = Math.floor(x);
    const t = peak - logWeight(k);
    if (u * (4 - u) - 3 <= t) return k;
    if (u * (u - t) >= 1) continue;
    if (2 * Math.log(u) <= t) return k;
  }
}
