/** A comparison's figures in characters. */
import { ascii } from './ascii.ts';
import { shorten } from '../words/lists.ts';
import { percent, points } from '../words/numbers.ts';
import type { LossRow } from './loss-chart.ts';
import type { ShareRow } from './skew-chart.ts';

const NAME = 22;
const BAR = 30;

/** Two bars per policy, A's above B's, on one logarithmic scale. */
export function lossBars(rows: readonly LossRow[]): string[] {
  const shares = rows.flatMap(({ main, other }) => [main.share, other?.share ?? 0]);
  const least = Math.min(...shares.filter((share) => share > 0), 0.01);
  const decades = Math.max(1, -Math.floor(Math.log10(least)));
  const bar = (share: number): string => {
    const width = share > 0 ? Math.max(1, Math.round(BAR * (1 + Math.log10(share) / decades))) : 0;
    return `|${'#'.repeat(width).padEnd(BAR)}| ${share > 0 ? ascii(percent(share)) : 'none'}`;
  };
  const name = (text: string): string => ascii(shorten(text, NAME)).slice(0, NAME).padEnd(NAME);
  return [
    `Bars: logarithmic, ${ascii(percent(10 ** -decades))} to 100 % of the samples lost.`,
    '',
    ...rows.flatMap(({ names: [policy], main, other }) => [
      `${name(policy)} A ${bar(main.share)}`,
      `${name('')} B ${bar(other?.share ?? 0)}`,
    ]),
  ];
}

const HALF = 9;

/** A bar to the left or right per key, as long as its share differs. */
export function centredBars(rows: readonly ShareRow[]): string[] {
  const reach = Math.max(...rows.map(({ difference }) => Math.abs(difference)));
  const head = `${'key'.padEnd(NAME)} ${'B'.padStart(8)} ${''.padEnd(2 * HALF + 1)} A minus B`;
  const bars = rows.map(({ name, p, difference, low, high, significant }) => {
    const width = Math.round((HALF * Math.abs(difference)) / reach);
    const bar = '#'.repeat(width);
    const [left, right] = difference < 0 ? [bar, ''] : ['', bar];
    const half = typeof low !== 'number' || typeof high !== 'number' ? undefined : (high - low) / 2;
    return [
      ascii(shorten(name, NAME)).slice(0, NAME).padEnd(NAME),
      ascii(percent(p)).padStart(8),
      `${left.padStart(HALF)}|${right.padEnd(HALF)}`,
      `${ascii(points(difference, half))}${significant ? ' *' : ''}`,
    ].join(' ');
  });
  return [head, ...bars];
}
