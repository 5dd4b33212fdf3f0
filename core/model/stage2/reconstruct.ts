/** Turns a trace's events and a VM description into the stage 2 timeline of each VM (model.md section 3). */
import { KvmIoctl, KvmKind, MemoryCall } from '../kvm-events.ts';
import type { KvmEvents, KvmTrace } from '../kvm-events.ts';
import type { Stage2Timeline } from '../timeline.ts';
import type { Vm, VmDescription } from '../vm.ts';
import { exactTimelines, hasTableCalls } from './exact.ts';
import { pageUnitOf, protWriteBit } from './host.ts';
import type { FactOrigin, HostFacts } from './host.ts';
import { VmInference } from './infer.ts';
import { follow, Threads } from './threads.ts';
import type { Thread } from './threads.ts';

export interface Reconstruction {
  /** One per VM, in the order of the description; without a description one for all vCPU threads. */
  readonly timelines: readonly Stage2Timeline[];
  /** Events by HVA (unmap, set_spte, age) that couldn't be assigned to a VM: no memslots were given. */
  readonly unattributed: number;
  /** Guest faults of threads that belong to no VM of the description. */
  readonly strangers: number;
  /** Times the tracer lost events. */
  readonly losses: number;
  /** Dirty-log fetches of an unknown slot: pages that they protected may be taken for writable. */
  readonly unshownFetches: number;
  /** What may change stage 2 without an event that says where. */
  readonly unfollowed: Unfollowed;
  /** The host's page size in 4 KiB units, and its source. */
  readonly pageUnit: number;
  readonly pageSizeFrom: FactOrigin;
  /** How the permissions in page-table calls were read; undefined without such calls. */
  readonly protFrom?: FactOrigin;
}

/** Calls and events by kind. */
export interface Unfollowed {
  /** ioctl(KVM_PRE_FAULT_MEMORY): unmapped pages are unknown from then on, until a fault. */
  readonly preFaults: number;
  /** ioctl(KVM_CREATE_GUEST_MEMFD): holes punched into one unmap guest pages, but name only its file. */
  readonly guestMemfds: number;
  /** ioctl(KVM_SET_MEMORY_ATTRIBUTES): private and shared memory swap places. */
  readonly attributes: number;
  /** Events of nested guests, which run on their own tables. */
  readonly nested: number;
}

/** Without a description: one VM, all vCPU threads, no memslots. */
const unknownVm: Vm = { pid: undefined, slots: [], vcpus: [], buffers: [] };

/**
 * Reconstructs stage 2. If the trace holds the kernel's own page-table calls, they are used and the timelines are exact;
 * otherwise changes are inferred, and each row names its evidence.
 */
export function reconstruct(trace: KvmTrace, description?: VmDescription, host: HostFacts = {}): Reconstruction {
  const given = description ?? { pageUnit: 1, pageSizeGiven: false, vms: [unknownVm] };
  const { unit: pageUnit, origin: pageSizeFrom } = pageUnitOf(trace, given, host);
  const known = { ...given, pageUnit };
  if (hasTableCalls(trace)) {
    return {
      timelines: exactTimelines(trace, known, host),
      protFrom: protWriteBit(trace, host).origin,
      ...{ pageUnit, pageSizeFrom },
      unattributed: 0,
      strangers: 0,
      losses: countLosses(trace),
      unshownFetches: 0,
      unfollowed: { preFaults: 0, guestMemfds: 0, attributes: 0, nested: 0 },
    };
  }
  const first = readAll(trace, known, []);
  // Blocks are proven late, if at all: what is only likely is assumed in a second reading.
  const hasBlocks = first.hasBlocks();
  const reader = hasBlocks.includes(true) ? readAll(trace, known, hasBlocks) : first;
  return { ...reader.finish(trace), pageUnit, pageSizeFrom };
}

function readAll(trace: KvmTrace, known: VmDescription, hasBlocks: readonly boolean[]): Reader {
  const reader = new Reader(known, hasBlocks);
  // What a fetch of the dirty log did depends on what the VMM does later, maybe much later.
  for (const events of trace.blocks(KvmKind.IOCTL)) {
    for (let i = events.next(KvmKind.IOCTL, 0); i < events.n; i = events.next(KvmKind.IOCTL, i + 1)) {
      if (isPartial(events.word[i])) reader.clearsLog(events.tid[i]);
    }
  }
  for (const events of trace.blocks()) reader.take(events);
  return reader;
}

