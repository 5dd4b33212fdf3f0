/**
 * Write protection for the dirty log. KVM has no event for it: a write permission fault shows that it happened, and the ioctls show when it
 * can have (kvm_vm_ioctl_get_dirty_log, kvm_arch_commit_memory_region).
 */
import type { BlockRules } from './block-rules.ts';
import type { PendingFault } from './faults.ts';
import { ranSince } from './guest-time.ts';
import type { GuestTime } from './guest-time.ts';
import { PageState, runsOf } from './page-states.ts';
import type { Pages } from './pages.ts';
import type { Rows } from './rows.ts';
import type { Slot, SlotCall, Slots } from './slots.ts';

/** The most likely moment in an interval that may be empty: early. Only a busy machine takes longer. */
function likely(earliest: number, latest: number): number {
  return earliest < latest ? earliest + Math.min((latest - earliest) / 2, SOON) : latest;
}

/** ns from the call to its write protection, or to a slot's removal, on an idle machine (a grace period of SRCU and the walk). */
export const SOON = 1e6;
/** If the bounds of a write protection are at least this far apart, ns, the time between counts as unknown. */
export const FAR = 4e6;

/** A fault that took at least this long to answer, ns, waited for a lock, even on a busy machine. */
const LONG_WAIT = 2e6;

/** Pages that a call protected at a time not yet known. */
interface Protection {
  readonly slot: Slot;
  readonly call: SlotCall;
  /** Row that holds its time. */
  readonly row: number;
  /** ns: not before. */
  readonly from: number;
  /** Ascending pages that were writable. */
  readonly pages: readonly number[];
  /** A block maps some of them. */
  readonly blocks: boolean;
}

/** Logging was switched on at some time in [from, until]; how the guest ran in between. */
interface SwitchedOn {
  readonly open: Protection;
  readonly from: number;
  readonly until: number;
  readonly runs: Float64Array;
}

/** Fetches from which it counts how soon the guest writes to what they protect, and the share of them in which it had by then. */
const ENOUGH_FETCHES = 10;
const USUALLY = 0.9;

export class DirtyLog {
  readonly #pages: Pages;
  readonly #rows: Rows;
  readonly #slots: Slots;
  readonly #blocks: BlockRules;
  /** Each slot's latest protection, until a fault or the call's end shows when it happened. */
  readonly #open = new Map<Slot, Protection>();
  readonly #guest: GuestTime;
  /** Of fetches that weren't delayed: ns of guest time until a write showed it, times the pages that it could have hit. */
  readonly #waits: number[] = [];
  readonly #switched: SwitchedOn[] = [];
  /** KVM_CLEAR_DIRTY_LOG is in use: fetching the log protects nothing then (manual_dirty_log_protect). */
  #isManual = false;

  constructor(pages: Pages, rows: Rows, slots: Slots, blocks: BlockRules, guest: GuestTime) {
    this.#guest = guest;
    this.#blocks = blocks;
    this.#pages = pages;
    this.#rows = rows;
    this.#slots = slots;
  }

  /** Whether the slot was seen protected and nothing since can have switched that off. */
  isLogging(slot: Slot): boolean {
    if (slot.loggedAt < 0) return false;
    const last = this.#slots.setting(slot, slot.loggedAt, Infinity)[0];
    return last === undefined || last.t <= slot.loggedAt;
  }

  /** The trace has an ioctl(KVM_CLEAR_DIRTY_LOG), or the like. */
  isCleared(): void {
    this.#isManual = true;
  }

  /**
   * ioctl(KVM_GET_DIRTY_LOG) of an unnamed slot. What is writable under dirty logging is in the log, so fetching it
   * protects all of it, whether or not a write follows that would show it.
   */
  fetched(call: SlotCall): void {
    if (this.#isManual) return;
    for (const slot of this.#mayBeLogged()) this.#protectFetched(slot, call);
  }

  /** A slot that isn't logged has no log to fetch (ENOENT): so it is one known to be logged, or that was, or the only one. */
  #mayBeLogged(): readonly Slot[] {
    const { all } = this.#slots;
    const logged = all.filter((slot) => this.isLogging(slot));
    if (logged.length > 0 || all.length === 1) return logged.length > 0 ? logged : all;
    return all.filter((slot) => slot.loggedAt >= 0);
  }

  #protectFetched(slot: Slot, call: SlotCall): void {
    // The region change before it had switched logging on.
    const on = this.isLogging(slot) ? undefined : this.#slots.setting(slot, slot.loggedAt, call.t)[0];
    if (on) this.#protect(slot, on, likely(on.t, Math.min(on.end, call.t)));
    this.#protect(slot, call, call.t);
  }

  /** A write found a page read-only since `since` that a fetch protected: it had happened by then. */
  shown(slot: Slot, since: number, at: number): void {
    const open = this.#open.get(slot);
    if (open && since === open.from) this.#settle(slot, open.from, at);
  }

