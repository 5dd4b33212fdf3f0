/** The lanes over time: samples, stage 2 events on the buffer, and a band per policy with its blackout windows. */
import { causeClasses, code, stage2Kinds, windowKinds } from '../model/terms.ts';
import type { CauseClass, WindowKind } from '../model/terms.ts';
import { causeSigns, unknownSign, windowSigns } from '../words/signs.ts';
import type { BandPath } from './bands.ts';
import { BAND_HEIGHT, bandPaths, densityPath } from './bands.ts';
import { count, duration } from '../words/numbers.ts';
import type { Content, Markup } from './html.ts';
import { html } from './html.ts';
import type { LaneTrack, Report, WindowColumns } from './model.ts';
import type { Colour } from '../words/signs.ts';
import { bands } from './same-windows.ts';
import type { Band } from './same-windows.ts';
import { sameNames, sameNamesShort } from '../words/checks.ts';
import { compared, scaledMark } from './words.ts';

/** Most lanes drawn: those with the most events and losses. */
const LANES = 8;
/** Bins of a band, fewer if there are many bands: a worst-case band is 16 bytes per bin. */
const BINS = 480;
const BAND_BYTES = 600_000;
/** Glyphs in a row are at least this far apart, in parts of its width. */
const GLYPH_BINS = 240;

export interface EventClass {
  readonly id: string;
  readonly words: string;
  readonly shape: string;
  readonly colour: Colour;
  readonly holds: (kind: number, cause: number) => boolean;
}

const kindOf = (kind: (typeof stage2Kinds)[number]): number => code(stage2Kinds, kind);
const removal = (cause: CauseClass) => (kind: number, of: number) =>
  (kind === kindOf('unmap') || kind === kindOf('write-protect')) && of === code(causeClasses, cause);

/** One row of shapes each, where it occurs. */
export const eventClasses: readonly EventClass[] = [
  { id: 'map', colour: 'muted', words: 'mapped', shape: 'M-.5 -4h1v8h-1z', holds: (kind) => kind === kindOf('map') },
  ...causeClasses
    .filter((cause) => cause !== 'first-touch')
    .map((cause) => ({ id: cause, ...causeSigns[cause], holds: removal(cause) })),
  { id: 'unknown', ...unknownSign, holds: (kind) => kind === kindOf('unknown') },
];

/** Patterns and glyphs that the timeline's SVGs refer to: once on the page. */
export function definitions(): Markup {
  return html`<svg width="0" height="0" style="position:absolute" aria-hidden="true">${patterns()}</svg>`;
}

export function patterns(): Markup {
  return html`<defs>
    ${windowKinds.map(
      (kind) =>
        html`<pattern id="k-${kind}" width="8" height="8" patternUnits="userSpaceOnUse"
          ><rect width="8" height="8" fill="var(--${windowSigns[kind].colour})" /><path
            d="${windowSigns[kind].strokes}"
            stroke="var(--surface)"
            stroke-width="1.2"
            fill="none"
        /></pattern>`,
    )}${eventClasses.map(({ id, shape }) => html`<path id="g-${id}" d="${shape}" />`)}
  </defs>`;
}

export function timelineSection(report: Report): Markup {
  const shown = lanesShown(report);
  const left = report.lanes.length - shown.length;
  const policyBands = bands(report);
  const drawn = Math.max(1, shown.length * policyBands.length);
  const bins = Math.max(100, Math.min(BINS, Math.floor(BAND_BYTES / (16 * drawn))));
  const mark = scaledMark(report);
  return html`<section aria-labelledby="h-timeline">
    <h2 id="h-timeline">Timeline${mark && html` <span class="mark">${mark}</span>`}</h2>
    ${ruler(report)} ${shown.map((lane) => laneFigure(report, lane, bins, policyBands))}
    ${left > 0 && html`<p class="fn">${count(left)} more lanes not drawn: those with the most events and losses are.</p>`}
    ${legend(report)}
  </section>`;
}

/** Those with most to see, in their own order. */
export function lanesShown(report: Report): LaneTrack[] {
  if (report.lanes.length <= LANES) return [...report.lanes];
  const weight = new Map(report.lanes.map(({ lane, events }) => [lane, events.t.length]));
  for (const { outcome } of compared(report)) {
    const { windows } = outcome;
    for (let i = 0; i < windows.n; i++) weight.set(windows.lane[i], (weight.get(windows.lane[i]) ?? 0) + 1);
  }
  const most = report.lanes.toSorted((a, b) => weight.get(b.lane)! - weight.get(a.lane)!).slice(0, LANES);
  return report.lanes.filter((lane) => most.includes(lane));
}

