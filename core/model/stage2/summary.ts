/** How sure a reconstructed timeline is: rows by evidence, and page-time by certainty. */
import { code, stage2Kinds } from '../terms.ts';
import type { Stage2Timeline } from '../timeline.ts';
import { certainties } from './evidence.ts';
import type { Certainty } from './evidence.ts';
import { nextState, PageState, Segments } from './page-states.ts';
import type { PageRange } from './page-states.ts';

export interface Stage2Summary {
  readonly exact: boolean;
  /** Rows by name of evidence; only those that occur. */
  readonly rowsByEvidence: Readonly<Record<string, number>>;
  /**
   * Shares of page-time by the basis of the page's state. `observed`: the row that set it is an event; `inferred`: it
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
  const play = new CertaintyPlay(timeline, segments);
  for (let i = 0; i < timeline.n; i++) {
    if (timeline.kind[i] === ACCESS_CLEAR) continue;
    play.row(i, segments.from(timeline.page[i]), segments.from(timeline.page[i] + timeline.pages[i]));
  }
  const [byDefault, observed, inferred, lost] = play.finish();
  const total = byDefault + observed + inferred + lost;
  const share = (ns: number): number => (total ? ns / total : 0);
  return {
    exact: timeline.exact,
    rowsByEvidence,
    certainty: { observed: share(observed), inferred: share(inferred), unknown: share(byDefault + lost) },
    pageSeconds: total / 1e9,
  };
}

const ACCESS_CLEAR = code(stage2Kinds, 'access-clear');

/** The basis of a state, as a small number; 0: none yet. */
const BASIS: Readonly<Record<Certainty, number>> = { observed: 1, inferred: 2, unknown: 3 };

/** Segments in a group: rows over whole groups of one state, as losses and large unmaps make them, cost one step a group. */
const GROUP = 256;

class CertaintyPlay {
  readonly #timeline: Stage2Timeline;
  readonly #basisOf: readonly number[];
  readonly #segments: Play;
  readonly #groups: Play;
  /** 1 while all segments of a group are equal and only the group's entry counts. */
  readonly #alike: Uint8Array;
  readonly #time = [0, 0, 0, 0];

  constructor(timeline: Stage2Timeline, { pages }: Segments) {
    this.#timeline = timeline;
    this.#basisOf = certainties.map((certainty) => BASIS[certainty]);
    this.#segments = newPlay(pages);
    const groups = new Float64Array(Math.ceil(pages.length / GROUP));
    for (let s = 0; s < pages.length; s++) groups[Math.floor(s / GROUP)] += pages[s];
    this.#groups = newPlay(groups);
    this.#alike = new Uint8Array(groups.length).fill(1);
  }

  /** Row `i` over the segments [from, end). */
  row(i: number, from: number, end: number): void {
    const last = this.#segments.pages.length;
    for (let s = from; s < end;) {
      const g = Math.floor(s / GROUP);
      const groupEnd = Math.min((g + 1) * GROUP, last);
      const whole = s === g * GROUP && groupEnd <= end;
      if (whole && this.#alike[g]) this.#apply(i, this.#groups, g);
      else {
        if (this.#alike[g]) this.#spread(g, groupEnd);
        const to = Math.min(groupEnd, end);
        for (let k = s; k < to; k++) this.#apply(i, this.#segments, k);
        if (whole) this.#join(g, groupEnd, this.#timeline.t[i]);
      }
      s = groupEnd;
    }
  }

  /** Page-time by basis. */
  finish(): readonly number[] {
    const { span } = this.#timeline;
    for (let g = 0; g < this.#alike.length; g++) {
      if (this.#alike[g]) this.#settle(this.#groups, g, span);
      else {
        const end = Math.min((g + 1) * GROUP, this.#segments.pages.length);
        for (let s = g * GROUP; s < end; s++) this.#settle(this.#segments, s, span);
      }
    }
    return this.#time;
  }

  #apply(i: number, play: Play, k: number): void {
    const next = nextState(this.#timeline, i, play.state[k]);
    // Repeating a known state adds nothing; confirming a default does.
    if (next === play.state[k] && play.basis[k] !== 0) return;
    this.#settle(play, k, Math.max(0, this.#timeline.t[i]));
    play.state[k] = next;
    play.basis[k] = this.#basisOf[this.#timeline.evidence[i]];
  }

  #settle(play: Play, k: number, t: number): void {
    this.#time[play.basis[k]] += (t - play.since[k]) * play.pages[k];
    play.since[k] = t;
  }

  #spread(g: number, end: number): void {
    this.#alike[g] = 0;
    this.#segments.state.fill(this.#groups.state[g], g * GROUP, end);
    this.#segments.basis.fill(this.#groups.basis[g], g * GROUP, end);
    this.#segments.since.fill(this.#groups.since[g], g * GROUP, end);
  }

  #join(g: number, end: number, t: number): void {
    const { state, basis } = this.#segments;
    const first = g * GROUP;
    for (let s = first + 1; s < end; s++) if (state[s] !== state[first] || basis[s] !== basis[first]) return;
    for (let s = first; s < end; s++) this.#settle(this.#segments, s, Math.max(0, t));
    this.#alike[g] = 1;
    this.#groups.state[g] = state[first];
    this.#groups.basis[g] = basis[first];
    this.#groups.since[g] = Math.max(0, t);
  }
}

interface Play {
  readonly pages: Float64Array;
  readonly state: Uint8Array;
  /** One of `BASIS`, or 0. */
  readonly basis: Uint8Array;
  /** ns up to which its time was counted. */
  readonly since: Float64Array;
}

function newPlay(pages: Float64Array): Play {
  const n = pages.length;
  return {
    pages,
    state: new Uint8Array(n).fill(PageState.WRITABLE),
    basis: new Uint8Array(n),
    since: new Float64Array(n),
  };
}
