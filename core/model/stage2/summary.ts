/** How sure a reconstructed timeline is: rows by evidence, and page-time by certainty. */
import { code, stage2Kinds } from '../terms.ts';
import type { Stage2Timeline } from '../timeline.ts';
import { certainties } from './evidence.ts';
import type { Certainty } from './evidence.ts';
import { nextState, PageState, Segments } from './page-states.ts';
import type { PageRange } from './page-states.ts';

export interface Stage2Summary {
  readonly exact: boolean;
  /** Rows by name of evidence, those that occur. */
  readonly rowsByEvidence: Readonly<Record<string, number>>;
  /**
   * Shares of page-time by what the page's state rests on. `observed`: the row that set it is an event; `inferred`: it
   * follows by a rule; `unknown`: events were lost, or the page had no event yet and the default stands.
   */
  readonly certainty: Readonly<Record<Certainty, number>>;
  /** Page-time, page·s. */
  readonly pageSeconds: number;
}

/** Summarises a timeline over the pages asked for: a VM's slots, its buffers, or a buffer's placement. */
export function summarise(timeline: Stage2Timeline, ranges: readonly PageRange[]): Stage2Summary {
  const rowsByEvidence: Record<string, number> = {};
  for (let i = 0; i < timeline.n; i++) {
    const evidence = timeline.evidences[timeline.evidence[i]];
    rowsByEvidence[evidence] = (rowsByEvidence[evidence] ?? 0) + 1;
  }
  const segments = new Segments(ranges, [timeline]);
  const state = new Uint8Array(segments.start.length).fill(PageState.WRITABLE);
  // Index into `certainties`: 0 is the default.
  const basis = new Uint8Array(segments.start.length);
  const since = new Float64Array(segments.start.length);
  const time: Record<Certainty, number> = { observed: 0, inferred: 0, unknown: 0 };
  const settle = (s: number, t: number): void => {
    time[certainties[basis[s]]] += (t - since[s]) * segments.pages[s];
    since[s] = t;
  };
  const noChange = code(stage2Kinds, 'access-clear');
  for (let i = 0; i < timeline.n; i++) {
    if (timeline.kind[i] === noChange) continue;
    const t = Math.max(0, timeline.t[i]);
    const end = segments.from(timeline.page[i] + timeline.pages[i]);
    for (let s = segments.from(timeline.page[i]); s < end; s++) {
      const next = nextState(timeline, i, state[s]);
      // What repeats a state that is known already adds nothing; what confirms a default does.
      if (next === state[s] && basis[s] !== 0) continue;
      settle(s, t);
      state[s] = next;
      basis[s] = timeline.evidence[i];
    }
  }
  for (let s = 0; s < since.length; s++) settle(s, timeline.span);
  const total = time.observed + time.inferred + time.unknown;
  const share = (ns: number): number => (total ? ns / total : 0);
  return {
    exact: timeline.exact,
    rowsByEvidence,
    certainty: { observed: share(time.observed), inferred: share(time.inferred), unknown: share(time.unknown) },
    pageSeconds: total / 1e9,
  };
}
