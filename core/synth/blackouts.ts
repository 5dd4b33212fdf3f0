/**
 * The blackouts that follow by construction: one record after the other through the buffer, in the few lines that 64-byte
 * records, one session a lane, fixed latencies and a certain DL leave of the model. Nothing here is shared with the
 * replay of core/model, which is measured against it.
 */
import { NONE } from '../model/outcome.ts';
import { causeClasses, stage2Kinds } from '../model/terms.ts';
import type { CauseClass } from '../model/terms.ts';
import type { Stage2Timeline } from '../model/timeline.ts';
import { PAGE } from './guest-memory.ts';
import { RECORD_BYTES } from './samples.ts';

/** The run's parameters that the truth holds for; all others at their defaults. Buffers lie where the VM description says. */
export const truthParams = {
  irqNs: 1000,
  injectNs: 2000,
  guestHandlerNs: 5000,
  reenableNs: 1_000_000,
  fullExtraNs: 3000,
  align: 'absolute',
  placement: 'explicit',
  latency: 'median',
  calibrate: false,
  dlProbability: 1,
  dlDiscard: 'record',
} as const;

/** Policies simple enough: what is pinned, and whether a fault maps its page or kills the session. */
const policies = {
  'map-on-fault': { pinsFirst: false, pinsAtEnable: false, kills: false },
  'impdef-event': { pinsFirst: true, pinsAtEnable: false, kills: true },
  'pin-at-enable': { pinsFirst: false, pinsAtEnable: true, kills: true },
} as const;
export type TruthPolicy = keyof typeof policies;
export const truthPolicies = Object.keys(policies) as TruthPolicy[];

export interface TrueWindow {
  readonly lane: number;
  /** perf ns. */
  readonly start: number;
  end: number;
  readonly kind: 'irq-latency' | 'session-killed' | 'buffer-full';
  readonly cause: CauseClass | null;
  readonly ipa: string | null;
  lost: number;
}

export class LaneBlackouts {
  readonly windows: TrueWindow[] = [];
  kept = 0;
  readonly #lane: number;
  readonly #first: number;
  readonly #pages: number;
  readonly #rule: (typeof policies)[TruthPolicy];
  readonly #rows: Stage2Timeline;
  readonly #origin: number;
  /** Rows that touch the buffer. */
  readonly #own: readonly number[];
  #next = 0;
  /** By page of the buffer. */
  readonly #mapped: Uint8Array;
  readonly #writable: Uint8Array;
  readonly #pinned: Uint8Array;
  /** Class of the page's next fault. */
  readonly #cause: CauseClass[];
  #at = 0;
  /** The answer's effect: when, and on which page; -1 for all. */
  #effectAt = Infinity;
  #effectPage = -1;
  #darkUntil = -1;
  #fullUntil = -1;

  /** @param first IPA page where the lane's buffer begins @param timeline times in perf ns from its origin */
  constructor(lane: number, first: number, pages: number, timeline: Stage2Timeline, policy: TruthPolicy) {
    this.#lane = lane;
    this.#first = first;
    this.#pages = pages;
    this.#rule = policies[policy];
    this.#rows = timeline;
    this.#origin = Number(timeline.origin);
    const own: number[] = [];
    for (let i = 0; i < timeline.n; i++) {
      if (timeline.page[i] < first + pages && timeline.page[i] + timeline.pages[i] > first) own.push(i);
    }
    this.#own = own;
    this.#mapped = new Uint8Array(pages);
    this.#writable = new Uint8Array(pages).fill(1);
    this.#pinned = new Uint8Array(pages);
    this.#cause = new Array<CauseClass>(pages).fill('first-touch');
  }

