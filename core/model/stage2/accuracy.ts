/** Measures a reconstructed timeline against the kernel's own page-table calls. */
import { code, stage2Kinds } from '../terms.ts';
import type { Stage2Timeline } from '../timeline.ts';
import type { Clock } from './guest-clock.ts';
import { EVERYTHING, nextState, PageState, Segments } from './page-states.ts';
import type { PageRange } from './page-states.ts';

/**
 * Page-time is pages × ns (of the clock asked for), over the pages asked for, from the trace's first event to its last, or to the moment
 * the kernel destroyed the tables. Shares are of the page-time in which the timeline claims to know the state (see `unknown`).
 */
export interface Accuracy {
  /** Page-time measured, page·s. */
  readonly pageSeconds: number;
  /** Share in which both agree on whether a write is answered without a fault (mapped and writable). This is what a replay uses. */
  readonly valid: number;
  /** Share in which both agree on whether the page is mapped at all. */
  readonly mapped: number;
  /** Share of all page-time that the timeline calls unknown (lost events). */
  readonly unknown: number;
  /** `valid` over all page-time, with unknown pages taken to be in their last state. */
  readonly validGuessed: number;
  /** Times a page stayed in a state (unmapped, read-only, writable) by the kernel's calls. */
  readonly stays: number;
  /** Of these, how many the timeline never agreed with, at any moment: missed changes. */
  readonly missed: number;
  /** Stays by the timeline that the calls never agreed with: false changes. */
  readonly false: number;
}

const UNMAP = code(stage2Kinds, 'unmap');

/**
 * `truth` is an exact timeline (`exactTimelines` of `parseTableCalls`) recorded since before the VM ran: pages that it never
 * mapped were unmapped. Both timelines' times are put on one clock by their origins.
 * @param clock measures page-time, given ns of `timeline`; without it they count as they are
 */
export function measureAccuracy(
  timeline: Stage2Timeline,
  truth: Stage2Timeline,
  ranges: readonly PageRange[],
  clock: Clock = (t) => t,
): Accuracy {
  const shift = Number(truth.origin - timeline.origin);
  let until = timeline.span;
  // Tables destroyed: a row that covers every page.
  for (let i = 0; i < truth.n; i++)
    if (truth.pages[i] === EVERYTHING && truth.kind[i] === UNMAP) until = Math.min(until, truth.t[i] + shift);

  const segments = new Segments(ranges, [timeline, truth]);
  const claimed = new Track(segments, PageState.WRITABLE);
  const actual = new Track(segments, PageState.UNMAPPED);
  const guessed = new Uint8Array(segments.start.length).fill(PageState.WRITABLE);
  const time = new Float64Array(16);
  const guessedTime = new Float64Array(16);
  const since = new Float64Array(segments.start.length).fill(clock(0));

  const settle = (s: number, t: number): void => {
    const now = clock(t);
    const ns = now - since[s];
    if (ns <= 0) return;
    since[s] = now;
    time[claimed.state[s] * 4 + actual.state[s]] += ns * segments.pages[s];
    if (claimed.state[s] !== PageState.UNKNOWN) guessed[s] = claimed.state[s];
    guessedTime[guessed[s] * 4 + actual.state[s]] += ns * segments.pages[s];
    if (claimed.state[s] === actual.state[s]) claimed.met[s] = actual.met[s] = 1;
    claimed.lasted[s] = actual.lasted[s] = 1;
  };
  const play = (from: Stage2Timeline, i: number, track: Track, t: number): void => {
    const end = segments.from(from.page[i] + from.pages[i]);
    for (let s = segments.from(from.page[i]); s < end; s++) {
      const state = nextState(from, i, track.state[s]);
      if (state === track.state[s]) continue;
      settle(s, t);
      track.change(s, state);
    }
  };
  for (let i = 0, k = 0; ;) {
    const claimAt = i < timeline.n ? timeline.t[i] : Infinity;
    const actualAt = k < truth.n ? truth.t[k] + shift : Infinity;
    const t = Math.min(claimAt, actualAt);
    if (t >= until) break;
    if (claimAt <= actualAt) play(timeline, i++, claimed, Math.max(0, t));
    else play(truth, k++, actual, Math.max(0, t));
  }
  for (let s = 0; s < since.length; s++) {
    settle(s, until);
    claimed.change(s, -1);
    actual.change(s, -1);
  }
  return { ...shares(time, claimed, actual), validGuessed: shares(guessedTime, claimed, actual).valid };
}

function shares(time: Float64Array, claimed: Track, actual: Track): Omit<Accuracy, 'validGuessed'> {
  let known = 0;
  let unknown = 0;
  let valid = 0;
  let mapped = 0;
  for (let c = 0; c < 4; c++) {
    for (let a = 0; a < 3; a++) {
      const ns = time[c * 4 + a];
      if (c === PageState.UNKNOWN) {
        unknown += ns;
        continue;
      }
      known += ns;
      if ((c === PageState.WRITABLE) === (a === PageState.WRITABLE)) valid += ns;
      if ((c === PageState.UNMAPPED) === (a === PageState.UNMAPPED)) mapped += ns;
    }
  }
  return {
    pageSeconds: (known + unknown) / 1e9,
    valid: known ? valid / known : 1,
    mapped: known ? mapped / known : 1,
    unknown: known + unknown ? unknown / (known + unknown) : 0,
    stays: actual.stays,
    missed: actual.unmet,
    false: claimed.unmet,
  };
}

/** One timeline's current state per segment. */
class Track {
  readonly state: Uint8Array;
  /** 1 once the other timeline agreed during the current stay. */
  readonly met: Uint8Array;
  /** 1 once the current stay lasted for any time. */
  readonly lasted: Uint8Array;
  stays = 0;
  unmet = 0;
  readonly #pages: Float64Array;

  constructor(segments: Segments, initial: number) {
    this.state = new Uint8Array(segments.start.length).fill(initial);
    this.met = new Uint8Array(segments.start.length);
    this.lasted = new Uint8Array(segments.start.length);
    this.#pages = segments.pages;
  }

  change(s: number, state: number): void {
    if (this.lasted[s] && this.state[s] !== PageState.UNKNOWN) {
      this.stays += this.#pages[s];
      if (!this.met[s]) this.unmet += this.#pages[s];
    }
    this.state[s] = state;
    this.met[s] = this.lasted[s] = 0;
  }
}
