/** A VM's memslots while a trace is read, and the ioctls that change them or protect their pages. */
import type { Backing, Vm, VmSlot } from '../vm.ts';

export class Slot {
  readonly id: number;
  page: number;
  pages: number;
  /** HVA page that backs the first page. */
  hva: number;
  /** KVM_MEM_READONLY. */
  readonly: boolean;
  backing: Backing | undefined;
  /** False while deleted. */
  present = true;
  /** ns of the latest fault that found it present; -1 if none. */
  presentAt = -1;
  /** ns of the latest protection for dirty logging seen; -1 if none. */
  loggedAt = -1;

  constructor(slot: VmSlot) {
    this.id = slot.slot;
    this.page = slot.page;
    this.pages = slot.pages;
    this.hva = slot.hva;
    this.readonly = slot.readonly;
    this.backing = slot.backing;
  }

  get end(): number {
    return this.page + this.pages;
  }
}

/** An ioctl that may have changed a memslot or write-protected its pages. */
export interface SlotCall {
  readonly t: number;
  readonly tid: number;
  /** KVM_SET_USER_MEMORY_REGION (else one of the dirty log's). */
  readonly setsRegion: boolean;
  /** KVM_CLEAR_DIRTY_LOG and the like: protects an unknown part of a slot. */
  readonly partial: boolean;
  /** A fault of the VM was being handled when it began: its handler may hold what the call waits for (mmu_lock, kvm->srcu). */
  readonly contended: boolean;
  /** ns: when the first fault taken after its start was taken, and when that was answered. */
  firstFault: number;
  passed: number;
  /** ns by which it had returned: its sys_exit, else the thread's next system call; Infinity while neither was seen. */
  end: number;
  /** Its slot if known (the call itself was traced); else -1. */
  slot: number;
  /** Slots whose removal was attributed to this call. */
  readonly removed: Map<Slot, Removal>;
  /** Slots whose protection was attributed to this call, and the row that says so. */
  readonly protected: Map<Slot, number>;
}

/** When a call unmapped a slot's pages, as far as known. */
export interface Removal {
  readonly call: SlotCall;
  readonly row: number;
  /** ns: not before this moment. */
  earliest: number;
  /** ns: not after; Infinity while the call hasn't returned and no fault has shown it. */
  latest: number;
  /** Ascending pages of the slot that were mapped. */
  readonly pages: readonly number[];
  /** A fault found the slot gone while its pages were still there. */
  announced: boolean;
  /** A fault on one of the pages found it gone. */
  touched?: Touch;
}

/** How soon the guest touched a removed slot. */
export interface Touch {
  /** ns that it had run since the removal's `earliest`, times the pages that it could have touched. */
  readonly wait: number;
  /** When it ran, as GuestTime's; only where `earliest` and `latest` are far apart. */
  readonly runs: Float64Array | undefined;
}

/** Calls that a fault is compared with: bounds the work on traces with very many calls. */
const LOOK_BACK = 1024;

export class Slots {
  readonly all: Slot[];
  readonly calls: SlotCall[] = [];

  constructor(vm: Vm) {
    this.all = vm.slots.map((slot) => new Slot(slot));
  }

  /** The slot that a guest page lies in. */
  of(page: number): Slot | undefined {
    for (const slot of this.all) if (page >= slot.page && page < slot.end) return slot;
    return undefined;
  }

  /** Whether an HVA range overlaps any slot. */
  holdsHva(start: number, end: number): boolean {
    for (const slot of this.all) if (start < slot.hva + slot.pages && end > slot.hva) return true;
    return false;
  }

  /** Whether a guest page lies behind an HVA range. */
  isBehind(page: number, start: number, end: number): boolean {
    const slot = this.of(page);
    if (!slot) return false;
    const hva = slot.hva + page - slot.page;
    return hva >= start && hva < end;
  }

  add(slot: VmSlot): void {
    this.all.push(new Slot(slot));
  }

  addCall(
    t: number,
    tid: number,
    { setsRegion, partial, contended }: Pick<SlotCall, 'setsRegion' | 'partial' | 'contended'>,
  ): SlotCall {
    const removed = new Map<Slot, Removal>();
    const call = {
      ...{ t, tid, setsRegion, partial, contended },
      firstFault: t,
      passed: Infinity,
      end: Infinity,
      slot: -1,
      removed,
      protected: new Map(),
    };
    this.calls.push(call);
    return call;
  }

  /** A fault taken at `at` was answered at `t`. */
  answered(at: number, t: number): void {
    const call = this.calls.at(-1);
    if (!call || at <= call.t || t >= call.passed) return;
    call.firstFault = at;
    call.passed = t;
  }

  /** A thread's latest call that hasn't returned yet, as far as the trace shows. */
  open(tid: number): SlotCall | undefined {
    for (let k = this.calls.length - 1; k >= 0 && k >= this.calls.length - 16; k--) {
      const call = this.calls[k];
      if (call.tid === tid) return call.end === Infinity ? call : undefined;
    }
    return undefined;
  }

  /** Calls that set a region and ran at some time in (after, until], latest first, at most two. */
  setting(slot: Slot, after: number, until: number): SlotCall[] {
    const found: SlotCall[] = [];
    for (const call of this.#latest(slot, after, until)) {
      if (call.setsRegion && found.push(call) === 2) break;
    }
    return found;
  }

  /** How many calls that set a region began in (after, until]. */
  settings(slot: Slot, after: number, until: number): number {
    let n = 0;
    for (const call of this.#latest(slot, after, until)) if (call.setsRegion && call.t > after) n++;
    return n;
  }

  /**
   * The call in (after, until] that write-protected what was writable since `after`: the first fetch of the log (unless
   * fetching protects nothing); or the change of a region before it, which switched logging on.
   */
  protecting(slot: Slot, after: number, until: number, isManual: boolean): SlotCall | undefined {
    let fetch: SlotCall | undefined;
    let set: SlotCall | undefined;
    let sets = 0;
    for (const call of this.#latest(slot, after, until)) {
      if (call.partial) return call;
      if (call.setsRegion) {
        set ??= call;
        sets++;
      } else if (call.t > after && !isManual) {
        fetch = call;
        set = undefined;
        sets = 0;
      }
    }
    // While logging is on, one region change concerned another slot; two are off and on again.
    const wasLogging = slot.loggedAt >= 0 && slot.loggedAt <= after;
    return set && (!fetch || !wasLogging || sets > 1) ? set : fetch;
  }

  /** Fetches of the log in (after, until], in order. */
  fetching(slot: Slot, after: number, until: number): SlotCall[] {
    const found: SlotCall[] = [];
    for (const call of this.#latest(slot, after, until)) {
      if (!call.setsRegion && !call.partial && call.t > after) found.push(call);
    }
    return found.reverse();
  }

  /** Calls that may concern a slot and ran at some time in (after, until], latest first. */
  *#latest(slot: Slot, after: number, until: number): Generator<SlotCall> {
    const stop = this.calls.length - LOOK_BACK;
    for (let k = this.calls.length - 1; k >= 0 && k >= stop; k--) {
      const call = this.calls[k];
      if (call.end <= after && call.t <= after) return;
      if (call.t <= until && call.end > after && (call.slot < 0 || call.slot === slot.id)) yield call;
    }
  }
}
