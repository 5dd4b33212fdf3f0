/**
 * The kernel events that the model reads, as columns, whatever the file format: stage 2 reconstruction and calibration see nothing else of
 * a trace. Page numbers are addresses >> 12 in doubles: exact for every 64-bit address.
 */

import { grown } from './grown.ts';

/** What an event is; `page`, `end`, `word`, `flags` and `other` are as given here, and 0 where not mentioned. */
export const KvmKind = {
  /** kvm_entry. */
  ENTRY: 0,
  /** kvm_exit. word: exception class (`esr_ec`; 0 for an interrupt). */
  EXIT: 1,
  /** kvm_guest_fault. page: IPA; word: ESR low 32 bits (`hsr`). */
  GUEST_FAULT: 2,
  /** kvm_access_fault: KVM sets the access flag again. page: IPA. */
  ACCESS_FAULT: 3,
  /** kvm_mmio. page: IPA. */
  MMIO: 4,
  /** kvm_userspace_exit. word: exit reason; flags: 1 if KVM_RUN failed with anything but EINTR. */
  USER_EXIT: 5,
  /** kvm_unmap_hva_range. page, end: HVA range, end exclusive. */
  UNMAP: 6,
  /** kvm_set_spte_hva. page: HVA. */
  SET_SPTE: 7,
  /** kvm_age_hva. page, end: HVA range, end exclusive. */
  AGE: 8,
  /** sys_enter of a call that changes host mappings. page, end: HVA range, end exclusive; word: one of `MemoryCall` | its argument << 8. */
  MEMORY_CALL: 9,
  /** sys_enter of any other call but ioctl. */
  OTHER_CALL: 10,
  /** sys_enter_ioctl. word: command. */
  IOCTL: 11,
  /** sys_exit of any call. page: what mmap and mremap returned; 0 for an error and for other calls. */
  CALL_EXIT: 12,
  /** The tracer lost events of this CPU just before; t is that of the CPU's next event. */
  LOST: 13,
  /** Call of __kvm_set_memory_region. page, end: IPA range (empty: deleted); other: HVA page; word: slot; flags: KVM_MEM_*. */
  MEMSLOT: 14,
  /** Calls of the kernel's own page-table code (kvm_pgtable_stage2_*). page, end: IPA range; other: the table's address; word: prot. */
  S2_MAP: 15,
  /** Return of the thread's latest S2_MAP. word: error number, 0 for success. */
  S2_MAP_RET: 16,
  S2_UNMAP: 17,
  S2_WRPROTECT: 18,
  S2_RELAX: 19,
  S2_RELAX_RET: 20,
  S2_MKYOUNG: 21,
  S2_MKOLD: 22,
  S2_DESTROY: 23,
  /** kvm_pgtable_stage2_split: blocks in the range become tables of pages. */
  S2_SPLIT: 24,
  /** A guest's own guest was entered, left or given an exception (kvm_nested_eret, kvm_inject_nested_exception). */
  NESTED: 25,
} as const;

/** Calls that change host mappings, and the meaning of their argument (`word >>> 8`). */
export const MemoryCall = {
  MUNMAP: 1,
  /** 1 with MAP_FIXED. */
  MMAP: 2,
  /** MREMAP_* flags. */
  MREMAP: 3,
  MPROTECT: 4,
  /** MADV_*; `NO_ADVICE` if the trace doesn't say. */
  MADVISE: 5,
  /** FALLOC_FL_* mode. It applies to a file's range, not to addresses. */
  FALLOCATE: 6,
} as const;

/** The argument of a madvise whose behavior isn't known. */
export const NO_ADVICE = 0xff;

/** A trace's events, in order. A long trace hands them out in blocks. */
export interface KvmTrace {
  /** ns, the trace's clock, of t = 0: the trace's first event (of any kind, relevant to the model or not). */
  readonly origin: bigint;
  /** ns from the trace's first to its last event, of any kind. */
  readonly span: number;
  /** Whether any event of a kind exists. */
  has(kind: number): boolean;
  /**
   * All events, block by block; a block may be refilled for the next one. May be asked for again.
   * @param holding leaves out blocks without events of that kind
   */
  blocks(holding?: number): Iterable<KvmEvents>;
}

