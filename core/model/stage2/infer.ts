/**
 * Infers one VM's stage 2 changes from KVM's tracepoints (model.md section 3). Each rule follows from what Linux does:
 * arch/arm64/kvm/mmu.c (user_mem_abort, kvm_unmap_gfn_range, kvm_set_spte_gfn), hyp/pgtable.c, virt/kvm/kvm_main.c, as of 6.1.
 */
import type { CauseClass } from '../terms.ts';
import type { Vm } from '../vm.ts';
import { BlockGuesses } from './block-guesses.ts';
import type { Evidence } from './evidence.ts';
import { faultLevel, FaultType, faultType, isWriteFault } from './esr.ts';
import type { PendingFault } from './faults.ts';
import { FirstFaults } from './first-faults.ts';
import { EVERYTHING, PageState } from './page-states.ts';
import { Pages } from './pages.ts';
import { Removals } from './removals.ts';
import { Rows } from './rows.ts';
import { Slots } from './slots.ts';
import type { Slot, SlotCall } from './slots.ts';
import type { Thread } from './threads.ts';

/** The middle of an interval that may be empty. */
function middle(earliest: number, latest: number): number {
  return earliest < latest ? (earliest + latest) / 2 : latest;
}

export class VmInference {
  readonly rows = new Rows();
  readonly slots: Slots;
  readonly #pages: Pages;
  readonly #firstFaults = new FirstFaults();
  readonly #blockGuesses: BlockGuesses;
  readonly #removals: Removals;
  /** ns of the latest loss of events; 0 before any. */
  #knownFrom = 0;
  #created = false;

  constructor(vm: Vm, unit: number) {
    this.slots = new Slots(vm);
    this.#pages = new Pages(unit);
    this.#blockGuesses = new BlockGuesses(this.#pages, this.rows);
    this.#removals = new Removals(this.#pages, this.rows, this.#firstFaults, this.#blockGuesses);
  }

