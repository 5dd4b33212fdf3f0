/**
 * Infers one VM's stage 2 changes from KVM's tracepoints (model.md section 3). Each rule follows from what Linux does:
 * arch/arm64/kvm/mmu.c (user_mem_abort, kvm_unmap_gfn_range, kvm_set_spte_gfn), hyp/pgtable.c, virt/kvm/kvm_main.c, as of 6.1.
 */
import type { Vm } from '../vm.ts';
import { BlockRules } from './block-rules.ts';
import { Contents } from './contents.ts';
import { DirtyLog } from './dirty-log.ts';
import { HOST_MM, unmapPieces } from './effects.ts';
import type { Evidence } from './evidence.ts';
import { faultLevel, FaultType, faultType, isWriteFault } from './esr.ts';
import type { PendingFault } from './faults.ts';
import { GuestTime } from './guest-time.ts';
import { Findings } from './findings.ts';
import { FirstFaults } from './first-faults.ts';
import { EVERYTHING, PageState, runsOf } from './page-states.ts';
import { Pages } from './pages.ts';
import { Removals } from './removals.ts';
import { Rows } from './rows.ts';
import { Slots } from './slots.ts';
import type { SlotCall } from './slots.ts';
import type { Thread } from './threads.ts';

/** KVM_MEM_READONLY, KVM_MEM_GUEST_MEMFD (include/uapi/linux/kvm.h). */
const MEM_READONLY = 2;
const MEM_GUEST_MEMFD = 4;

export class VmInference {
  readonly rows = new Rows();
  readonly slots: Slots;
  readonly dirtyLog: DirtyLog;
  readonly #pages: Pages;
  readonly #firstFaults = new FirstFaults();
  readonly #blocks: BlockRules;
  readonly #removals: Removals;
  readonly #findings: Findings;
  readonly #contents: Contents;
  readonly guest = new GuestTime();
  #created = false;

