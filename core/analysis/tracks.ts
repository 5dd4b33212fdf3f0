/** What a timeline of lanes draws; bounded, whatever the capture's size. */
import type { EventTrack, Stage2Timeline } from '../model/timeline.ts';
import { firstAtLeast } from '../model/terms/search.ts';

export type { EventTrack } from '../model/timeline.ts';

/** How many of the ascending times fall into each of `bins` equal parts of [start, end] (ns); those outside don't count. */
export function density(t: Float64Array, start: number, end: number, bins: number): Uint32Array {
  const counts = new Uint32Array(bins);
  const scale = end > start ? bins / (end - start) : 0;
  for (let i = 0; i < t.length; i++) {
    if (t[i] < start || t[i] > end) continue;
    counts[Math.min(bins - 1, Math.floor((t[i] - start) * scale))]++;
  }
  return counts;
}

/** The events of a timeline that touch a lane's buffer. @param pages IPA page numbers, in any order */
export function bufferEvents(
  timeline: Pick<Stage2Timeline, 'n' | 'page' | 'pages' | keyof EventTrack>,
  pages: Float64Array,
): EventTrack {
  const sorted = pages.slice().sort();
  const rows: number[] = [];
  for (let i = 0; i < timeline.n; i++) {
    const at = firstAtLeast(sorted, timeline.page[i]);
    if (at < sorted.length && sorted[at] < timeline.page[i] + timeline.pages[i]) rows.push(i);
  }
  const bytes = (column: Exclude<keyof EventTrack, 't'>): Uint8Array =>
    Uint8Array.from(rows, (i) => timeline[column][i]);
  return {
    t: Float64Array.from(rows, (i) => timeline.t[i]),
    kind: bytes('kind'),
    cause: bytes('cause'),
    writable: bytes('writable'),
    notify: bytes('notify'),
    contents: bytes('contents'),
    contentsOrigin: bytes('contentsOrigin'),
  };
}
