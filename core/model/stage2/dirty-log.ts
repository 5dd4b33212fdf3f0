/**
 * Write protection for the dirty log. KVM has no event for it: a write permission fault shows that it happened, and the
 * ioctls tell when it can have (kvm_vm_ioctl_get_dirty_log, kvm_arch_commit_memory_region).
 */
import type { PendingFault } from './faults.ts';
import { PageState } from './page-states.ts';
import type { Pages } from './pages.ts';
import type { Rows } from './rows.ts';
import type { Slot, SlotCall, Slots } from './slots.ts';

/** The middle of an interval that may be empty. */
function middle(earliest: number, latest: number): number {
  return earliest < latest ? (earliest + latest) / 2 : latest;
}

export class DirtyLog {
  readonly #pages: Pages;
  readonly #rows: Rows;
  readonly #slots: Slots;
  /** KVM_CLEAR_DIRTY_LOG is in use: fetching the log protects nothing then (manual_dirty_log_protect). */
  #isManual = false;

  constructor(pages: Pages, rows: Rows, slots: Slots) {
    this.#pages = pages;
    this.#rows = rows;
    this.#slots = slots;
  }

  /** Whether the slot was seen protected, and nothing since can have switched that off. */
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
   * ioctl(KVM_GET_DIRTY_LOG) of a slot that isn't told. What is writable under dirty logging is in the log, so fetching it
   * protects all of it, whether or not a write follows that would show it.
   */
  fetched(call: SlotCall): void {
    if (this.#isManual) return;
    for (const slot of this.#mayBeLogged()) this.#protectFetched(slot, call);
  }

  /** There is no log to fetch of a slot that isn't logged (ENOENT): one that is known to be, or that was, or the only one. */
  #mayBeLogged(): readonly Slot[] {
    const { all } = this.#slots;
    const logged = all.filter((slot) => this.isLogging(slot));
    if (logged.length > 0 || all.length === 1) return logged.length > 0 ? logged : all;
    return all.filter((slot) => slot.loggedAt >= 0);
  }

  #protectFetched(slot: Slot, call: SlotCall): void {
    // The change of a region before it had switched logging on.
    const on = this.isLogging(slot) ? undefined : this.#slots.setting(slot, slot.loggedAt, call.t)[0];
    if (on) this.#protect(slot, on, middle(on.t, Math.min(on.end, call.t)));
    this.#protect(slot, call, call.t);
  }

  /** Fetches that no write showed: which slot they protected isn't known. */
  get unshown(): number {
    if (this.#isManual) return 0;
    return this.#slots.calls.filter((c) => !c.setsRegion && !c.partial && c.protected.size === 0).length;
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
      this.#protect(slot, call, middle(earliest, Math.min(fault.at, call.end)), since);
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
      // It hadn't got there yet.
      at = this.#rows.t[row] = Math.max(this.#rows.t[row], notBefore);
    }
    slot.loggedAt = Math.max(slot.loggedAt, at);
    pages.eachLive(slot.page, slot.end, (k) => {
      if (pages.state[k] === PageState.WRITABLE && pages.since[k] <= at) pages.set(k, PageState.READ_ONLY, at);
    });
  }
}