  /**
   * The latest protection of a slot happened in [from, shown], before its call returned: if these are far apart, the state between is unknown.
   * But a fetch waits for nothing but mmu_lock: unless a fault being handled may hold that, it protects at once; and the lock is fair, so the
   * first fault taken later is answered after it (kvm_get_dirty_log_protect, user_mem_abort). If that fault waits long, it waits for the fetch.
   */
  #settle(slot: Slot, from: number, shown: number): void {
    const open = this.#open.get(slot);
    if (!open) return;
    this.#open.delete(slot);
    const { call } = open;
    if (!call.setsRegion && !call.contended) {
      if (!open.blocks) this.#waits.push(this.#guest.within(from, shown) * open.pages.length);
      return;
    }
    const until = Math.min(shown, call.end, call.setsRegion ? Infinity : call.passed);
    if (until - from < FAR) return;
    if (call.setsRegion && !open.blocks) {
      this.#switched.push({ open, from, until, runs: this.#guest.runs(from, until) });
      return;
    }
    const waited = !call.setsRegion && call.firstFault < until && call.passed <= shown;
    this.#unknown(open, waited && call.passed - call.firstFault >= LONG_WAIT ? call.firstFault : from, until);
  }

  /**
   * Dates what switched logging on by how soon this guest writes to pages that were protected, as its fetches show: the more pages, the
   * sooner. It was protected no earlier than that before the write that shows it.
   */
  finish(): void {
    const waits = this.#waits.sort((a, b) => a - b);
    const usual = waits.length < ENOUGH_FETCHES ? Infinity : waits[Math.ceil(USUALLY * waits.length) - 1];
    for (const { open, from, until, runs } of this.#switched) {
      const since = ranSince(runs, usual / open.pages.length, from);
      if (until - since >= FAR) this.#unknown(open, since, until);
      else this.#rows.t[open.row] = (since + until) / 2;
    }
  }

  #unknown(open: Protection, since: number, until: number): void {
    this.#rows.t[open.row] = since;
    for (const [first, end] of runsOf(open.pages, this.#pages.unit)) {
      this.#rows.add('unknown', since, first, end - first, 'dirty-log-ioctl');
      this.#rows.add('map', until, first, end - first, 'dirty-log-ioctl', 'dirty-log', false);
    }
  }

  /** Fetches not shown by any write: which slot they protected isn't known. */
  get unshown(): number {
    if (this.#isManual) return 0;
    return this.#slots.calls.filter((c) => !c.setsRegion && !c.partial && c.protected.size === 0).length;
  }

  /** Whether logging was seen on, and switched off since: by every other region change. */
  isOff(slot: Slot, at: number): boolean {
    return slot.loggedAt >= 0 && this.#slots.settings(slot, slot.loggedAt, at) % 2 === 1;
  }

  /** Whether a call that began in (after, until] may have protected what became writable before. */
  mayHaveProtected(slot: Slot, after: number, until: number): boolean {
    return this.#slots.settings(slot, after, until) > 0;
  }

  /** A page believed writable was found read-only. False if no call can have protected it. */
  foundReadOnly(i: number, slot: Slot, fault: PendingFault): boolean {
    const pages = this.#pages;
    const since = pages.since[i];
    const call = this.#slots.protecting(slot, since, fault.at, this.#isManual);
    if (!call) return false;
    const { protected: rows } = call;
    if (call.partial) {
      const t = Math.max(call.t, since);
      rows.set(slot, this.#rows.add('write-protect', t, pages.page[i], pages.unit, 'dirty-log-ioctl', 'dirty-log'));
      slot.loggedAt = t;
      pages.set(i, PageState.READ_ONLY, t);
      return true;
    }
    if (call.setsRegion) {
      // Switching logging on waits for a grace period first, like any change of a memslot.
      const earliest = Math.max(call.t, since, fault.ranUntil);
      const latest = Math.min(fault.at, call.end);
      this.#protect(slot, call, likely(earliest, latest), since);
      this.#settle(slot, Math.min(Math.max(call.t, since), latest), latest);
    } else {
      this.#protectFetched(slot, call);
    }
    for (const later of this.#slots.fetching(slot, call.t, fault.at)) this.fetched(later);
    return true;
  }

  /** All that was writable at `t` became read-only. `notBefore`: a page became writable then, and was protected by the call. */
  #protect(slot: Slot, call: SlotCall, t: number, notBefore = t): void {
    const pages = this.#pages;
    const row = call.protected.get(slot);
    let at = t;
    if (row === undefined) {
      call.protected.set(
        slot,
        this.#rows.add('write-protect', t, slot.page, slot.pages, 'dirty-log-ioctl', 'dirty-log'),
      );
    } else {
      // It hadn't reached it yet.
      at = this.#rows.t[row] = Math.max(this.#rows.t[row], notBefore);
    }
    slot.loggedAt = Math.max(slot.loggedAt, at);
    if (row === undefined) this.#blocks.closeRelaxed(slot.page, slot.end);
    const protectedPages = pages.protectFilled(slot.page, slot.end, at);
    const blocks = protectedPages.length > 0;
    pages.eachLive(slot.page, slot.end, (k) => {
      if (pages.state[k] !== PageState.WRITABLE || pages.since[k] > at) return;
      pages.set(k, PageState.READ_ONLY, at);
      protectedPages.push(pages.page[k]);
    });
    if (row !== undefined) return;
    const own = call.protected.get(slot);
    protectedPages.sort((a, b) => a - b);
    if (own !== undefined) this.#open.set(slot, { slot, call, row: own, from: call.t, pages: protectedPages, blocks });
  }
}
