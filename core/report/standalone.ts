/** Figures as separate files: SVG that needs nothing from the page it came from. */
import { windowSigns } from '../words/signs.ts';
import { bandOf, eventClasses, eventPlaces, lanesShown, patterns, rulerTicks } from './timeline.ts';
import { BAND_HEIGHT, bandPaths, densityPath } from './bands.ts';
import { shorten } from '../words/lists.ts';
import { count, duration } from '../words/numbers.ts';
import { html } from './html.ts';
import type { Markup } from './html.ts';
import type { LaneTrack, Report } from './model.ts';
import { inLight } from './palette.ts';
import { bands } from './same-windows.ts';
import { sameNamesShort } from '../words/checks.ts';
import { compared } from './words.ts';
import { windowKinds } from '../model/terms.ts';

/** A chart of the page as an SVG file, in the light scheme on its own background. */
export function standaloneSvg(chart: Markup): string {
  const [, width, height] = /viewBox="0 0 ([\d.]+) ([\d.]+)"/.exec(chart.text)!;
  const open = chart.text.indexOf('>');
  const head = chart.text
    .slice(0, open)
    .replace(/ (class|style)="[^"]*"/g, '')
    .replace('<svg', `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}"`);
  return inLight(
    `${head}><rect width="${width}" height="${height}" fill="var(--surface)"/>${chart.text.slice(open + 1)}\n`,
  );
}

const WIDTH = 900;
const LEFT = 176;
const RIGHT = 12;
const ROW = 16;
const DENSITY = 28;
const BINS = 480;

/** The timeline of lanes as one drawing: samples, stage 2 events and a band per policy. */
export function timelineSvg(report: Report): Markup {
  const inner = WIDTH - LEFT - RIGHT;
  const parts: Markup[] = [ruler(report, inner)];
  let y = 26;
  const row = (label: string, height: number, drawing: Markup): void => {
    parts.push(
      html`<text x="${LEFT - 10}" y="${y + height / 2 + 4}" text-anchor="end" fill="var(--muted)"
          >${shorten(label, 26)}</text
        ><svg x="${LEFT}" y="${y}" width="${inner}" height="${height}" overflow="visible">${drawing}</svg>`,
    );
    y += height + ROW - BAND_HEIGHT;
  };
  const stretched = (width: number, height: number, drawing: unknown): Markup =>
    html`<svg width="${inner}" height="${height}" viewBox="0 0 ${width} ${height}" preserveAspectRatio="none">
      ${drawing as Markup}
    </svg>`;
  const policyBands = bands(report);
  for (const track of lanesShown(report)) {
    parts.push(
      html`<text x="${LEFT}" y="${y + 14}" font-weight="600" fill="var(--ink)">${track.label}</text
        ><text x="${LEFT + 90}" y="${y + 14}" fill="var(--muted)">${count(track.records)} samples</text>`,
    );
    y += 22;
    const path = html`<path fill="var(--dens)" d="${densityPath(track.density, DENSITY)}" />`;
    row('samples', DENSITY, stretched(track.density.length, DENSITY, path));
    for (const one of eventClasses) {
      const { n, places } = eventPlaces(report, track, one);
      if (n === 0) continue;
      const glyphs = places.map((x) => html`<use href="#g-${one.id}" x="${x}%" y="6" />`);
      row(`${one.words} ${count(n)}`, BAND_HEIGHT, html`<g fill="var(--${one.colour})">${glyphs}</g>`);
    }
    for (const { ids, windows } of policyBands) {
      row(sameNamesShort(ids), BAND_HEIGHT, stretched(BINS, BAND_HEIGHT, band(report, track, windows)));
    }
    y += 12;
  }
  const kinds = kindsShown(report);
  kinds.forEach((kind, i) => {
    parts.push(
      html`<rect x="${LEFT + i * 132}" y="${y}" width="18" height="12" fill="url(#k-${kind})" /><text
          x="${LEFT + i * 132 + 23}"
          y="${y + 10}"
          fill="var(--muted)"
          >${windowSigns[kind].words}</text
        >`,
    );
  });
  const height = y + (kinds.length ? 20 : 0);
  return html`<svg viewBox="0 0 ${WIDTH} ${height}" role="img" font-family="system-ui,sans-serif" font-size="12">
    <title>Timeline</title>
    ${patterns()}${parts}
  </svg>`;
}

function band(report: Report, track: LaneTrack, windows: Parameters<typeof bandPaths>[0]): Markup {
  const paths = bandPaths(windows, track.lane, report.span, BINS, windowKinds.length);
  const drawn = windowKinds.map((kind, i) => bandOf(kind, paths[i]));
  return html`<rect fill="var(--band)" width="${BINS}" height="${BAND_HEIGHT}" />${drawn}`;
}

function ruler(report: Report, inner: number): Markup {
  const ticks = rulerTicks(report).map(({ t, share }) => {
    const x = LEFT + share * inner;
    return html`<path d="M${x.toFixed(1)} 4v16" stroke="var(--line)" /><text
        x="${(x + 4).toFixed(1)}"
        y="15"
        font-size="11"
        fill="var(--muted)"
        >${duration(t)}</text
      >`;
  });
  return html`<path d="M${LEFT} 20h${inner}" stroke="var(--line)" />${ticks}`;
}

function kindsShown(report: Report): (typeof windowKinds)[number][] {
  const seen = new Set<number>();
  for (const { outcome } of compared(report))
    for (let i = 0; i < outcome.windows.n; i++) seen.add(outcome.windows.kind[i]);
  return windowKinds.filter((_, i) => seen.has(i));
}