/** Events in memory, one by one. */
export class KvmEvents implements KvmTrace {
  n = 0;
  origin = 0n;
  span = 0;
  /** Sorted by `t`, which is ns after `origin`. */
  t: Float64Array<ArrayBuffer>;
  tid: Int32Array<ArrayBuffer>;
  cpu: Uint16Array<ArrayBuffer>;
  kind: Uint8Array<ArrayBuffer>;
  word: Uint32Array<ArrayBuffer>;
  /** Most events are entries and exits, which name no page: they share row 0, the rest has its own rows. */
  row: Int32Array<ArrayBuffer>;
  readonly rows = new PageRows();

  /** @param room events that there is room for; it grows */
  constructor(room = 1024) {
    this.t = new Float64Array(room);
    this.tid = new Int32Array(room);
    this.cpu = new Uint16Array(room);
    this.kind = new Uint8Array(room);
    this.word = new Uint32Array(room);
    this.row = new Int32Array(room);
  }

  /** Appends an event. Returns its index. */
  push(t: number, tid: number, cpu: number, kind: number, page = 0, end = 0, word = 0): number {
    if (this.n === this.t.length) this.#grow();
    const i = this.n++;
    this.t[i] = t;
    this.tid[i] = tid;
    this.cpu[i] = cpu;
    this.kind[i] = kind;
    this.word[i] = word;
    this.row[i] = 0;
    if (page || end) {
      const row = this.#rowOf(i);
      this.rows.page[row] = page;
      this.rows.end[row] = end;
    }
    return i;
  }

  page(i: number): number {
    return this.rows.page[this.row[i]];
  }

  end(i: number): number {
    return this.rows.end[this.row[i]];
  }

  other(i: number): number {
    return this.rows.other[this.row[i]];
  }

  flags(i: number): number {
    return this.rows.flags[this.row[i]];
  }

  setOther(i: number, other: number): void {
    this.rows.other[this.#rowOf(i)] = other;
  }

  setFlags(i: number, flags: number): void {
    this.rows.flags[this.#rowOf(i)] = flags;
  }

  has(kind: number): boolean {
    return this.next(kind, 0) < this.n;
  }

  /** The first event of a kind from `from` on; n if there is none. For rare kinds it is far faster than to look at each event. */
  next(kind: number, from: number): number {
    const at = this.kind.indexOf(kind, from);
    return at < 0 ? this.n : Math.min(at, this.n);
  }

  blocks(holding?: number): readonly KvmEvents[] {
    return holding === undefined || this.has(holding) ? [this] : [];
  }

  clear(): void {
    this.n = 0;
    this.rows.n = 1;
  }

  /** Room for `n` events. */
  reserve(n: number): void {
    while (this.t.length < n) this.#grow();
  }

  #rowOf(i: number): number {
    return this.row[i] || (this.row[i] = this.rows.add());
  }

  #grow(): void {
    this.t = grown(this.t);
    this.tid = grown(this.tid);
    this.cpu = grown(this.cpu);
    this.kind = grown(this.kind);
    this.word = grown(this.word);
    this.row = grown(this.row);
  }
}

/** What else events name: columns of `KvmEvents` for those that need them. */
export class PageRows {
  /** Number of rows; the first is all zeros. */
  n = 1;
  page = new Float64Array(256);
  end = new Float64Array(256);
  other = new Float64Array(256);
  flags = new Uint8Array(256);

  /** A new row of zeros. */
  add(): number {
    if (this.n === this.page.length) {
      this.page = grown(this.page);
      this.end = grown(this.end);
      this.other = grown(this.other);
      this.flags = grown(this.flags);
    }
    const row = this.n++;
    this.page[row] = this.end[row] = this.other[row] = this.flags[row] = 0;
    return row;
  }
}

/** KVM's ioctl commands (include/uapi/linux/kvm.h) that change, or announce changes of, stage 2. */
export const KvmIoctl = {
  CREATE_VM: 0xae01,
  RUN: 0xae80,
  SET_USER_MEMORY_REGION: 0x4020ae46,
  SET_USER_MEMORY_REGION2: 0x40a0ae49,
  GET_DIRTY_LOG: 0x4010ae42,
  CLEAR_DIRTY_LOG: 0xc018aec0,
  RESET_DIRTY_RINGS: 0xaec7,
  SET_MEMORY_ATTRIBUTES: 0x4020aed2,
  CREATE_GUEST_MEMFD: 0xc040aed4,
  PRE_FAULT_MEMORY: 0xc040aed5,
} as const;