  /** ioctl(KVM_CREATE_VM): the tables are empty, whatever the trace shows first. */
  create(): void {
    if (this.#created) return;
    this.#created = true;
    this.#pages.initial = PageState.UNMAPPED;
    for (const slot of this.slots.all) {
      this.rows.add('initial-unmapped', 0, slot.page, slot.pages, 'vm-created', 'first-touch');
    }
  }

  /** kvm_guest_fault. Undefined if the fault can't be on RAM, or changes nothing that a buffer writer would see. */
  fault(thread: Thread, ipaPage: number, esr: number, t: number): PendingFault | undefined {
    const slot = this.slots.of(ipaPage);
    if (this.slots.all.length > 0 && !slot) return undefined;
    const pages = this.#pages;
    const page = pages.align(ipaPage);
    const fault: PendingFault = {
      page,
      type: faultType(esr),
      level: faultLevel(esr),
      write: isWriteFault(esr),
      at: thread.exitAt < 0 ? t : thread.exitAt,
      ranUntil: thread.leftAt,
      slot,
      slotMayBeGone: false,
      raced: false,
      retried: false,
    };
    if (thread.claimed !== page) thread.progress++;
    // Without slots it may yet turn out to be a device: only a page known to be RAM can be contradicted.
    if (!slot && pages.find(page) < 0) return fault;
    if (fault.type === FaultType.TRANSLATION) this.#foundUnmapped(fault, thread);
    else if (fault.type === FaultType.PERMISSION) this.#foundProtected(fault, thread);
    return fault;
  }

  /** The fault was no fault on RAM: KVM emulates a device there. */
  device(fault: PendingFault): void {
    const { slot } = fault;
    if (!slot || slot.readonly || fault.type !== FaultType.TRANSLATION) return;
    const call = this.slots.setting(slot, slot.presentAt, fault.at)[0];
    if (call) this.#removals.shown(slot, call, fault);
    if (fault.slotMayBeGone) this.#missedUnmap(fault);
    slot.present = false;
  }

  /** kvm_entry after the fault: KVM has answered it. */
  answer(thread: Thread, fault: PendingFault, t: number): void {
    const { slot } = fault;
    const pages = this.#pages;
    if (fault.slotMayBeGone && slot) {
      const i = pages.find(fault.page);
      const [last, before] = this.slots.setting(slot, Math.max(slot.presentAt, i < 0 ? -1 : pages.since[i]), fault.at);
      // The slot is there: the last call put it back, the one before took it away.
      const call = before ?? last;
      if (call) this.#removals.shown(slot, call, fault);
      this.#missedUnmap(fault);
    }
    if (slot) {
      this.#removals.notYet(slot, this.slots.calls.at(-1), fault.at);
      slot.present = true;
      slot.presentAt = fault.at;
    }
    thread.claimed = fault.page;
    if (fault.retried) return;
    if (fault.type === FaultType.TRANSLATION) this.#mapped(thread, fault, t);
    else if (fault.type === FaultType.PERMISSION && fault.write) this.#madeWritable(thread, fault, t);
    else if (fault.type === FaultType.ACCESS) this.#accessed(fault, t);
  }

  /** kvm_unmap_hva_range: invalidates at once what lies behind it. */
  unmapHva(start: number, end: number, t: number, cause: CauseClass): void {
    const pages = this.#pages;
    for (const slot of this.slots.all) {
      const from = Math.max(start, slot.hva) - slot.hva + slot.page;
      const to = Math.min(end, slot.hva + slot.pages) - slot.hva + slot.page;
      if (from >= to || !slot.present) continue;
      this.rows.add('unmap', t, from, to - from, 'unmap-hva', cause);
      this.#firstFaults.cover(from, to, t);
      this.#unmapRange(from, to, t);
      // Unmapping a part of a block takes the whole block (stage2_unmap_walker).
      for (const edge of [pages.findRegion(from), pages.findRegion(to - 1)]) {
        if (edge >= 0 && pages.isBlock[edge]) this.#unmapBlock(edge, t, cause);
      }
    }
  }

  /** kvm_set_spte_hva: maps the new page read-only, if there is a table to put it in (kvm_set_spte_gfn gives no memory for one). */
  setSpteHva(hva: number, t: number): void {
    const pages = this.#pages;
    for (const slot of this.slots.all) {
      if (hva < slot.hva || hva >= slot.hva + slot.pages) continue;
      const page = pages.align(slot.page + hva - slot.hva);
      const region = pages.findRegion(page);
      if (this.#created && (region < 0 || !pages.hasTable[region])) continue;
      const i = pages.record(page);
      pages.set(i, PageState.READ_ONLY, t);
      pages.row[i] = this.rows.add('map', t, page, pages.unit, 'set-spte-hva', 'host-mm', false);
    }
  }

  /** kvm_age_hva. */
  ageHva(start: number, end: number, t: number): void {
    for (const slot of this.slots.all) {
      const from = Math.max(start, slot.hva) - slot.hva + slot.page;
      const to = Math.min(end, slot.hva + slot.pages) - slot.hva + slot.page;
      if (from < to) this.rows.add('access-clear', t, from, to - from, 'age-hva', 'host-mm');
    }
  }

  /** __kvm_set_memory_region was traced: the slot is known, and where its memory lies from now on. */
  memslot(id: number, page: number, end: number, hva: number, call: SlotCall | undefined): void {
    const slot = this.slots.all.find((s) => s.id === id);
    if (call) call.slot = id;
    if (!slot) {
      if (end === page) return;
      this.slots.add({ slot: id, page, pages: end - page, hva, readonly: false });
      if (this.#created) this.rows.add('initial-unmapped', 0, page, end - page, 'vm-created', 'first-touch');
      return;
    }
    if (end === page) {
      if (call) this.#removals.begin(slot, call, 'memslot-call');
      return;
    }
    slot.page = page;
    slot.pages = end - page;
    slot.hva = hva;
    slot.present = true;
  }

  /** A memslot call has returned. */
  callReturned(call: SlotCall): void {
    this.#removals.returned(call);
  }

  /** Events were lost between two moments: nothing is known of any page until new evidence. */
  lose(from: number, to: number): void {
    for (const [page, pages] of this.#extent()) this.rows.add('unknown', from, page, pages, 'lost-events');
    this.rows.addGap(from, to);
    this.#pages.forget(to);
    this.#knownFrom = to;
  }

  finish(): void {
    this.#blockGuesses.finish();
    this.#firstFaults.finish(this.rows);
  }

  *#extent(): Generator<[number, number]> {
    if (this.slots.all.length === 0) yield [0, EVERYTHING];
    for (const slot of this.slots.all) yield [slot.page, slot.pages];
  }

  /** A translation fault: at that moment the page was unmapped, and with a level below 3 its whole region. */
  #foundUnmapped(fault: PendingFault, thread: Thread): void {
    const pages = this.#pages;
    const i = pages.record(fault.page);
    const region = pages.region[i];
    if (pages.state[i] === PageState.UNKNOWN) {
      this.#firstFaults.add(fault.page, pages.unit, fault.at, this.#knownFrom);
      pages.set(i, PageState.UNMAPPED, fault.at);
    } else if (pages.isMapped(i) && pages.since[i] <= thread.enteredAt) this.#contradicted(i, fault);
    if (fault.level < 3) {
      pages.isClear[region] = 1;
      for (let k = pages.live[region] ? pages.head[region] : -1; k >= 0; k = pages.next[k]) {
        if (k !== i && pages.isMapped(k) && pages.since[k] <= thread.enteredAt) this.#contradicted(k, fault);
      }
    }
    this.#blockGuesses.found(region, fault);
  }

  /** A page believed mapped was found unmapped. */
  #contradicted(i: number, fault: PendingFault): void {
    const pages = this.#pages;
    const claimer = pages.claimer[i];
    const region = pages.region[i];
    if (pages.progress[i] >= 0 && claimer?.progress === pages.progress[i]) {
      // The guest never got past the fault that we thought had mapped it: KVM had retried.
      this.rows.drop(pages.row[i]);
      if (pages.soleRow[region] === pages.row[i]) pages.soleRow[region] = -1;
      if (pages.lastRow[region] === pages.row[i]) pages.lastRow[region] = -1;
      pages.set(i, PageState.UNMAPPED, fault.at);
    } else if (pages.isBlock[region]) {
      this.#split(region, pages.since[i], pages.page[i]);
      pages.set(i, PageState.UNMAPPED, fault.at);
    } else if (fault.slot && this.slots.setting(fault.slot, pages.since[i], fault.at).length > 0) {
      fault.slotMayBeGone = true;
    } else if (pages.raced[i]) {
      // The unmap that was announced before the answer had its turn after it: nothing lasting was mapped.
      this.rows.drop(pages.row[i]);
      pages.set(i, PageState.UNMAPPED, fault.at);
    } else {
      this.rows.add('unmap', fault.at, pages.page[i], pages.unit, 'missed-unmap', 'kvm');
      pages.set(i, PageState.UNMAPPED, fault.at);
    }
  }

  /** No memslot call explains the page that was found unmapped. */
  #missedUnmap(fault: PendingFault): void {
    const pages = this.#pages;
    const i = pages.find(fault.page);
    if (i < 0 || !pages.isMapped(i)) return;
    this.rows.add('unmap', fault.at, fault.page, pages.unit, 'missed-unmap', 'kvm');
    pages.set(i, PageState.UNMAPPED, fault.at);
  }

