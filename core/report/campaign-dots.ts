/** Losses across pairs, each pair a dot: a row per policy, logarithmic; stacked where they meet. */
import { verdictSigns } from '../words/signs.ts';
import { shorten } from '../words/lists.ts';
import { count, percent } from '../words/numbers.ts';
import type { VerdictWord } from '../model/terms.ts';
import { quantile } from '../analysis/numbers.ts';
import { html } from './html.ts';
import type { Markup } from './html.ts';
import { ascii } from './ascii.ts';

export interface DotRow {
  readonly name: string;
  readonly pairs: readonly { readonly loss: number; readonly verdict: VerdictWord }[];
}

const LEFT = 160;
const RIGHT = 90;
const WIDTH = 800;
const ROW = 36;
/** Distance between the places of dots, px. */
const DOT = 4;
/** Width of the place for those that lose nothing. */
const NONE = 64;
/** Height for the dots of a row, px. */
const ROOM = ROW - 8;
/** Most dots in a figure: beyond that, each stands for several pairs. */
const MOST_DOTS = 20_000;

/** The decades that hold all losses; `none` is left of them. */
function scaleOf(rows: readonly DotRow[]): { least: number; x: (loss: number) => number; ticks: readonly number[] } {
  const lost = rows.flatMap(({ pairs }) => pairs.map(({ loss }) => loss)).filter((loss) => loss > 0);
  const least = Math.floor(Math.log10(Math.min(0.01, ...lost)) + 1e-9);
  const inner = WIDTH - LEFT - RIGHT;
  const x = (loss: number): number =>
    loss > 0 ? LEFT + NONE + ((Math.log10(loss) - least) / -least) * (inner - NONE) : LEFT;
  return { least, x, ticks: Array.from({ length: -least + 1 }, (_, i) => 10 ** (least + i)) };
}

/** Pairs that one dot stands for: 1 unless there are very many. */
export function pairsPerDot(rows: readonly DotRow[]): number {
  return Math.max(1, Math.ceil(rows.reduce((sum, { pairs }) => sum + pairs.length, 0) / MOST_DOTS));
}

const order: readonly VerdictWord[] = ['representative', 'usable with care', 'misleading', 'dead', 'no samples'];

/** The place of those that lose nothing. */
const NOTHING = -1;

function columns({ pairs }: DotRow, x: (loss: number) => number): Map<number, VerdictWord[]> {
  const found = new Map<number, VerdictWord[]>();
  for (const { loss, verdict } of pairs) {
    // Those that lose nothing have their own block: no place within it means more than another.
    const at = loss > 0 ? Math.round(x(loss) / DOT) : NOTHING;
    found.set(at, [...(found.get(at) ?? []), verdict]);
  }
  for (const verdicts of found.values()) verdicts.sort((a, b) => order.indexOf(a) - order.indexOf(b));
  return found;
}

export function dotChart(id: string, title: string, rows: readonly DotRow[]): Markup {
  const { x, ticks } = scaleOf(rows);
  const per = pairsPerDot(rows);
  const height = rows.length * ROW + 26;
  const bottom = rows.length * ROW + 4;
  const described = rows.map(({ name, pairs }) => `${name}: ${spreadWords(pairs.map((p) => p.loss))}.`).join(' ');
  return html`<svg
    class="chart"
    viewBox="0 0 ${WIDTH} ${height}"
    role="img"
    aria-labelledby="${id}-t ${id}-d"
    font-family="system-ui,sans-serif"
    font-size="11"
    style="max-width:${Math.round(WIDTH * 1.15)}px"
  >
    <title id="${id}-t">${title}</title>
    <desc id="${id}-d">${described}</desc>
    ${ticks.map(
      (tick) =>
        html`<path d="M${x(tick).toFixed(1)} 0V${bottom}" stroke="var(--line)" /><text
            x="${x(tick).toFixed(1)}"
            y="${height - 6}"
            text-anchor="middle"
            fill="var(--muted)"
            >${percent(tick)}</text
          >`,
    )}
    <text x="${LEFT}" y="${height - 6}" fill="var(--muted)">none</text>
    ${rows.map((row, i) => rowMarkup(row, i * ROW, x, per))}
  </svg>`;
}

