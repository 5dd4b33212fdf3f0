/**
 * The timeline by the kernel's own page-table calls (arch/arm64/kvm/hyp/pgtable.c): nothing inferred. The calls name what
 * was asked for; what came of it follows from the code: see each case.
 */
import { KvmIoctl, KvmKind } from '../kvm-events.ts';
import type { KvmEvents, KvmTrace } from '../kvm-events.ts';
import type { CauseClass } from '../terms.ts';
import type { Stage2Timeline } from '../timeline.ts';
import type { Vm, VmDescription } from '../vm.ts';
import { Blocks } from './blocks.ts';
import { FirstFaults } from './first-faults.ts';
import { EVERYTHING } from './page-states.ts';
import { Rows } from './rows.ts';
import { follow, Threads, unmapCause } from './threads.ts';

/** KVM_PGTABLE_PROT_W (asm/kvm_pgtable.h). */
const PROT_W = 2;

/** Whether the trace holds calls that both map and unmap: without either, nothing can be told from the others. */
export function hasTableCalls(trace: KvmTrace): boolean {
  return trace.has(KvmKind.S2_MAP) && (trace.has(KvmKind.S2_UNMAP) || trace.has(KvmKind.S2_DESTROY));
}

interface PendingMap {
  page: number;
  pages: number;
  prot: number;
  table: number;
  /** kvm_pgtable_stage2_relax_perms: only permissions are added. */
  relaxes: boolean;
}

/** One timeline a VM, in the order of the description. Calls on tables of other VMs are left out. */
export function exactTimelines(trace: KvmTrace, description: VmDescription): Stage2Timeline[] {
  const reader = new CallReader(trace, description);
  for (const events of trace.blocks()) for (let i = 0; i < events.n; i++) reader.read(events, i);
  return reader.vms.map((vm) => vm.finish(trace));
}

class CallReader {
  readonly vms: readonly ExactVm[];
  readonly #threads: Threads;
  readonly #tables: Map<number, number>;
  readonly #returns: boolean;
  readonly #pending = new Map<number, PendingMap>();
  readonly #causes = new Map<number, CauseClass>();
  readonly #cpuAt: number[] = [];

  constructor(trace: KvmTrace, description: VmDescription) {
    this.vms = description.vms.map((vm) => new ExactVm(vm));
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
    if (kind === KvmKind.UNMAP) this.#causes.set(tid, unmapCause(thread, events.page(i), events.end(i)));
    else if (kind === KvmKind.IOCTL) {
      const command = events.word[i];
      if (command === KvmIoctl.CREATE_VM) vms[thread.vm]?.create();
      if (command === KvmIoctl.SET_USER_MEMORY_REGION || command === KvmIoctl.SET_USER_MEMORY_REGION2)
        this.#causes.set(tid, 'userspace');
    } else if (kind === KvmKind.S2_MAP_RET || kind === KvmKind.S2_RELAX_RET) {
      const call = this.#pending.get(tid);
      this.#pending.delete(tid);
      // -EAGAIN: the very mapping exists already (another vCPU got there first), nothing changes. Other errors: no mapping.
      if (call && events.word[i] === 0) vms[this.#tables.get(call.table) ?? -1]?.map(t, call);
    }
    if (!isTableCall(kind)) return;
    const vm = vms[this.#tables.get(events.other(i)) ?? -1];
    if (!vm) return;
    const page = events.page(i);
    const pages = events.end(i) - page;
    if (kind === KvmKind.S2_MAP || kind === KvmKind.S2_RELAX) {
      const call = { page, pages, prot: events.word[i], table: events.other(i), relaxes: kind === KvmKind.S2_RELAX };
      if (this.#returns) this.#pending.set(tid, call);
      else vm.map(t, call);
    } else vm.change(kind, t, page, pages, this.#causes.get(tid) ?? 'host-mm');
  }
}

/** The call itself, not its return. */
function isTableCall(kind: number): boolean {
  return kind >= KvmKind.S2_MAP && kind !== KvmKind.S2_MAP_RET && kind !== KvmKind.S2_RELAX_RET;
}

/** Which VM a page table belongs to: the one whose threads map into it; else the only VM there is. */
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
  readonly #rows = new Rows();
  readonly #vm: Vm;
  readonly #blocks = new Blocks();
  readonly #firstMaps = new FirstFaults();
  #created = false;
  #knownFrom = 0;

  constructor(vm: Vm) {
    this.#vm = vm;
  }

  /** ioctl(KVM_CREATE_VM): the tables are empty. */
  create(): void {
    this.#created = true;
    for (const { page, pages } of this.#vm.slots) {
      this.#rows.add('initial-unmapped', 0, page, pages, 'vm-created', 'first-touch');
    }
  }

  map(t: number, call: PendingMap): void {
    const writable = (call.prot & PROT_W) !== 0;
    const [page, pages] = this.#blocks.around(call.page, call.pages);
    if (call.relaxes) {
      // A relaxed leaf may be a block; the call names one page of it. Execute permission alone changes nothing for a buffer.
      if (writable) this.#rows.add('map', t, page, pages, 'table-call', undefined, true);
      return;
    }
    // A page that is mapped before anything else happened to it was unmapped until then.
    if (!this.#created || this.#knownFrom > 0) this.#firstMaps.add(call.page, call.pages, t, this.#knownFrom);
    // Mapping a page inside a block breaks the block up, and leaves the rest of it to be faulted in again.
    if (pages > call.pages) this.#unmap(t, page, pages, 'dirty-log');
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

  #unmap(t: number, page: number, pages: number, cause: CauseClass): void {
    this.#rows.add('unmap', t, page, pages, 'table-call', cause);
    this.#firstMaps.cover(page, page + pages, t);
    this.#blocks.remove(page, pages);
  }

  /** Unmapping or protecting a part of a block takes the whole block (`stage2_unmap_walker`). */
  change(kind: number, t: number, asked: number, askedPages: number, cause: CauseClass): void {
    if (kind === KvmKind.S2_DESTROY) {
      this.#unmap(t, 0, EVERYTHING, 'userspace');
      return;
    }
    const [page, pages] = this.#blocks.around(asked, Math.max(1, askedPages));
    if (kind === KvmKind.S2_UNMAP) this.#unmap(t, page, pages, cause);
    else if (kind === KvmKind.S2_WRPROTECT) this.#rows.add('write-protect', t, page, pages, 'table-call', 'dirty-log');
    else if (kind === KvmKind.S2_MKOLD) this.#rows.add('access-clear', t, page, pages, 'table-call', 'host-mm');
  }
}