function laneFigure(report: Report, track: LaneTrack, bins: number, policyBands: readonly Band[]): Markup {
  const { span } = report;
  const interval = track.records > 1 ? `, one per ${duration((span.end - span.start) / track.records)}` : '';
  const about = `${count(track.records)} samples${interval}`;
  const rows = eventClasses.map((one) => eventRow(report, track, one));
  return html`<div class="lane">
    <h3>${track.label} <span>${about}</span></h3>
    <div class="row">
      <span>samples</span
      ><svg class="density" viewBox="0 0 ${track.density.length} 28" preserveAspectRatio="none" role="img">
        <title>${track.label}: sample density</title>
        <desc>${about}</desc>
        <path d="${densityPath(track.density, 28)}" />
      </svg>
    </div>
    ${rows}
    ${policyBands.map(({ ids, windows }) => {
      const paths = bandPaths(windows, track.lane, span, bins, windowKinds.length);
      const text = laneWords(windows, track.lane);
      return html`<div class="row band">
        <span title="${sameNames(ids)}">${sameNamesShort(ids)}</span
        ><svg viewBox="0 0 ${bins} ${BAND_HEIGHT}" preserveAspectRatio="none" role="img">
          <title>${sameNames(ids)}, ${track.label}</title>
          <desc>${text}</desc>
          <rect class="bg" width="${bins}" height="${BAND_HEIGHT}" />
          ${windowKinds.map((kind, i) => bandOf(kind, paths[i]))}
        </svg>
      </div>`;
    })}
  </div>`;
}

export function bandOf(kind: WindowKind, { wide, narrow }: BandPath): Content {
  return [
    wide && html`<path fill="url(#k-${kind})" d="${wide}" />`,
    narrow && html`<path fill="var(--${windowSigns[kind].colour})" d="${narrow}" />`,
  ];
}

function laneWords(windows: WindowColumns, lane: number): string {
  let n = 0;
  let dark = 0;
  for (let i = 0; i < windows.n; i++) {
    if (windows.lane[i] !== lane) continue;
    n++;
    dark += windows.end[i] - windows.start[i];
  }
  return n === 0 ? 'no blackout window' : `${count(n)} blackout windows, ${duration(dark)} in all`;
}

/** Where a class's events are on a lane's row, in percent of its width, and how many there are. */
export function eventPlaces(report: Report, { events }: LaneTrack, one: EventClass): { n: number; places: string[] } {
  const width = Math.max(1, report.span.end - report.span.start);
  const places = new Set<number>();
  let n = 0;
  for (let i = 0; i < events.t.length; i++) {
    if (!one.holds(events.kind[i], events.cause[i])) continue;
    const at = (events.t[i] - report.span.start) / width;
    n++;
    if (at >= 0 && at <= 1) places.add(Math.round(at * GLYPH_BINS));
  }
  return { n, places: [...places].map((place) => ((100 * place) / GLYPH_BINS).toFixed(1)) };
}

function eventRow(report: Report, track: LaneTrack, one: EventClass): Markup | false {
  const { n, places } = eventPlaces(report, track, one);
  return (
    n > 0 &&
    html`<div class="row events">
      <span>${one.words} <i>${count(n)}</i></span
      ><svg fill="var(--${one.colour})" role="img">
        <title>${track.label}: ${one.words}</title>
        <desc>${count(n)} events</desc>
        ${places.map((x) => html`<use href="#g-${one.id}" x="${x}%" y="6" />`)}
      </svg>
    </div>`
  );
}

/** Round times, six or so. */
export function rulerTicks({ span }: Report): { t: number; share: number }[] {
  const width = Math.max(1, span.end - span.start);
  const rough = width / 6;
  const decade = 10 ** Math.floor(Math.log10(rough));
  const step = decade * ([1, 2, 5, 10].find((m) => m * decade >= rough) ?? 10);
  return Array.from({ length: Math.floor(width / step) + 1 }, (_, i) => ({ t: i * step, share: (i * step) / width }));
}

function ruler(report: Report): Markup {
  const ticks = rulerTicks(report);
  return html`<div class="row ruler" aria-hidden="true">
    <span></span>
    <div>
      ${ticks.map(({ t, share }) => html`<span style="left:${(100 * share).toFixed(2)}%">${duration(t)}</span>`)}
    </div>
  </div>`;
}

function legend(report: Report): Markup {
  const kinds = new Set<number>();
  for (const { outcome } of compared(report))
    for (let i = 0; i < outcome.windows.n; i++) kinds.add(outcome.windows.kind[i]);
  return html`<p class="legend">
      ${windowKinds.map(
        (kind, i) =>
          kinds.has(i) &&
          html`<span
            ><svg width="18" height="12" aria-hidden="true"><rect width="18" height="12" fill="url(#k-${kind})" /></svg
            >${windowSigns[kind].words}</span
          >`,
      )}
    </p>
    <p class="fn">
      Bands: blackout windows. Height is the dark share of the time; the low feet are windows much shorter than a pixel.
      Above them: stage 2 events on the lane’s own buffer.
    </p>`;
}