/** The ioctl write-protects an unknown part of a slot. */
function isPartial(command: number): boolean {
  return command === KvmIoctl.CLEAR_DIRTY_LOG || command === KvmIoctl.RESET_DIRTY_RINGS;
}

function countLosses(trace: KvmTrace): number {
  let losses = 0;
  for (const events of trace.blocks(KvmKind.LOST)) {
    for (let i = events.next(KvmKind.LOST, 0); i < events.n; i = events.next(KvmKind.LOST, i + 1)) losses++;
  }
  return losses;
}

class Reader {
  readonly #vms: VmInference[];
  readonly #threads: Threads;
  /** ns of each CPU's latest event: a loss may reach back to it. */
  readonly #cpuAt = new Float64Array(1 << 16);
  readonly #pending = new Set<Thread>();
  #unattributed = 0;
  #strangers = 0;
  #losses = 0;
  readonly #unfollowed = { preFaults: 0, guestMemfds: 0, attributes: 0, nested: 0 };

  constructor(description: VmDescription, hasBlocks: readonly boolean[]) {
    this.#vms = description.vms.map((vm, v) => new VmInference(vm, description.pageUnit, hasBlocks[v]));
    this.#threads = new Threads(description);
  }

  /** By VM, whether blocks were proved to map its memory. */
  hasBlocks(): boolean[] {
    return this.#vms.map((vm) => vm.hasBlocks);
  }

  /** This thread clears its VM's dirty log at some point. */
  clearsLog(tid: number): void {
    for (const vm of this.#of(this.#threads.of(tid, false))) vm.dirtyLog.isCleared();
  }

  /** Reads the next events. */
  take(events: KvmEvents): void {
    const { n, kind: kinds, t: times, cpu, tid, word } = events;
    const cpuAt = this.#cpuAt;
    for (let i = 0; i < n; i++) {
      const kind = kinds[i];
      const t = times[i];
      if (kind === KvmKind.LOST) {
        this.#lose(cpuAt[cpu[i]], t);
        continue;
      }
      cpuAt[cpu[i]] = t;
      const thread = this.#threads.of(tid[i], kind === KvmKind.ENTRY || kind === KvmKind.GUEST_FAULT);
      follow(thread, events, i);
      if (kind === KvmKind.ENTRY) {
        if (thread.pending) this.#vms[thread.vm].answer(thread, this.#take(thread)!, t);
      } else if (kind === KvmKind.EXIT) {
        if (thread.vm >= 0 && thread.enteredAt >= 0) this.#vms[thread.vm].guest.ran(thread.enteredAt, t);
        // Any trap but an abort: the guest got past the instruction that faulted.
        if (word[i] !== 0 && word[i] !== 0x20 && word[i] !== 0x24) thread.progress++;
      } else this.#read(events, i, thread);
    }
  }

  /** What is neither an entry nor an exit nor a loss. */
  #read(events: KvmEvents, i: number, thread: Thread): void {
    const kind = events.kind[i];
    const t = events.t[i];
    switch (kind) {
      case KvmKind.GUEST_FAULT:
        this.#fault(thread, events.page(i), events.word[i], t);
        break;
      case KvmKind.MMIO:
        this.#device(thread);
        break;
      case KvmKind.USER_EXIT:
        if (events.word[i] === EXIT_MMIO) this.#device(thread);
        if (events.flags(i)) this.#take(thread);
        break;
      case KvmKind.UNMAP:
      case KvmKind.SET_SPTE:
      case KvmKind.AGE:
        this.#notified(thread, events, i);
        break;
      case KvmKind.MEMORY_CALL:
        this.#returned(thread, t);
        if (thread.call === FIXED_MMAP) this.#mapped(thread, thread.callStart, thread.callPages, t);
        break;
      case KvmKind.OTHER_CALL:
      case KvmKind.CALL_EXIT:
        this.#returned(thread, t);
        if (events.page(i) > 0) this.#mapped(thread, events.page(i), thread.callPages, t);
        break;
      case KvmKind.IOCTL:
        this.#returned(thread, t);
        this.#ioctl(thread, events.word[i], t);
        break;
      case KvmKind.NESTED:
        this.#unfollowed.nested++;
        break;
      case KvmKind.MEMSLOT:
        for (const vm of this.#of(thread)) {
          const call = vm.slots.open(thread.tid);
          vm.memslot(events.word[i], events.page(i), events.end(i), events.other(i), events.flags(i), t, call);
        }
        break;
    }
  }

