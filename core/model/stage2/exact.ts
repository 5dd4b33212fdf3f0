/**
 * The timeline by the kernel's own page-table calls (arch/arm64/kvm/hyp/pgtable.c): nothing inferred. The calls show what was requested;
 * the result follows from the code: see each case.
 */
import { KvmIoctl, KvmKind, MemoryCall } from '../kvm-events.ts';
import type { KvmEvents, KvmTrace } from '../kvm-events.ts';
import type { CauseClass } from '../terms.ts';
import type { Stage2Timeline } from '../timeline.ts';
import type { Vm, VmDescription } from '../vm.ts';
import { Blocks } from './blocks.ts';
import { protWriteBit } from './host.ts';
import type { HostFacts } from './host.ts';
import { FirstFaults } from './first-faults.ts';
import { EVERYTHING } from './page-states.ts';
import { Rows } from './rows.ts';
import { Contents } from './contents.ts';
import { HOST_MM, unmapPieces } from './effects.ts';
import { Slots } from './slots.ts';
import { follow, Threads } from './threads.ts';
import type { Thread } from './threads.ts';

/** `word` of an mmap with MAP_FIXED. */
const FIXED_MMAP = MemoryCall.MMAP | (1 << 8);

/** Whether the trace holds calls that both map and unmap: without either, the others say nothing. */
export function hasTableCalls(trace: KvmTrace): boolean {
  return trace.has(KvmKind.S2_MAP) && (trace.has(KvmKind.S2_UNMAP) || trace.has(KvmKind.S2_DESTROY));
}

interface PendingMap {
  page: number;
  pages: number;
  table: number;
  writable: boolean;
  /** kvm_pgtable_stage2_relax_perms: only permissions are added. */
  relaxes: boolean;
}

/** One timeline a VM, in the order of the description. Calls on tables of other VMs are left out. */
export function exactTimelines(trace: KvmTrace, description: VmDescription, host: HostFacts = {}): Stage2Timeline[] {
  const reader = new CallReader(trace, description, host);
  for (const events of trace.blocks()) for (let i = 0; i < events.n; i++) reader.read(events, i);
  return reader.vms.map((vm) => vm.finish(trace));
}

class CallReader {
  readonly vms: readonly ExactVm[];
  readonly #threads: Threads;
  readonly #tables: Map<number, number>;
  readonly #returns: boolean;
  readonly #pending = new Map<number, PendingMap>();
  /** By thread: what it was last asked to unmap. */
  readonly #asked = new Map<number, Asked>();
  readonly #cpuAt: number[] = [];

  readonly #unit: number;
  readonly #writeBit: number;

  constructor(trace: KvmTrace, description: VmDescription, host: HostFacts) {
    this.#unit = description.pageUnit;
    this.#writeBit = protWriteBit(trace, host).bit;
    this.vms = description.vms.map((vm) => new ExactVm(vm, description.pageUnit));
    this.#threads = new Threads(description);
    this.#tables = ownersOfTables(trace, description);
    this.#returns = trace.has(KvmKind.S2_MAP_RET);
  }

