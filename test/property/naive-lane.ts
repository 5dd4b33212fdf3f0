/** One lane of the naive simulator: its state, its times and random numbers, its blackouts (rules 16 and 30 of docs/design/replay-rules.md). */
import type { Lane } from '../../core/model/outcome.ts';
import type { RunParams } from '../../core/model/params.ts';
import type { Policy, TimeName } from '../../core/model/policy.ts';
import type { Random } from '../../core/model/random.ts';
import type { Answer, CauseClass, StallKind, WindowKind } from '../../core/model/terms.ts';
import type { Hit } from './naive-coverage.ts';
import { NaivePage } from './naive-pages.ts';
import { NaiveSession } from './naive-windows.ts';
import type { NaiveSample, NaiveWindow } from './naive-windows.ts';

export const PAGE = 4096;

export type NaiveDistributions = Readonly<Partial<Record<TimeName, readonly number[]>>>;

/** What the lanes of a run share. */
export interface NaiveShared {
  readonly policy: Policy;
  readonly params: RunParams;
  readonly distributions: NaiveDistributions;
  readonly lanes: number;
  readonly runEnd: number;
  readonly hit: Hit;
}

export interface NaiveFault {
  readonly cause: CauseClass | null;
  readonly page: number | null;
  readonly action: Answer | null;
}

export interface Blackout extends NaiveFault {
  readonly kind: WindowKind;
  readonly start: number;
  readonly end: number;
  /** Whether it holds the sample at t, if none that was opened before does. */
  readonly holds: (t: number) => boolean;
  window?: NaiveWindow;
}

export const nothing: NaiveFault = { cause: null, page: null, action: null };

export class NaiveLaneState {
  readonly number: number;
  readonly run: NaiveShared;
  readonly pages: NaivePage[];
  readonly samples: NaiveSample[];
  readonly sessions: NaiveSession[];
  readonly bound: Lane['mode'];
  readonly random: Random;
  readonly stalls: { t: number; ns: number; kind: StallKind }[] = [];
  readonly faults: CauseClass[] = [];
  refused = 0;
  /** The VM's death that this lane brings about. */
  death?: NaiveFault & { readonly at: number };

  blackouts: Blackout[] = [];
  /** Blackouts of rules 13 and 14 that open when this moment has passed. */
  protected opening: { readonly kind: WindowKind; readonly ns: number }[] = [];
  effects: { readonly t: number; readonly bring: () => void }[] = [];
  /** The lane is stopped, up to that enable; Infinity: for good. */
  stopped?: { readonly at: number; readonly restart: boolean };
  protected started = false;
  protected ptr = 0;
  protected written = 0;
  protected fill = 0;
  /** Index of the first sample after the last service point. */
  protected since = 0;
  protected debt: NaiveFault & { left: number } = { ...nothing, left: 0 };

  constructor(run: NaiveShared, lane: Lane, random: Random) {
    this.run = run;
    this.number = lane.lane;
    this.bound = lane.mode;
    this.random = random;
    this.pages = [...lane.pages].map((p) => new NaivePage(p));
    this.sessions = [];
    for (let i = 0; i < lane.sessions.length; i += 2) {
      this.sessions.push(new NaiveSession(lane.sessions[i], lane.sessions[i + 1]));
    }
    this.samples = [...lane.t].map((t, index) => ({
      ...{ is: 'sample', t, size: lane.size[index], index, fate: 'outside', window: undefined },
      session: this.sessions.find((s) => s.start <= t && t <= s.end),
      ...{ from: 0, ptr: 0, landed: false, readAt: Infinity },
    }));
  }

  // Times and random numbers: rule 30.

  time(name: TimeName): number {
    const { policy, params, distributions } = this.run;
    const own = policy.times?.[name];
    if (own !== undefined) {
      this.run.hit(30, "policy's own figure");
      return own;
    }
    const measured = distributions[name];
    if (name === 'readNs' || params.latency !== 'sampled' || !measured?.length) return params[name];
    this.run.hit(30, 'latency drawn');
    return measured[this.random.below(measured.length)];
  }

  protected hardwareDl(): 0 | 1 {
    const p = this.run.params.dlProbability;
    if (p === 0 || p === 1) return p;
    this.run.hit(30, 'DL drawn');
    return this.random.uniform() < p ? 1 : 0;
  }

  stall(kind: StallKind, t: number, ns: number): void {
    const whole = Math.floor(ns + 0.5);
    if (whole !== ns) this.run.hit(28, 'rounded');
    if (!whole) this.run.hit(28, 'left out at 0');
    else this.stalls.push({ t, ns: whole, kind });
  }

  get bytes(): number {
    return this.pages.length * PAGE;
  }

  get held(): NaivePage[] {
    return this.pages.filter((p) => p.held);
  }

  protected get isPrivate(): boolean {
    return this.run.policy.pin === 'private-buffer';
  }

  /** Rule 9: the next service point. */
  protected get limit(): number {
    const { watermarkBytes } = this.run.params;
    const step = watermarkBytes === 'auto' ? this.bytes / 2 : watermarkBytes;
    return Math.min((Math.floor(this.ptr / step) + 1) * step, this.bytes);
  }

  /** The pages that [ptr, ptr + size) touches, in that order; `size` may stop short of the record's. */
  protected pagesOf({ ptr, size }: { ptr: number; size: number }): NaivePage[] {
    const pages: NaivePage[] = [];
    for (let at = ptr - (ptr % PAGE); at < ptr + size; at += PAGE) {
      if (at >= this.bytes) this.run.hit(12, "around the buffer's end");
      if (size) pages.push(this.pages[(at / PAGE) % this.pages.length]);
    }
    return pages;
  }

  bringEffects(t: number): void {
    const due = this.effects.filter((e) => e.t <= t);
    this.effects = this.effects.filter((e) => e.t > t);
    for (const effect of due) effect.bring();
  }

  // Blackouts: rules 13, 14, 16.

  protected open(now: number, blackout: Blackout): void {
    this.blackouts.push(blackout);
    const session = this.sessions.find((s) => s.start <= now && blackout.start <= s.end);
    if (session && session.end >= now) blackout.window = session.open(blackout);
  }

  protected openLate(t: number): void {
    for (const kind of ['copy-out', 'buffer-full'] as const) {
      const all = this.opening.filter((o) => o.kind === kind);
      if (!all.length) continue;
      if (all.length > 1) this.run.hit(16, 'several at one t');
      const start = Math.max(t, ...this.blackouts.map((b) => b.end));
      const end = t + Math.max(...all.map((o) => o.ns));
      if (start <= end) {
        if (start > t) this.run.hit(16, 'after another blackout');
        this.open(t, { ...nothing, kind, start, end, holds: (x) => t < x && x <= end });
      } else this.run.hit(16, 'hidden by another blackout');
    }
    this.opening = [];
  }
}