function rowMarkup(row: DotRow, top: number, x: (loss: number) => number, per: number): Markup {
  const middle = top + ROW / 2;
  const sorted = Float64Array.from(row.pairs, (p) => p.loss).sort();
  const median = quantile(sorted, 0.5);
  const dots = [...columns(row, x)].flatMap(([at, verdicts]) => {
    const shown = verdicts.filter((_, i) => i % per === 0);
    const across = at === NOTHING ? Math.min(Math.ceil(shown.length / (ROOM / DOT)), (NONE - 12) / DOT) : 1;
    const down = Math.ceil(shown.length / across);
    const step = Math.min(DOT, ROOM / down);
    return shown.map((verdict, i) => {
      const cx = at === NOTHING ? LEFT + 4 + Math.floor(i / down) * DOT : at * DOT;
      const cy = middle + ((i % down) - (down - 1) / 2) * step;
      return html`<circle
        cx="${cx}"
        cy="${cy.toFixed(1)}"
        r="1.7"
        fill="var(--${verdictSigns[verdict].colour})"
        fill-opacity=".75"
      />`;
    });
  });
  return html`<g>
    <text x="${LEFT - 10}" y="${middle + 4}" text-anchor="end" fill="var(--ink)" font-size="12"
      >${shorten(row.name, 24)}</text
    >
    ${
      median > 0 &&
      html`<path d="M${x(median).toFixed(1)} ${top + 3}v${ROW - 6}" stroke="var(--ink)" stroke-width="1.5" />`
    }
    ${dots}
    <text x="${WIDTH - RIGHT + 12}" y="${middle + 4}" fill="var(--muted)"
      >${row.pairs.length ? percent(median) : '–'}</text
    >
  </g>`;
}

/** `median 0.41 %, quartiles 0.2 to 1 %, 0 to 3.2 %`. */
export function spreadWords(losses: readonly number[]): string {
  if (!losses.length) return 'no pairs';
  const sorted = Float64Array.from(losses).sort();
  const at = (p: number): string => percent(quantile(sorted, p));
  return `median ${at(0.5)}, quartiles ${at(0.25)} to ${at(0.75)}, range ${at(0)} to ${at(1)}`;
}

/** The same in characters: a digit is a number of pairs, # ten or more. */
export function dotText(rows: readonly DotRow[]): string[] {
  const COLUMNS = 40;
  const { least, x } = scaleOf(rows);
  const place = (loss: number): number =>
    loss > 0 ? 2 + Math.round(((x(loss) - x(10 ** least)) / (x(1) - x(10 ** least))) * (COLUMNS - 3)) : 0;
  return [
    `Digits: pairs (#: ten or more); left: none lost, then ${ascii(percent(10 ** least))} to 100 %, logarithmic.`,
    '',
    ...rows.map(({ name, pairs }) => {
      const counts = new Array<number>(COLUMNS).fill(0);
      for (const { loss } of pairs) counts[place(loss)]++;
      const line = counts.map((n) => (n === 0 ? ' ' : n > 9 ? '#' : String(n))).join('');
      return `${ascii(shorten(name, 20)).padEnd(20)} |${line}|`;
    }),
  ];
}

export function dotKey(rows: readonly DotRow[]): string {
  const per = pairsPerDot(rows);
  const dot =
    per === 1
      ? 'Each dot is a pair, those that lose nothing in a block at the left'
      : `Each dot is up to ${count(per)} pairs`;
  return `${dot}; its colour is the verdict on its profile (green: representative, amber: usable with care, red: misleading, black: dead). Line and number: the median.`;
}