  finish({ origin, span }: KvmTrace): Omit<Reconstruction, 'pageUnit' | 'pageSizeFrom'> {
    for (const vm of this.#vms) vm.finish();
    return {
      timelines: this.#vms.map((vm) => vm.rows.finish(origin, span, false)),
      unattributed: this.#unattributed,
      strangers: this.#strangers,
      losses: this.#losses,
      unfollowed: this.#unfollowed,
      unshownFetches: this.#vms.reduce((sum, vm) => sum + vm.dirtyLog.unshown, 0),
    };
  }

  /** The VM of a thread; all of them for a thread of none. */
  #of(thread: Thread): readonly VmInference[] {
    return thread.vm >= 0 ? [this.#vms[thread.vm]] : this.#vms;
  }

  /** mmap, or mremap, gave the thread's mm pages from `start` on. */
  #mapped(thread: Thread, start: number, pages: number, t: number): void {
    for (const vm of this.#of(thread)) vm.mapHva(start, start + pages, t);
  }

  #take(thread: Thread): Thread['pending'] {
    const { pending } = thread;
    thread.pending = undefined;
    this.#pending.delete(thread);
    return pending;
  }

  #fault(thread: Thread, page: number, esr: number, t: number): void {
    if (thread.vm < 0) {
      this.#strangers++;
      return;
    }
    thread.pending = this.#vms[thread.vm].fault(thread, page, esr, t);
    if (thread.pending) this.#pending.add(thread);
  }

  #device(thread: Thread): void {
    const fault = this.#take(thread);
    thread.progress++;
    if (fault) this.#vms[thread.vm].device(fault);
  }

  /** MMU notifiers give host addresses of an mm that the trace doesn't name: the thread's own VM if it has memory there, else all. */
  #notified(thread: Thread, events: KvmEvents, i: number): void {
    const kind = events.kind[i];
    const t = events.t[i];
    const start = events.page(i);
    const end = kind === KvmKind.SET_SPTE ? start + 1 : events.end(i);
    const own = thread.vm >= 0 && this.#vms[thread.vm].slots.holdsHva(start, end) ? this.#of(thread) : this.#vms;
    if (this.#vms.every((vm) => vm.slots.all.length === 0)) this.#unattributed++;
    for (const vm of own) {
      if (kind === KvmKind.UNMAP) {
        vm.unmapHva(thread, start, end, t);
        for (const { pending, vm: of } of this.#pending) {
          if (!pending || this.#vms[of] !== vm || !vm.slots.isBehind(pending.page, start, end)) continue;
          if (pending === thread.pending) pending.retried = true;
          else pending.raced = true;
        }
      } else if (kind === KvmKind.SET_SPTE) vm.setSpteHva(start, t);
      else vm.ageHva(start, end, t);
    }
  }

  #ioctl(thread: Thread, command: number, t: number): void {
    if (command === KvmIoctl.CREATE_VM) {
      if (thread.vm >= 0) this.#vms[thread.vm].create();
      return;
    }
    if (command === KvmIoctl.PRE_FAULT_MEMORY) {
      this.#unfollowed.preFaults++;
      for (const vm of this.#of(thread)) vm.preFault(t);
      return;
    }
    if (command === KvmIoctl.CREATE_GUEST_MEMFD) this.#unfollowed.guestMemfds++;
    if (command === KvmIoctl.SET_MEMORY_ATTRIBUTES) this.#unfollowed.attributes++;
    const setsRegion = command === KvmIoctl.SET_USER_MEMORY_REGION || command === KvmIoctl.SET_USER_MEMORY_REGION2;
    const partial = isPartial(command);
    if (!setsRegion && !partial && command !== KvmIoctl.GET_DIRTY_LOG) return;
    for (const vm of this.#of(thread)) {
      const contended = [...this.#pending].some((other) => this.#vms[other.vm] === vm);
      const call = vm.slots.addCall(t, thread.tid, { setsRegion, partial, contended });
      if (!setsRegion && !partial) vm.dirtyLog.fetched(call);
    }
  }

  #returned(thread: Thread, t: number): void {
    for (const vm of this.#of(thread)) {
      const call = vm.slots.open(thread.tid);
      if (!call) continue;
      call.end = t;
      vm.callReturned(call);
    }
  }

  #lose(from: number, to: number): void {
    this.#losses++;
    for (const thread of this.#pending) thread.pending = undefined;
    this.#pending.clear();
    for (const vm of this.#vms) vm.lose(from, to);
  }
}

/** `word` of an mmap with MAP_FIXED: the address is known before it returns. */
const FIXED_MMAP = MemoryCall.MMAP | (1 << 8);

/** KVM_EXIT_MMIO. */
const EXIT_MMIO = 6;
