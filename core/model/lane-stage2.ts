/** Stage 2 under one lane's buffer while it is replayed: the timeline's events, effects of answers under way, pins and stalls. */
import { BufferPages, UNMAPPED_THROUGH, VALIDITY_CHANGED } from './buffer-pages.ts';
import type { LaneRecord } from './lane-record.ts';
import type { Latencies } from './latencies.ts';
import type { RunParams } from './params.ts';
import type { Policy } from './policy.ts';
import type { PreparedLane } from './prepare.ts';
import { PAGE_SHIFT, stallKinds } from './terms.ts';
import type { StallKind } from './terms.ts';

const stallCode = Object.fromEntries(stallKinds.map((k, i) => [k, i])) as Record<StallKind, number>;

/** What KVM does once the interrupt has forced the vCPU out. */
export type Effect =
  | { readonly does: 'map' | 'settle'; readonly slot: number }
  | { readonly does: 'repin'; readonly slot?: undefined };

/** What happens to the lane as a whole. */
export interface LaneOfRun {
  /** First session's start, ns. */
  readonly start: number;
  /** Nothing happens from here on: another lane has killed the VM. */
  readonly until: number;
  /** Lanes of the run: each counts against the memlock limit as if all held the same. */
  readonly lanes: number;
  /** Pages that `pin: vm` pins up front; 0 except on the first lane, which counts for all of them. */
  readonly upFrontPages: number;
  /** An unmap has hit these pages of the buffer at `t`, and their contents are lost. */
  readonly wiped: (t: number, slots: readonly number[], cause: number) => void;
}

export class LaneStage2 {
  readonly pages: BufferPages;
  readonly #lane: PreparedLane;
  readonly #policy: Policy;
  readonly #params: RunParams;
  readonly #latencies: Latencies;
  readonly #record: LaneRecord;
  readonly #run: LaneOfRun;
  readonly #wipes: boolean;
  readonly #trapsPerEnable: number;
  /** Next event. */
  #event = 0;
  /** Pages of the current row whose contents are lost. */
  #lostSlots: number[] = [];
  /** The pending answer: which, and when it takes effect. */
  effectAt = Infinity;
  #effect: Effect = { does: 'repin' };

