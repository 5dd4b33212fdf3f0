/** Stage 2 under one lane's buffer while it is replayed: the timeline's events, effects of answers under way, pins and stalls. */
import { BufferPages } from './buffer-pages.ts';
import type { LaneRecord } from './lane-record.ts';
import type { Latencies } from './latencies.ts';
import type { RunParams } from './params.ts';
import type { Policy } from './policy.ts';
import type { PreparedLane } from './prepare.ts';
import { stallKinds } from './terms.ts';
import type { StallKind } from './terms.ts';

const stallCode = Object.fromEntries(stallKinds.map((k, i) => [k, i])) as Record<StallKind, number>;

export class LaneStage2 {
  readonly pages: BufferPages;
  readonly #lane: PreparedLane;
  readonly #policy: Policy;
  readonly #latencies: Latencies;
  readonly #record: LaneRecord;
  /** No stall from here on: the VM is dead by another lane. */
  readonly #until: number;
  /** Next event. */
  #event = 0;
  #pinned = false;
  get pinned(): boolean {
    return this.#pinned;
  }
  /** The answer under way: when its effect comes, and the page to map (-1: pin the whole buffer). */
  effectAt = Infinity;
  #effectSlot = -1;

  /** @param start of the run, ns @param until see above */
  constructor(
    lane: PreparedLane,
    policy: Policy,
    params: RunParams,
    latencies: Latencies,
    record: LaneRecord,
    start: number,
    until: number,
  ) {
    this.#lane = lane;
    this.#policy = policy;
    this.#latencies = latencies;
    this.#record = record;
    this.#until = until;
    const unpinnedBy = params.unpinnedBy === 'policy' ? policy.unpinnedBy : params.unpinnedBy;
    const filter = !unpinnedBy.includes('clear');
    this.pages = new BufferPages(lane.events.initialUnmapped, params.initial, filter, params.spuFlagUpdates);
    if (policy.pin === 'vm') this.#holdPins(start);
    else if (policy.pin === 'no-stage-2' || policy.pin === 'private-buffer') {
      // Nothing of the guest's is written through stage 2: its events don't concern the SPU.
      this.pages.pinAll();
      this.#event = lane.events.n;
    }
  }

  /** Profiling is enabled, at a session's start or at a restart: pins if the policy does so. */
  enable(at: number, restart: boolean): void {
    this.settle(at);
    const { pin, cachePins } = this.#policy;
    const pins = pin === 'enable' || (restart && (pin === 'vm' || pin === 'first-fault'));
    if (!pins || (cachePins && this.#pinned && !this.pages.pinBroken)) return;
    this.#pin(at, this.#latencies.take('trapNs'));
  }

  /** KVM will map a page, or with -1 pin the buffer. */
  answerAt(at: number, slot: number): void {
    this.effectAt = at;
    this.#effectSlot = slot;
  }

  /** Events and the effect of the answer under way, in time order, up to and including `now`. */
  settle(now: number): void {
    const { events } = this.#lane;
    for (;;) {
      const before = Math.min(now, this.effectAt);
      let e = this.#event;
      for (; e < events.n && events.t[e] <= before; e++)
        this.pages.apply(events.op[e], events.slot[e], events.cause[e]);
      this.#event = e;
      if (this.effectAt > now) return;
      this.#effect();
    }
  }

  /**
   * Applies events up to and including `end`, until one changes one of the `pages` from page `first` on, around the buffer's
   * end, or an answer's effect is due; returns that one's time, Infinity if there is none.
   */
  changeOnTheWay(end: number, first: number, pages: number): number {
    const { events, lane } = this.#lane;
    const before = Math.min(end, this.effectAt);
    while (this.#event < events.n && events.t[this.#event] <= before) {
      const e = this.#event++;
      if (!this.pages.apply(events.op[e], events.slot[e], events.cause[e])) continue;
      const ahead = events.slot[e] - first;
      if ((ahead < 0 ? ahead + lane.pages.length : ahead) < pages) return events.t[e];
    }
    return this.effectAt <= end ? this.effectAt : Infinity;
  }

  /** The vCPU stands still while the host works. */
  stall(at: number, ns: number, kind: StallKind): void {
    if (at < this.#until) this.#record.stall(at, ns, stallCode[kind]);
  }

  #effect(): void {
    const at = this.effectAt;
    this.effectAt = Infinity;
    if (this.#effectSlot < 0) {
      this.#pin(at, 0);
    } else {
      this.pages.map(this.#effectSlot);
      this.stall(at, this.#latencies.take('walkNsPerPage') + this.#latencies.take('mapNs'), 'map');
    }
  }

  /** The whole buffer is pinned; what was pinned before is released first. `trapNs`: what led KVM to it. */
  #pin(at: number, trapNs: number): void {
    const pages = this.#lane.lane.pages.length;
    const perPage = this.#latencies.take('walkNsPerPage') + this.#latencies.take('pinNsPerPage');
    if (this.#pinned) this.stall(at, pages * this.#latencies.take('unpinNsPerPage'), 'unpin');
    this.stall(at, trapNs + pages * perPage, 'pin');
    this.#holdPins(at);
  }

  #holdPins(at: number): void {
    this.pages.pinAll();
    this.#pinned = true;
    this.#record.pinnedFrom = Math.min(this.#record.pinnedFrom, at);
  }
}