  /** @param hasBlocks an earlier reading of the trace proved that the host maps this VM's memory by blocks */
  constructor(vm: Vm, unit: number, hasBlocks = false) {
    this.slots = new Slots(vm);
    this.#pages = new Pages(unit);
    this.#contents = new Contents(this.rows, this.slots);
    this.#blocks = new BlockRules(this.#pages, this.rows, hasBlocks);
    this.dirtyLog = new DirtyLog(this.#pages, this.rows, this.slots, this.#blocks, this.guest);
    const { rows, slots, guest } = this;
    this.#removals = new Removals(this.#pages, rows, this.#firstFaults, this.#blocks, this.#contents, slots, guest);
    this.#findings = new Findings(this.#pages, this.rows, this.slots, this.#firstFaults, this.#blocks, this.dirtyLog);
  }

  /** Whether blocks have been proved to map this VM's memory. */
  get hasBlocks(): boolean {
    return this.#blocks.proofs > 0;
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

  /** kvm_guest_fault. Undefined if the fault can't be on RAM, or changes nothing visible to a buffer writer. */
  fault(thread: Thread, ipaPage: number, esr: number, t: number): PendingFault | undefined {
    const slot = this.slots.of(ipaPage);
    const pages = this.#pages;
    const page = pages.align(ipaPage);
    if (thread.claimed !== page) thread.progress++;
    if (this.slots.all.length > 0 && !slot) return undefined;
    const at = thread.exitAt < 0 ? t : thread.exitAt;
    const fault: PendingFault = {
      page,
      type: faultType(esr),
      level: faultLevel(esr),
      write: isWriteFault(esr),
      at,
      contradicts: Math.max(thread.enteredAt, at - (t - at) - 1),
      ranUntil: thread.leftAt,
      slot,
      slotMayBeGone: false,
      raced: false,
      retried: false,
    };
    // Without slots it may turn out to be a device: only a page known to be RAM can be contradicted.
    if (!slot && pages.find(page) < 0) return fault;
    if (fault.type === FaultType.TRANSLATION) this.#findings.unmapped(fault);
    else if (fault.type === FaultType.PERMISSION) this.#findings.protected(fault);
    return fault;
  }

  /** The fault wasn't on RAM: KVM emulates a device there. */
  device(fault: PendingFault): void {
    const { slot } = fault;
    if (!slot || slot.readonly || fault.type !== FaultType.TRANSLATION) return;
    const call = this.slots.setting(slot, slot.presentAt, fault.at)[0];
    if (call) this.#removals.shown(slot, call, fault);
    if (fault.slotMayBeGone) this.#findings.missedUnmap(fault);
    slot.present = false;
  }

  /** kvm_entry after the fault: KVM has answered it. */
  answer(thread: Thread, fault: PendingFault, t: number): void {
    const { slot } = fault;
    this.slots.answered(fault.at, t);
    const pages = this.#pages;
    if (fault.slotMayBeGone && slot) {
      const i = pages.find(fault.page);
      const [last, before] = this.slots.setting(slot, Math.max(slot.presentAt, i < 0 ? -1 : pages.since[i]), fault.at);
      // The slot is there: the last call put it back, the one before took it away.
      const call = before ?? last;
      if (call) this.#removals.shown(slot, call, fault);
      this.#findings.missedUnmap(fault);
    }
    if (slot) {
      this.#removals.notYet(slot, this.slots.calls.at(-1), fault.at);
      if (!slot.present) this.#contents.slotBack(slot.page, slot.end, undefined, this.#removals.backAt(slot, fault.at));
      slot.present = true;
      slot.presentAt = fault.at;
    }
    thread.claimed = fault.page;
    if (fault.retried) return;
    if (fault.type === FaultType.TRANSLATION) this.#mapped(thread, fault, t);
    else if (fault.type === FaultType.PERMISSION && fault.write) this.#madeWritable(thread, fault, t);
    else if (fault.type === FaultType.ACCESS) this.#accessed(fault, t);
  }

  /** kvm_unmap_hva_range: invalidates at once the guest pages behind it. */
  unmapHva(thread: Thread, start: number, end: number, t: number): void {
    const pages = this.#pages;
    for (const slot of this.slots.all) {
      const offset = slot.page - slot.hva;
      const from = Math.max(start + offset, slot.page);
      const to = Math.min(end + offset, slot.end);
      if (from >= to) continue;
      const pieces = unmapPieces(thread, from - offset, to - offset, slot.backing, pages.block);
      if (!slot.present) {
        for (const piece of pieces) this.#contents.lost(piece.start, piece.end, piece.effect);
        continue;
      }
      // Unmapping a part of a block takes the whole block (stage2_unmap_walker): the rest keeps its contents.
      for (const edge of new Set([pages.findRegion(from), pages.findRegion(to - 1)])) {
        if (edge < 0 || !pages.isBlock[edge]) continue;
        const row = this.#blocks.unmapBlock(edge, t, pieces[0].cause);
        this.rows.tell(row, { ...pieces[0].effect, contents: 'kept' });
      }
      for (const { start: first, end: last, cause, effect } of pieces) {
        const row = this.rows.add('unmap', t, first + offset, last - first, 'unmap-hva', cause);
        this.#contents.unmapped(row, first + offset, last + offset, effect);
      }
      this.#firstFaults.cover(from, to, t);
      this.#unmapRange(from, to, t, pieces.length === 1 && pieces[0].cause === 'host-mm');
    }
  }

  /** The VMM maps something at HVA pages [start, end). */
  mapHva(start: number, end: number, t: number): void {
    this.#contents.remapped(start, end, t);
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
      this.rows.tell(pages.row[i], HOST_MM);
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
  memslot(
    id: number,
    page: number,
    end: number,
    hva: number,
    flags: number,
    t: number,
    call: SlotCall | undefined,
  ): void {
    const slot = this.slots.all.find((s) => s.id === id);
    if (call) call.slot = id;
    if (!slot) {
      if (end === page) return;
      const backing = flags & MEM_GUEST_MEMFD ? 'guest_memfd' : undefined;
      this.slots.add({ slot: id, page, pages: end - page, hva, readonly: (flags & MEM_READONLY) !== 0, backing });
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
    if (flags & MEM_GUEST_MEMFD) slot.backing = 'guest_memfd';
    this.#contents.slotBack(page, end, hva - page, t);
    slot.present = true;
  }

  /** A memslot call has returned. */
  callReturned(call: SlotCall): void {
    this.#removals.returned(call);
  }

  /** ioctl(KVM_PRE_FAULT_MEMORY): maps a range that the trace doesn't give. What was unmapped is unknown until its next event. */
  preFault(t: number): void {
    const mapped = this.#pages.doubtUnmapped(t);
    const runs = [...runsOf(mapped, this.#pages.unit)];
    for (const slot of this.slots.all) {
      let from = slot.page;
      for (const [start, end] of [...runs, [slot.end, slot.end] as const]) {
        const to = Math.min(start, slot.end);
        if (to > from) this.rows.add('unknown', t, from, to - from, 'pre-fault-ioctl');
        from = Math.max(from, end);
      }
    }
  }

  /** Events were lost between two moments: nothing is known of any page until new evidence. */
  lose(from: number, to: number): void {
    for (const [page, pages] of this.#extent()) this.rows.add('unknown', from, page, pages, 'lost-events');
    this.rows.addGap(from, to);
    this.#pages.forget(to);
  }

  finish(): void {
    this.#removals.finish();
    this.dirtyLog.finish();
    this.#blocks.finish();
    this.#firstFaults.finish(this.rows);
  }

  *#extent(): Generator<[number, number]> {
    if (this.slots.all.length === 0) yield [0, EVERYTHING];
    for (const slot of this.slots.all) yield [slot.page, slot.pages];
  }

  #mapped(thread: Thread, fault: PendingFault, t: number): void {
    const pages = this.#pages;
    const fresh = pages.find(fault.page) < 0;
    const i = pages.record(fault.page);
    if (fresh) {
      if (!this.#created) this.#firstFaults.add(fault.page, pages.unit, fault.at, pages.knownFrom);
      pages.set(i, PageState.UNMAPPED, fault.at);
    }
    // Another vCPU mapped it meanwhile (-EAGAIN). Read-only doesn't end a write: its answer makes it writable.
    if (pages.isMapped(i)) {
      if (fault.write && pages.state[i] === PageState.READ_ONLY) this.#madeWritable(thread, fault, t, 'fault');
      return;
    }
    const region = pages.region[i];
    const wasEmpty = pages.live[region] === 0 && pages.isClear[region] === 1;
    const writable = fault.write || !fault.slot || !this.dirtyLog.isLogging(fault.slot);
    this.#contents.mapped(fault.page, fault.page + pages.unit);
    const row = this.rows.add('map', t, fault.page, pages.unit, 'fault', writable ? undefined : 'dirty-log', writable);
    this.#claim(i, thread, row, writable ? PageState.WRITABLE : PageState.READ_ONLY, t);
    pages.raced[i] = fault.raced ? 1 : 0;
    this.#blocks.answered(fault.slot, region, row, wasEmpty, fault);
  }

  #madeWritable(thread: Thread, fault: PendingFault, t: number, evidence: Evidence = 'permission-fault'): void {
    const pages = this.#pages;
    const i = pages.record(fault.page);
    if (pages.state[i] === PageState.WRITABLE) return;
    const region = pages.region[i];
    if (pages.isBlock[region] && fault.level < 3 && fault.slot && this.dirtyLog.isLogging(fault.slot)) {
      this.#blocks.split(region, t, fault.page);
      pages.set(i, PageState.UNMAPPED, t);
    }
    const [page, size] = pages.isBlock[region] ? [pages.start[region], pages.block] : [fault.page, pages.unit];
    const row = this.rows.add('map', t, page, size, evidence, undefined, true);
    if (pages.isBlock[region]) {
      for (let k = pages.head[region]; k >= 0; k = pages.next[k]) pages.set(k, PageState.WRITABLE, t);
    }
    this.#claim(i, thread, row, PageState.WRITABLE, t);
    const off = fault.slot && this.dirtyLog.isOff(fault.slot, fault.at);
    if (off && fault.level === 3 && fault.type === FaultType.PERMISSION) this.#blocks.relaxed(fault.slot, region, row);
  }

  #accessed(fault: PendingFault, t: number): void {
    const pages = this.#pages;
    const i = pages.find(fault.page);
    // It maps nothing (kvm_pgtable_stage2_mkyoung). That the entry was there shows that an unmap announced before hadn't done its work yet.
    if (i >= 0 && pages.state[i] === PageState.UNMAPPED) return;
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
    pages.partAt[pages.region[i]] = -1;
    pages.hasTable[pages.region[i]] = 1;
  }

  #unmapRange(from: number, to: number, t: number, byHostMm: boolean): void {
    const pages = this.#pages;
    this.#blocks.closeRelaxed(from, to);
    for (const region of pages.regionsIn(from, to)) {
      const whole = from <= pages.start[region] && to >= pages.start[region] + pages.block;
      this.#blocks.close(region, whole);
      if (whole) {
        this.#blocks.collapse(region, byHostMm && to - from === pages.block);
        pages.isFilled[region] = 0;
        pages.partAt[region] = pages.firstRow[region] = -1;
      } else {
        pages.spell(region, from, to);
        if (pages.partAt[region] < 0) pages.partAt[region] = t;
      }
    }
    pages.eachLive(from, to, (i) => pages.set(i, PageState.UNMAPPED, t));
  }
}