  constructor(
    lane: PreparedLane,
    policy: Policy,
    params: RunParams,
    latencies: Latencies,
    record: LaneRecord,
    run: LaneOfRun,
  ) {
    this.#lane = lane;
    this.#policy = policy;
    this.#params = params;
    this.#latencies = latencies;
    this.#record = record;
    this.#run = run;
    const { events } = lane;
    const immune = policy.pin === 'no-stage-2' || policy.pin === 'private-buffer';
    this.pages = new BufferPages({
      unmapped: events.initialUnmapped,
      initial: params.initial,
      unpinnedBy: params.unpinnedBy === 'policy' ? policy.unpinnedBy : params.unpinnedBy,
      spuFlagUpdates: params.spuFlagUpdates,
      immune,
    });
    this.#wipes = loses(lane, policy, params);
    this.#trapsPerEnable = policy.trapsPerEnable ?? params.trapsPerEnable;
    // Without stage 2 none of this concerns the SPU; a lane with a private buffer only sees what its copies and records lose.
    if (policy.pin === 'no-stage-2' || (immune && !this.#wipes && !events.anyGone)) this.#event = events.n;
    if (policy.pin === 'vm') this.pages.pin(0, this.pages.pages, false);
    if (run.upFrontPages > 0) this.stall(run.start, run.upFrontPages * this.#pinNs(), 'pin');
  }

  /** The guest writes its whole buffer at `at`, before it first profiles. */
  touch(at: number): void {
    this.settle(at);
    this.pages.touchAll();
  }

  /**
   * Profiling is enabled: traps, and pins if the policy does so. Returns whether the memlock limit refused it.
   * @param restart after an injected event: then `vm` and `first-fault` pin, too
   * @param head, limit the pages [head, limit) that the SPU may write before its next service point
   */
  enable(at: number, restart: boolean, head: number, limit: number): boolean {
    this.settle(at);
    const { pin, cachePins } = this.#policy;
    if (this.#trapsPerEnable > 0) this.stall(at, this.#trapsPerEnable * this.#latencies.take('trapNs'), 'trap');
    if (pin === 'enable') return this.#pin(at, head, limit, cachePins, true);
    if (restart && (pin === 'vm' || pin === 'first-fault')) this.#pin(at, 0, this.pages.pages, cachePins, false);
    return false;
  }

  /** An answer takes effect at `at`. */
  answerAt(at: number, effect: Effect): void {
    this.effectAt = at;
    this.#effect = effect;
  }

  /** Events and the pending answer's effect, in time order, up to and including `now`. */
  settle(now: number): void {
    const { events } = this.#lane;
    for (;;) {
      const before = Math.min(now, this.effectAt);
      while (this.#event < events.n && events.t[this.#event] <= before) this.#apply(this.#event++);
      if (this.effectAt > now) return;
      this.#takeEffect();
    }
  }

  /** Everything that comes before a sample. */
  settleBefore(sample: number): void {
    if (this.effectAt < Infinity) {
      this.settle(this.#lane.lane.t[sample]);
      return;
    }
    const { events } = this.#lane;
    while (this.#event < events.n && events.sample[this.#event] <= sample) this.#apply(this.#event++);
  }

  /**
   * Applies events that come before sample `last` is written, until one changes one of the `pages` from page `first` on, wrapping around,
   * or loses a page's contents, or an answer's effect is due; returns the first sample after that one, Infinity if there is none.
   */
  changeOnTheWay(last: number, first: number, pages: number): number {
    const { events, lane, times } = this.#lane;
    // By samples, not by times: looking up the time of a sample far ahead costs more than the rest of the step.
    while (this.#event < events.n && events.sample[this.#event] <= last && events.t[this.#event] <= this.effectAt) {
      const e = this.#event;
      // What it loses depends on the records before it: they are written first.
      if (this.#wipes && events.loses[e] && !this.pages.withstands(events.slot[e], events.way[e])) {
        return events.sample[e];
      }
      this.#event++;
      if (!(this.#apply(e) & VALIDITY_CHANGED)) continue;
      const ahead = events.slot[e] - first;
      if ((ahead < 0 ? ahead + lane.pages.length : ahead) < pages) return events.sample[e];
    }
    if (this.effectAt === Infinity || this.effectAt > lane.t[last]) return Infinity;
    return times.firstAtLeast(this.effectAt, 0, last);
  }

  /** The vCPU is stopped while the host works. */
  stall(at: number, ns: number, kind: StallKind): void {
    if (at < this.#run.until) this.#record.stall(at, ns, stallCode[kind]);
  }

  #apply(e: number): number {
    const { events } = this.#lane;
    const did = this.pages.apply(events.op[e], events.slot[e], events.cause[e], events.way[e], events.contents[e]);
    if (!this.#wipes) return did;
    if (did & UNMAPPED_THROUGH && events.loses[e]) this.#lostSlots.push(events.slot[e]);
    if (events.rowEnds[e] && this.#lostSlots.length) {
      this.#run.wiped(events.t[e], this.#lostSlots, events.cause[e]);
      this.#lostSlots = [];
    }
    return did;
  }

  #takeEffect(): void {
    const at = this.effectAt;
    const { does, slot } = this.#effect;
    this.effectAt = Infinity;
    if (does === 'repin') {
      this.#pin(at, 0, this.pages.pages, false, false);
      return;
    }
    this.pages.map(slot);
    if (does === 'settle') this.stall(at, this.#latencies.take('exitNs'), 'exit');
    else this.stall(at, this.#latencies.take('walkNsPerPage') + this.#latencies.take('mapNs'), 'map');
  }

  #pinNs(): number {
    return this.#latencies.take('walkNsPerPage') + this.#latencies.take('pinNsPerPage');
  }

  /** Rule 8; `counted`: against the memlock limit (rule 10). Returns whether that refused it. */
  #pin(at: number, first: number, end: number, cached: boolean, counted: boolean): boolean {
    const plan = this.pages.planPin(first, end, cached);
    const { rlimitBytes } = this.#params;
    if (counted && plan.pins > 0 && rlimitBytes !== 'none' && plan.held * PAGE * this.#run.lanes > rlimitBytes) {
      this.stall(at, this.#latencies.take('exitNs'), 'exit');
      this.#record.refused++;
      return true;
    }
    if (plan.pins > 0) this.stall(at, plan.pins * this.#pinNs(), 'pin');
    if (plan.releases > 0) this.stall(at, plan.releases * this.#latencies.take('unpinNsPerPage'), 'unpin');
    this.pages.pin(first, end, cached);
    this.#record.holds(at, this.pages.held);
    return false;
  }
}

const PAGE = 2 ** PAGE_SHIFT;

/** Whether an unmap of the lane's timeline can lose records under the policy. */
export function loses({ events }: PreparedLane, { pin }: Policy, { contentsKept }: RunParams): boolean {
  return pin !== 'no-stage-2' && !contentsKept && events.anyLost;
}