  /** A record at `t`, perf ns; ascending. */
  sample(t: number): void {
    if (this.kept === 0 && this.windows.length === 0 && this.#rule.pinsAtEnable) {
      this.#changes(t);
      this.#pin();
    }
    this.#changes(t);
    if (t < this.#darkUntil || t <= this.#fullUntil) {
      this.windows[this.windows.length - 1].lost++;
      return;
    }
    const page = Math.floor(this.#at / PAGE);
    if (!this.#mapped[page] || !this.#writable[page]) return this.#fault(t, page);
    this.kept++;
    this.#at += RECORD_BYTES;
    const bytes = this.#pages * PAGE;
    if (this.#at % Math.ceil(bytes / 2) === 0 || this.#at === bytes) {
      this.#fullUntil = t + truthParams.fullExtraNs;
      this.#open(t, this.#fullUntil, 'buffer-full', -1, 0);
    }
    this.#at %= bytes;
  }

  /** The lane's last record was at `t`: windows end there, and those without length or loss are none. */
  finish(t: number): void {
    for (const window of this.windows) window.end = Math.min(window.end, t);
    const empty = this.windows.findIndex((w) => w.end === w.start && w.lost === 0);
    if (empty >= 0) this.windows.splice(empty, 1);
  }

  #fault(t: number, page: number): void {
    const { irqNs, injectNs, guestHandlerNs, reenableNs } = truthParams;
    const isFirst = this.#cause[page] === 'first-touch';
    const kills = this.#rule.kills && !(this.#rule.pinsFirst && isFirst);
    this.#effectAt = this.#darkUntil = t + irqNs + (kills ? injectNs + guestHandlerNs + reenableNs : 0);
    this.#effectPage = this.#rule.kills ? -1 : page;
    this.#open(t, this.#darkUntil, kills ? 'session-killed' : 'irq-latency', page, 1);
  }

  #open(start: number, end: number, kind: TrueWindow['kind'], page: number, lost: number): void {
    const cause = page < 0 ? null : this.#cause[page];
    const ipa = page < 0 ? null : `0x${((this.#first + page) * PAGE).toString(16)}`;
    this.windows.push({ lane: this.#lane, start, end, kind, cause, ipa, lost });
  }

  /** What the host did, and answers' effects, up to `t`; at one moment the host comes first. */
  #changes(t: number): void {
    for (;;) {
      const row = this.#own[this.#next];
      const rowAt = row === undefined ? Infinity : this.#origin + this.#rows.t[row];
      if (Math.min(rowAt, this.#effectAt) > t) return;
      if (rowAt <= this.#effectAt) {
        this.#row(row);
        this.#next++;
      } else {
        if (this.#effectPage >= 0) this.#validate(this.#effectPage);
        else this.#pin();
        this.#effectAt = Infinity;
      }
    }
  }

  #validate(page: number): void {
    this.#mapped[page] = this.#writable[page] = 1;
    // What comes after is known by the row that does it.
    if (this.#cause[page] === 'first-touch') this.#cause[page] = 'kvm';
  }

  #pin(): void {
    for (let page = 0; page < this.#pages; page++) this.#validate(page);
    this.#pinned.fill(1);
  }

  #row(row: number): void {
    const { kind, cause, page, pages, writable } = this.#rows;
    const from = Math.max(0, page[row] - this.#first);
    const to = Math.min(this.#pages, page[row] + pages[row] - this.#first);
    const what = stage2Kinds[kind[row]];
    const why: CauseClass | undefined = cause[row] === NONE ? undefined : causeClasses[cause[row]];
    for (let p = from; p < to; p++) {
      if (what === 'map' && writable[row]) {
        this.#validate(p);
        continue;
      }
      // The notifier filter keeps all but userspace's own unmaps from a pinned page.
      if (this.#pinned[p] && (why === 'host-mm' || why === 'dirty-log')) continue;
      switch (what) {
        case 'map':
          this.#mapped[p] = 1;
          this.#writable[p] = 0;
          this.#cause[p] = why!;
          this.#pinned[p] = 0;
          break;
        case 'unmap':
          if (this.#mapped[p] || this.#cause[p] !== 'first-touch') this.#cause[p] = why!;
          this.#mapped[p] = this.#pinned[p] = 0;
          break;
        case 'write-protect':
          if (!this.#mapped[p]) break;
          this.#writable[p] = this.#pinned[p] = 0;
          this.#cause[p] = why!;
          break;
      }
    }
  }
}
