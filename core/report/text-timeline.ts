/** The timeline in characters: per lane the samples, its stage 2 events, and how dark each part is under each policy. */
import { ascii, COLUMNS, wrap } from './ascii.ts';
import { shorten } from '../words/lists.ts';
import { count, duration } from '../words/numbers.ts';
import type { LaneTrack, Report, WindowColumns } from './model.ts';
import { eventClasses, eventPlaces, lanesShown } from './timeline.ts';
import { bands } from './same-windows.ts';
import { sameNamesShort } from '../words/checks.ts';

const LABEL = 24;
const BINS = COLUMNS - LABEL - 2;

/** From nothing to all of a part. */
const DENSITY = ' .:-=+*#';

export function textTimeline(report: Report): string[] {
  if (report.lanes.length === 0) return ['no lanes'];
  const lines = lanesShown(report).flatMap((track) => lane(report, track));
  const left = report.lanes.length - lanesShown(report).length;
  const per = ascii(duration((report.span.end - report.span.start) / BINS));
  const key =
    `A character is ${per}. Samples: ${DENSITY.slice(1)} from few to most. Events: 1 to 9, * for more. ` +
    'Policies: how much of the time is dark: _ none, . below 1 %, : below 10 %, x below 90 %, # from there on.';
  return [...lines.slice(1), '', ...(left > 0 ? wrap(`${count(left)} more lanes are not shown.`) : []), ...wrap(key)];
}

function lane(report: Report, track: LaneTrack): string[] {
  const row = (label: string, cells: string): string =>
    `${ascii(shorten(label, LABEL)).slice(0, LABEL).padStart(LABEL)} |${cells}`;
  const events = eventClasses.flatMap((one) => {
    const { n } = eventPlaces(report, track, one);
    return n ? [row(`${one.words} ${n}`, eventCells(report, track, one.holds))] : [];
  });
  const dark = bands(report).map(({ ids, windows }) =>
    row(sameNamesShort(ids), darkCells(report, track.lane, windows)),
  );
  return [
    '',
    `${ascii(track.label)}, ${track.records} samples`,
    row('samples', sampleCells(track)),
    ...events,
    ...dark,
  ];
}

/** Samples of `BINS` equal parts, out of the finer density. */
function sampleCells({ density }: LaneTrack): string {
  const sums = new Float64Array(BINS);
  for (let i = 0; i < density.length; i++) sums[Math.floor((i * BINS) / density.length)] += density[i];
  const most = Math.max(1, ...sums);
  return Array.from(sums, (n) => DENSITY[Math.ceil((n / most) * (DENSITY.length - 1))]).join('');
}

function eventCells({ span }: Report, { events }: LaneTrack, holds: (kind: number, cause: number) => boolean): string {
  const counts = new Uint32Array(BINS);
  const width = Math.max(1, span.end - span.start);
  for (let i = 0; i < events.t.length; i++) {
    if (!holds(events.kind[i], events.cause[i])) continue;
    const at = (events.t[i] - span.start) / width;
    if (at >= 0 && at <= 1) counts[Math.min(BINS - 1, Math.floor(at * BINS))]++;
  }
  return Array.from(counts, (n) => (n === 0 ? ' ' : n < 10 ? String(n) : '*')).join('');
}

function darkCells({ span }: Report, lane: number, windows: WindowColumns): string {
  const scale = BINS / Math.max(1, span.end - span.start);
  const dark = new Float64Array(BINS);
  for (let i = 0; i < windows.n; i++) {
    if (windows.lane[i] !== lane) continue;
    const from = Math.max(0, (windows.start[i] - span.start) * scale);
    const to = Math.min(BINS, (windows.end[i] - span.start) * scale);
    for (let bin = Math.min(BINS - 1, Math.floor(from)); bin < BINS && (bin < to || bin <= from); bin++)
      // However short, it must show.
      dark[bin] = dark[bin] + Math.max(1e-9, Math.min(to, bin + 1) - Math.max(from, bin));
  }
  return Array.from(dark, (x) => (x === 0 ? '_' : x < 0.01 ? '.' : x < 0.1 ? ':' : x < 0.9 ? 'x' : '#')).join('');
}
