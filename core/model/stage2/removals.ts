/** Memslots removed by an ioctl: KVM has no event for it, only the guest's later faults show it. */
import type { BlockRules } from './block-rules.ts';
import type { Contents } from './contents.ts';
import type { PendingFault } from './faults.ts';
import type { FirstFaults } from './first-faults.ts';
import { FAR, SOON } from './dirty-log.ts';
import { LONGEST_RUN, ranSince } from './guest-time.ts';
import type { GuestTime } from './guest-time.ts';
import { PageState, runsOf } from './page-states.ts';
import type { Pages } from './pages.ts';
import type { Rows } from './rows.ts';
import type { Removal, Slot, SlotCall, Slots } from './slots.ts';

/**
 * The k-th shortest of n waits is the guest's habit if k / n is at least this: of a longer one the k others say with that probability that it
 * should have been no longer (seven others at least).
 */
const USUALLY = 7 / 8;

export class Removals {
  readonly #pages: Pages;
  readonly #rows: Rows;
  readonly #firstFaults: FirstFaults;
  readonly #blocks: BlockRules;
  readonly #contents: Contents;
  readonly #slots: Slots;
  readonly #guest: GuestTime;
  readonly #all: Removal[] = [];
  /** What last removed each slot, and the row that says so. */
  readonly #taken = new Map<Slot, { readonly call: SlotCall; readonly row: number }>();

  constructor(
    pages: Pages,
    rows: Rows,
    firstFaults: FirstFaults,
    blocks: BlockRules,
    contents: Contents,
    slots: Slots,
    guest: GuestTime,
  ) {
    this.#pages = pages;
    this.#rows = rows;
    this.#firstFaults = firstFaults;
    this.#blocks = blocks;
    this.#contents = contents;
    this.#slots = slots;
    this.#guest = guest;
  }

  /** A fault shows that a memslot call took the slot's pages. */
  shown(slot: Slot, call: SlotCall, fault: PendingFault): void {
    const pages = this.#pages;
    const region = pages.findRegion(fault.page);
    const hadPages = region >= 0 && pages.live[region] > 0;
    const removal = call.removed.get(slot) ?? this.begin(slot, call, 'memslot-ioctl');
    if (removal.latest < fault.at) return;
    // Unmapping a whole slot frees its tables: a level 3 fault still found one, so the unmap was yet to come.
    if (!fault.slotMayBeGone && fault.level === 3 && (hadPages || this.#lostPages(region, removal))) {
      removal.announced = true;
      removal.earliest = Math.max(removal.earliest, fault.at);
    } else {
      // That the guest ran until then says nothing about when: it needn't have touched the slot.
      removal.latest = Math.min(removal.latest, fault.at);
      this.#touched(removal);
    }
    this.#settle(slot, removal, call);
  }

  /** The call is known to take the slot. */
  begin(slot: Slot, call: SlotCall, evidence: 'memslot-ioctl' | 'memslot-call'): Removal {
    const earliest = Math.max(call.t, slot.presentAt);
    const row = this.#rows.add('unmap', earliest, slot.page, slot.pages, evidence, 'userspace');
    const mapped: number[] = [];
    this.#pages.eachLive(slot.page, slot.end, (i) => {
      if (this.#pages.isMapped(i)) mapped.push(this.#pages.page[i]);
    });
    const pages = mapped.sort((a, b) => a - b);
    const removal: Removal = { row, call, earliest, latest: call.end, pages, announced: false };
    this.#all.push(removal);
    call.removed.set(slot, removal);
    this.#taken.set(slot, { call, row });
    this.#contents.slotTaken(row, slot, evidence === 'memslot-call' ? 'measured' : 'assumed');
    slot.present = false;
    this.#settle(slot, removal, call);
    return removal;
  }

