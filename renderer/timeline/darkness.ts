/**
 * How dark a column is for the fraction lost in it. Fractions span three decades, so the steps are geometric, as a photographic
 * step wedge's are: from 0.1 % to all, each 15 % more than the one before. Every step has its own colour, so that fractions can be
 * read back from the picture; losses below 0.1 % get a mark instead of a darkness.
 */

/** Steps above zero. */
export const STEPS = 48;
/** The smallest fraction that has a step. */
export const LEAST_FRACTION = 0.001;
/** How much of the colour the first step gets. */
const LEAST_ALPHA = 0.08;
const DECADES = Math.log(1 / LEAST_FRACTION);

/** 0: none, or less than `LEAST_FRACTION`; `STEPS`: all. */
export function stepOf(fraction: number): number {
  if (!(fraction >= LEAST_FRACTION)) return 0;
  const share = Math.log(Math.min(1, fraction) / LEAST_FRACTION) / DECADES;
  return 1 + Math.round(share * (STEPS - 1));
}

/** The fraction that a step represents. */
export function fractionOf(step: number): number {
  return step < 1 ? 0 : LEAST_FRACTION ** (1 - (step - 1) / (STEPS - 1));
}

/** Share of the colour over the background: 0 … 1. */
export function alphaOf(step: number): number {
  return step < 1 ? 0 : LEAST_ALPHA + (1 - LEAST_ALPHA) * ((step - 1) / (STEPS - 1)) ** 1.15;
}

/** `#rrggbb` of one colour over another: both `#rgb` or `#rrggbb`. */
export function mixed(color: string, over: string, alpha: number): string {
  const [a, b] = [color, over].map(channels);
  const hex = a.map((c, i) =>
    Math.round(c * alpha + b[i] * (1 - alpha))
      .toString(16)
      .padStart(2, '0'),
  );
  return `#${hex.join('')}`;
}

/** The colours of all steps, starting with the background's. */
export function wedge(color: string, background: string): string[] {
  return Array.from({ length: STEPS + 1 }, (_, step) => mixed(color, background, alphaOf(step)));
}

function channels(css: string): number[] {
  const digits = css.slice(1);
  const pairs = digits.length === 3 ? [...digits].map((d) => d + d) : (digits.match(/../g) ?? []);
  return pairs.map((d) => Number.parseInt(d, 16));
}
