/** A timeline out of rows of codes, all kept contents and unknown notifiers. */
import type { Stage2Timeline } from '../../core/model/timeline.ts';

export interface TimelineRow {
  t: number;
  kind: number;
  page: number;
  pages: number;
  cause: number;
  writable: number;
}

export function timelineOf(rows: readonly TimelineRow[], t0 = 0n, span = 0): Stage2Timeline {
  return {
    n: rows.length,
    t: Float64Array.from(rows, (r) => r.t),
    kind: Uint8Array.from(rows, (r) => r.kind),
    page: Float64Array.from(rows, (r) => r.page),
    pages: Float64Array.from(rows, (r) => r.pages),
    cause: Uint8Array.from(rows, (r) => r.cause),
    evidence: new Uint8Array(rows.length),
    notify: new Uint8Array(rows.length),
    contents: new Uint8Array(rows.length),
    contentsOrigin: new Uint8Array(rows.length),
    writable: Uint8Array.from(rows, (r) => r.writable),
    origin: t0,
    span: span || Math.max(0, ...rows.map((r) => r.t)),
    exact: false,
    evidences: ['test'],
  };
}