  /** A permission fault: the page was mapped; by a block, if its level is below 3; read-only, if it was a write. */
  #foundProtected(fault: PendingFault, thread: Thread): void {
    const pages = this.#pages;
    const i = pages.record(fault.page);
    const region = pages.region[i];
    if (fault.level < 3 && !pages.isBlock[region]) this.#foundBlock(region, fault.at);
    if (fault.level === 3) pages.soleRow[region] = -1;
    if (!fault.write) return;
    if (pages.state[i] === PageState.UNKNOWN) {
      this.rows.add('map', this.#knownFrom, fault.page, pages.unit, 'found-read-only', 'dirty-log', false);
      pages.set(i, PageState.READ_ONLY, this.#knownFrom);
    } else if (pages.state[i] === PageState.UNMAPPED) {
      pages.row[i] = this.rows.add('map', fault.at, fault.page, pages.unit, 'found-read-only', 'dirty-log', false);
      pages.set(i, PageState.READ_ONLY, fault.at);
    } else if (pages.state[i] === PageState.WRITABLE && pages.since[i] <= thread.enteredAt)
      this.#foundReadOnly(i, fault);
  }

  #foundReadOnly(i: number, fault: PendingFault): void {
    const pages = this.#pages;
    const claimer = pages.claimer[i];
    if (pages.progress[i] >= 0 && claimer?.progress === pages.progress[i]) {
      this.rows.drop(pages.row[i]);
      pages.set(i, PageState.READ_ONLY, fault.at);
      return;
    }
    const { slot } = fault;
    const call = slot && this.slots.protecting(slot, pages.since[i], fault.at);
    if (slot && call) {
      // Every page that is writable under dirty logging is in the log, so fetching the log protects them all.
      // Fetching it does so at once; switching logging on waits for a grace period first, like any change of a memslot.
      const earliest = Math.max(call.t, pages.since[i]);
      let t = call.setsRegion ? middle(Math.max(earliest, fault.ranUntil), Math.min(fault.at, call.end)) : earliest;
      const [from, to] = call.partial ? [pages.page[i], pages.page[i] + pages.unit] : [slot.page, slot.end];
      const row = call.protected.get(slot);
      if (row === undefined || call.partial) {
        call.protected.set(slot, this.rows.add('write-protect', t, from, to - from, 'dirty-log-ioctl', 'dirty-log'));
      } else {
        // A page that became writable later, with the call still under way: it hadn't got there yet.
        t = Math.max(this.rows.t[row], pages.since[i]);
        this.rows.t[row] = t;
      }
      slot.loggedAt = t;
      pages.eachLive(from, to, (k) => {
        if (pages.state[k] === PageState.WRITABLE && pages.since[k] <= t) pages.set(k, PageState.READ_ONLY, t);
      });
    } else if (pages.row[i] >= 0) {
      this.rows.makeReadOnly(pages.row[i], slot && slot.loggedAt >= 0 ? 'dirty-log' : 'host-mm');
      pages.set(i, PageState.READ_ONLY, pages.since[i]);
    } else {
      this.rows.add('write-protect', pages.since[i], pages.page[i], pages.unit, 'found-read-only', 'host-mm');
      pages.set(i, PageState.READ_ONLY, pages.since[i]);
    }
  }

