/**
 * The kernel events that the model reads, as columns, whatever file they came from: stage 2 reconstruction and calibration
 * see nothing else of a trace. Page numbers are addresses >> 12 in doubles: exact for every 64-bit address.
 */

/** What an event is; `page`, `end`, `word`, `flags` and `other` mean what stands here, and are 0 where nothing is said. */
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
  /** kvm_userspace_exit. word: exit reason; flags: 1 if KVM_RUN failed with something else than EINTR. */
  USER_EXIT: 5,
  /** kvm_unmap_hva_range. page, end: HVA range, end exclusive. */
  UNMAP: 6,
  /** kvm_set_spte_hva. page: HVA. */
  SET_SPTE: 7,
  /** kvm_age_hva. page, end: HVA range, end exclusive. */
  AGE: 8,
  /** sys_enter of a call that changes host mappings of its range (munmap, madvise, mmap, mremap, mprotect). page, end: HVA range, end exclusive. */
  MEMORY_CALL: 9,
  /** sys_enter of any other call but ioctl. */
  OTHER_CALL: 10,
  /** sys_enter_ioctl. word: command. */
  IOCTL: 11,
  /** sys_exit of any call. */
  CALL_EXIT: 12,
  /** The tracer lost events of this CPU just before this moment; t is that of the CPU's next event. */
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
} as const;

export class KvmEvents {
  n = 0;
  /** ns, the trace's clock, of t = 0: the trace's first event (of any kind, relevant to the model or not). */
  origin = 0n;
  /** ns from the trace's first to its last event, of any kind. */
  span = 0;
  /** Sorted by `t`, which is ns after `origin`. */
  t = new Float64Array(1024);
  tid = new Int32Array(1024);
  cpu = new Uint16Array(1024);
  kind = new Uint8Array(1024);
  page = new Float64Array(1024);
  end = new Float64Array(1024);
  other = new Float64Array(1024);
  word = new Uint32Array(1024);
  flags = new Uint8Array(1024);

  /** Appends an event. Returns its index; rarely used columns are set through it. */
  push(t: number, tid: number, cpu: number, kind: number, page = 0, end = 0, word = 0): number {
    if (this.n === this.t.length) this.#grow();
    const i = this.n++;
    this.t[i] = t;
    this.tid[i] = tid;
    this.cpu[i] = cpu;
    this.kind[i] = kind;
    // New memory holds zeros; most events are entries and exits, which have none of these.
    if (page) this.page[i] = page;
    if (end) this.end[i] = end;
    if (word) this.word[i] = word;
    return i;
  }

  #grow(): void {
    const size = this.t.length * 2;
    const copy = <A extends Float64Array | Int32Array | Uint32Array | Uint16Array | Uint8Array>(to: A, from: A): A => {
      to.set(from);
      return to;
    };
    this.t = copy(new Float64Array(size), this.t);
    this.tid = copy(new Int32Array(size), this.tid);
    this.cpu = copy(new Uint16Array(size), this.cpu);
    this.kind = copy(new Uint8Array(size), this.kind);
    this.page = copy(new Float64Array(size), this.page);
    this.end = copy(new Float64Array(size), this.end);
    this.other = copy(new Float64Array(size), this.other);
    this.word = copy(new Uint32Array(size), this.word);
    this.flags = copy(new Uint8Array(size), this.flags);
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
} as const;