  /** When a slot that a fault at `at` found present was given back: in a later call than the one that took it, if there was one. */
  backAt(slot: Slot, at: number): number {
    const taken = this.#taken.get(slot);
    if (!taken) return at;
    const back = this.#slots.setting(slot, taken.call.t, at).find((call) => call !== taken.call);
    return Math.max(this.#rows.t[taken.row], back ? back.t : at);
  }

  /** A fault on RAM while a call is taking the slot away: the call hasn't reached it yet. */
  notYet(slot: Slot, call: SlotCall | undefined, at: number): void {
    const removal = call?.removed.get(slot);
    if (!call || !removal || removal.announced || at <= removal.earliest || at >= removal.latest) return;
    removal.earliest = at;
    this.#settle(slot, removal, call);
  }

  /**
   * If the removal lies between two distant moments, the state between them is unknown. But the more of its pages there are, the sooner the
   * guest touches one: where it ran for longer than other removals took it at most, up to when they began, the pages were still there.
   */
  finish(): void {
    const waits = this.#all.flatMap(({ touched }) => (touched && touched.wait > 0 ? [touched.wait] : []));
    const usual = waits.sort((a, b) => a - b)[Math.ceil(USUALLY * waits.length) - 1];
    for (const { row, call, earliest: first, latest, pages, touched } of this.#all) {
      if (!Number.isFinite(latest) || latest - first < FAR) continue;
      const runs = touched && touched.wait > usual ? touched.runs : undefined;
      const earliest = runs ? ranSince(runs, usual / pages.length, first) : first;
      // Bounded by the call's end alone: before that the call waits for a second grace period, hardly ever for less than for what was left
      // of the first one (63 of 71 such removals in the captures with a reference lie in the first half, the others soon after it).
      const until = latest === call.end ? (earliest + latest) / 2 : latest;
      for (const [start, end] of runsOf(pages, this.#pages.unit)) {
        this.#rows.add('unknown', earliest, start, end - start, 'memslot-ioctl');
      }
      this.#rows.t[row] = until;
    }
  }

  /** A fault showed the removal by one of its pages. */
  #touched(removal: Removal): void {
    const { earliest, latest, pages } = removal;
    removal.touched = {
      wait: this.#guest.within(earliest, latest) * pages.length,
      runs: latest - earliest < FAR ? undefined : this.#guest.runs(earliest, latest, LONGEST_RUN),
    };
  }

  /** Whether the removal, as dated so far, took pages of this region. */
  #lostPages(region: number, removal: Removal): boolean {
    const pages = this.#pages;
    for (let i = region < 0 ? -1 : pages.head[region]; i >= 0; i = pages.next[i]) {
      if (pages.state[i] === PageState.UNMAPPED && pages.since[i] === this.#rows.t[removal.row]) return true;
    }
    return false;
  }

  /**
   * Dates a removal between the moments that it lies between. The call makes the slot invalid, waits for a grace period,
   * unmaps, and waits for another (kvm_invalidate_memslot, kvm_swap_active_memslots). Until a fault has shown the pages gone, the rest of
   * the call is the second wait and the return: a third, or, if the slot was invalid as soon as that, the usual length of the first wait.
   * Otherwise the middle errs least.
   */
  #settle(slot: Slot, removal: Removal, call: SlotCall): void {
    const { earliest, latest, row, announced } = removal;
    const waits = announced || latest === call.end;
    const span = Number.isFinite(latest) ? Math.max(0, latest - earliest) : 0;
    let t = earliest + span * (waits ? 1 / 3 : 1 / 2);
    if (waits && earliest <= call.t + SOON) t = Math.min(t, call.t + SOON);
    this.#rows.t[row] = t;
    this.#firstFaults.cover(slot.page, slot.end, t);
    this.#unmapOlder(slot, t);
  }

  #unmapOlder(slot: Slot, t: number): void {
    const pages = this.#pages;
    this.#blocks.closeRelaxed(slot.page, slot.end);
    for (const region of pages.regionsIn(slot.page, slot.end)) {
      this.#blocks.close(region, true);
      pages.isBlock[region] = pages.isFilled[region] = 0;
    }
    pages.eachLive(slot.page, slot.end, (i) => {
      if (pages.since[i] <= t) pages.set(i, PageState.UNMAPPED, t);
    });
  }

  /** The call has returned. */
  returned(call: SlotCall): void {
    for (const [slot, removal] of call.removed) {
      removal.latest = Math.min(removal.latest, call.end);
      this.#settle(slot, removal, call);
    }
  }
}