  /** A block was found: it was made by the region's last answered fault, as it is only made by one and ends all faults there. */
  #foundBlock(region: number, t: number): void {
    const pages = this.#pages;
    const row = pages.lastRow[region];
    const since = row >= 0 ? this.rows.t[row] : this.#knownFrom;
    const state = row < 0 || this.rows.isWritable(row) ? PageState.WRITABLE : PageState.READ_ONLY;
    if (row >= 0) this.rows.widen(row, pages.start[region], pages.block, 'block-found');
    else this.rows.add('map', t, pages.start[region], pages.block, 'block-found', undefined, true);
    for (let i = pages.head[region]; i >= 0; i = pages.next[i]) {
      if (pages.isMapped(i) && pages.since[i] > since) continue;
      pages.set(i, state, since);
      pages.row[i] = row;
    }
    pages.isBlock[region] = 1;
    pages.soleRow[region] = -1;
  }

  #mapped(thread: Thread, fault: PendingFault, t: number): void {
    const pages = this.#pages;
    const fresh = pages.find(fault.page) < 0;
    const i = pages.record(fault.page);
    if (fresh) {
      if (!this.#created) this.#firstFaults.add(fault.page, pages.unit, fault.at, this.#knownFrom);
      pages.set(i, PageState.UNMAPPED, fault.at);
    }
    // Somebody else mapped it while this one was on its way (-EAGAIN). Read-only doesn't end a write: its answer makes it writable.
    if (pages.isMapped(i)) {
      if (fault.write && pages.state[i] === PageState.READ_ONLY) this.#madeWritable(thread, fault, t, 'fault');
      return;
    }
    const region = pages.region[i];
    const wasEmpty = pages.live[region] === 0 && pages.isClear[region] === 1;
    const writable = fault.write || !fault.slot || !this.#isLogging(fault.slot);
    const row = this.rows.add('map', t, fault.page, pages.unit, 'fault', writable ? undefined : 'dirty-log', writable);
    this.#claim(i, thread, row, writable ? PageState.WRITABLE : PageState.READ_ONLY, t);
    pages.raced[i] = fault.raced ? 1 : 0;
    this.#blockGuesses.answered(fault.slot, region, row, wasEmpty);
  }

  #madeWritable(thread: Thread, fault: PendingFault, t: number, evidence: Evidence = 'permission-fault'): void {
    const pages = this.#pages;
    const i = pages.record(fault.page);
    if (pages.state[i] === PageState.WRITABLE) return;
    const region = pages.region[i];
    if (pages.isBlock[region] && fault.level < 3 && fault.slot && this.#isLogging(fault.slot)) {
      this.#split(region, t, fault.page);
      pages.set(i, PageState.UNMAPPED, t);
    }
    const [page, size] = pages.isBlock[region] ? [pages.start[region], pages.block] : [fault.page, pages.unit];
    const row = this.rows.add('map', t, page, size, evidence, undefined, true);
    if (pages.isBlock[region]) {
      for (let k = pages.head[region]; k >= 0; k = pages.next[k]) pages.set(k, PageState.WRITABLE, t);
    }
    this.#claim(i, thread, row, PageState.WRITABLE, t);
  }

  #accessed(fault: PendingFault, t: number): void {
    const pages = this.#pages;
    const i = pages.find(fault.page);
    const state = i < 0 || pages.state[i] !== PageState.READ_ONLY ? PageState.WRITABLE : PageState.READ_ONLY;
    this.rows.add('map', t, fault.page, pages.unit, 'access-fault', undefined, state === PageState.WRITABLE);
    if (i >= 0 && !pages.isMapped(i)) pages.set(i, state, t);
  }

  #claim(i: number, thread: Thread, row: number, state: number, t: number): void {
    const pages = this.#pages;
    pages.set(i, state, t);
    pages.row[i] = row;
    pages.claimer[i] = thread;
    pages.progress[i] = thread.progress;
    pages.lastRow[pages.region[i]] = row;
    pages.hasTable[pages.region[i]] = 1;
  }

  /** Dirty logging broke a block up: one page stays (the caller maps it), the others are to be faulted in again. */
  #split(region: number, t: number, kept: number): void {
    const pages = this.#pages;
    pages.isBlock[region] = 0;
    const start = pages.start[region];
    this.rows.add('unmap', t, start, pages.block, 'block-split', 'dirty-log');
    for (let i = pages.head[region]; i >= 0; i = pages.next[i]) {
      if (pages.page[i] !== kept) pages.set(i, PageState.UNMAPPED, t);
    }
  }

  #isLogging(slot: Slot): boolean {
    if (slot.loggedAt < 0) return false;
    const last = this.slots.setting(slot, slot.loggedAt, Infinity)[0];
    return last === undefined || last.t <= slot.loggedAt;
  }

  #unmapRange(from: number, to: number, t: number): void {
    const pages = this.#pages;
    for (const region of pages.regionsIn(from, to)) {
      this.#blockGuesses.close(region, from <= pages.start[region] && to >= pages.start[region] + pages.block);
    }
    pages.eachLive(from, to, (i) => pages.set(i, PageState.UNMAPPED, t));
  }

  #unmapBlock(region: number, t: number, cause: CauseClass): void {
    const pages = this.#pages;
    const start = pages.start[region];
    this.rows.add('unmap', t, start, pages.block, 'unmap-hva', cause);
    pages.isBlock[region] = 0;
    pages.eachLive(start, start + pages.block, (i) => pages.set(i, PageState.UNMAPPED, t));
  }
}