  read(events: KvmEvents, i: number): void {
    const { vms } = this;
    const kind = events.kind[i];
    const t = events.t[i];
    const tid = events.tid[i];
    const thread = this.#threads.of(tid, kind === KvmKind.ENTRY);
    if (kind === KvmKind.LOST) for (const vm of vms) vm.lose(this.#cpuAt[events.cpu[i]] ?? 0, t);
    this.#cpuAt[events.cpu[i]] = t;
    follow(thread, events, i);
    if (kind === KvmKind.UNMAP) this.#asked.set(tid, { thread, start: events.page(i), end: events.end(i) });
    else if (kind === KvmKind.IOCTL) {
      const command = events.word[i];
      if (command === KvmIoctl.CREATE_VM) vms[thread.vm]?.create();
      if (command === KvmIoctl.SET_USER_MEMORY_REGION || command === KvmIoctl.SET_USER_MEMORY_REGION2) {
        this.#asked.set(tid, 'memslot');
        for (const vm of this.#of(thread)) vm.setAt = t;
      }
    } else if (kind === KvmKind.MEMSLOT) {
      const end = events.end(i);
      for (const vm of this.#of(thread)) if (end > events.page(i)) vm.slotBack(events.page(i), end, events.other(i), t);
    } else if (kind === KvmKind.MEMORY_CALL && thread.call === FIXED_MMAP) {
      for (const vm of this.#of(thread)) vm.contents.remapped(thread.callStart, thread.callEnd, t);
    } else if (kind === KvmKind.CALL_EXIT && events.page(i) > 0) {
      const start = events.page(i);
      for (const vm of this.#of(thread)) vm.contents.remapped(start, start + thread.callPages, t);
    } else if (kind === KvmKind.S2_MAP_RET || kind === KvmKind.S2_RELAX_RET) {
      const call = this.#pending.get(tid);
      this.#pending.delete(tid);
      // -EAGAIN: the same mapping exists already (another vCPU got there first), nothing changes. Other errors: no mapping.
      if (call && events.word[i] === 0) vms[this.#tables.get(call.table) ?? -1]?.map(t, call);
    }
    if (!isTableCall(kind)) return;
    const vm = vms[this.#tables.get(events.other(i)) ?? -1];
    if (!vm) return;
    // The walker works on whole host pages, whatever address it is called with.
    const page = Math.floor(events.page(i) / this.#unit) * this.#unit;
    const pages = Math.ceil((events.end(i) - events.page(i)) / this.#unit) * this.#unit;
    if (kind === KvmKind.S2_MAP || kind === KvmKind.S2_RELAX) {
      const writable = (events.word[i] & this.#writeBit) !== 0;
      const call = { page, pages, writable, table: events.other(i), relaxes: kind === KvmKind.S2_RELAX };
      if (this.#returns) this.#pending.set(tid, call);
      else vm.map(t, call);
    } else vm.change(kind, t, page, pages, this.#asked.get(tid));
  }

  /** The VM of a thread; all of them for a thread that belongs to none. */
  #of(thread: Thread): readonly ExactVm[] {
    return thread.vm >= 0 ? [this.vms[thread.vm]] : this.vms;
  }
}

/** What a thread is to unmap: HVA pages [start, end), which a notifier announced; or those of a memslot. */
type Asked = 'memslot' | { readonly thread: Thread; readonly start: number; readonly end: number };

/** The call itself, not its return. */
function isTableCall(kind: number): boolean {
  return (
    kind >= KvmKind.S2_MAP && kind <= KvmKind.S2_SPLIT && kind !== KvmKind.S2_MAP_RET && kind !== KvmKind.S2_RELAX_RET
  );
}

/** Which VM a page table belongs to: the one whose threads map into it; else the only VM. */
function ownersOfTables(trace: KvmTrace, description: VmDescription): Map<number, number> {
  const threads = new Threads(description);
  const owners = new Map<number, number>();
  const seen = new Set<number>();
  for (const events of trace.blocks()) {
    for (let i = 0; i < events.n; i++) {
      const kind = events.kind[i];
      if (!isTableCall(kind)) continue;
      seen.add(events.other(i));
      const { vm } = threads.of(events.tid[i], kind === KvmKind.S2_MAP);
      if (vm >= 0 && !owners.has(events.other(i))) owners.set(events.other(i), vm);
    }
  }
  if (owners.size === 0 && seen.size === 1 && description.vms.length === 1)
    for (const table of seen) owners.set(table, 0);
  return owners;
}

class ExactVm {
  readonly contents: Contents;
  /** ns of the latest ioctl that set a memory region. */
  setAt = 0;
  readonly #slots: Slots;
  /** Pages in a huge page of the host. */
  readonly #huge: number;
  readonly #rows = new Rows();
  readonly #vm: Vm;
  readonly #blocks = new Blocks();
  readonly #firstMaps = new FirstFaults();
  #created = false;
  #knownFrom = 0;

  constructor(vm: Vm, unit: number) {
    this.#vm = vm;
    this.#slots = new Slots(vm);
    this.contents = new Contents(this.#rows, this.#slots);
    this.#huge = 512 * unit * unit;
  }

  /** __kvm_set_memory_region gives guest pages [page, end) the memory from HVA page `hva` on. */
  slotBack(page: number, end: number, hva: number, t: number): void {
    this.contents.slotBack(page, end, hva - page, t);
    const slot = this.#slots.of(page);
    if (slot) slot.hva = hva - page + slot.page;
  }

  /** ioctl(KVM_CREATE_VM): the tables are empty. */
  create(): void {
    this.#created = true;
    for (const { page, pages } of this.#vm.slots) {
      this.#rows.add('initial-unmapped', 0, page, pages, 'vm-created', 'first-touch');
    }
  }

  map(t: number, call: PendingMap): void {
    const { writable } = call;
    const [page, pages] = this.#blocks.around(call.page, call.pages);
    if (call.relaxes) {
      // A relaxed leaf may be a block; the call names one page of it. Execute permission alone changes nothing for a buffer.
      if (writable) this.#rows.add('map', t, page, pages, 'table-call', undefined, true);
      return;
    }
    // A page whose first event is a map was unmapped until then.
    if (!this.#created || this.#knownFrom > 0) this.#firstMaps.add(call.page, call.pages, t, this.#knownFrom);
    // Mapping a page inside a block breaks the block up, and the rest of it must be faulted in again.
    if (pages > call.pages) this.#unmap(t, page, pages, 'dirty-log');
    const slot = this.#slots.of(call.page);
    // No slot, no mapping: if its call wasn't traced, it was the latest that can have restored it.
    if (slot) this.contents.slotBack(slot.page, slot.end, undefined, Math.min(t, this.setAt));
    this.contents.mapped(call.page, call.page + call.pages);
    this.#blocks.remove(call.page, call.pages);
    if (call.pages > 1) this.#blocks.add(call.page, call.pages);
    this.#rows.add('map', t, call.page, call.pages, 'table-call', writable ? undefined : 'host-mm', writable);
  }

  /** Events were lost between two moments. */
  lose(from: number, to: number): void {
    this.#rows.add('unknown', from, 0, EVERYTHING, 'lost-events');
    this.#rows.addGap(from, to);
    this.#knownFrom = to;
  }

  finish({ origin, span }: KvmTrace): Stage2Timeline {
    this.#firstMaps.finish(this.#rows);
    return this.#rows.finish(origin, span, true);
  }

  #unmap(t: number, page: number, pages: number, cause: CauseClass): number {
    const row = this.#rows.add('unmap', t, page, pages, 'table-call', cause);
    this.#firstMaps.cover(page, page + pages, t);
    this.#blocks.remove(page, pages);
    return row;
  }

  /** Unmapping or protecting a part of a block takes the whole block (`stage2_unmap_walker`). */
  change(kind: number, t: number, page: number, pages: number, asked: Asked | undefined): void {
    if (kind === KvmKind.S2_DESTROY) {
      this.#unmap(t, 0, EVERYTHING, 'userspace');
      return;
    }
    if (kind === KvmKind.S2_SPLIT) {
      this.#blocks.remove(page, pages);
      return;
    }
    const [first, all] = this.#blocks.around(page, Math.max(1, pages));
    if (kind === KvmKind.S2_UNMAP) {
      // The rest of the block is unmapped but keeps its contents.
      if (all > pages) this.#rows.tell(this.#unmap(t, first, all, 'host-mm'), HOST_MM);
      this.#unmapAsked(t, page, pages, asked);
    } else if (kind === KvmKind.S2_WRPROTECT) this.#rows.add('write-protect', t, first, all, 'table-call', 'dirty-log');
    else if (kind === KvmKind.S2_MKOLD) this.#rows.add('access-clear', t, first, all, 'table-call', 'host-mm');
  }

  #unmapAsked(t: number, page: number, pages: number, asked: Asked | undefined): void {
    const slot = this.#slots.of(page);
    if (asked === undefined || !slot) {
      this.#rows.tell(this.#unmap(t, page, pages, asked === 'memslot' ? 'userspace' : 'host-mm'), HOST_MM);
    } else if (asked === 'memslot') {
      this.contents.slotTaken(this.#unmap(t, page, pages, 'userspace'), slot, 'measured', page, page + pages);
    } else {
      const offset = slot.page - slot.hva;
      for (const piece of unmapPieces(asked.thread, page - offset, page - offset + pages, slot.backing, this.#huge)) {
        const [from, to] = [piece.start + offset, piece.end + offset];
        this.contents.unmapped(this.#unmap(t, from, to - from, piece.cause), from, to, piece.effect);
      }
    }
  }
}
