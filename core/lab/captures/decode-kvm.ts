/** Extracts the events that the model reads: the one place that knows both the kernel's field names and the model's columns. */
import { TraceColumns } from '../../formats/event-format/columns.ts';
import type { TraceDictionary } from '../../formats/event-format/columns.ts';
import { fieldReader } from '../../formats/event-format/field-reader.ts';
import type { FieldReader } from '../../formats/event-format/field-reader.ts';
import type { EventFormat } from '../../formats/event-format/format.ts';
import { plainName } from '../../formats/event-format/vendor-names.ts';
import type { Trace } from '../../formats/event-format/trace-file.ts';
import { halves } from '../../formats/spe/columns.ts';
import { KvmEvents, KvmKind, MemoryCall, NO_ADVICE } from '../../model/kvm-events.ts';
import { tableCallKind } from '../../model/stage2/reference.ts';

/** Writes event `i` of a batch into the columns; t is ns after the origin. */
type Take = (batch: TraceColumns, i: number, t: number) => void;

/**
 * All events of a trace that the model reads, in the trace's order.
 * @param columns to read batches into: new ones are 6 MB, which takes longer to clear than a few events take to read
 */
export function readKvmEvents(trace: Trace, columns = new TraceColumns()): KvmEvents {
  const reader = new KvmEventReader(trace.dictionary);
  trace.read(columns, (batch) => reader.take(batch));
  return reader.events;
}

/** How to read an event of the dictionary: nearly all are entries and exits, which need no call of their own. */
const Way = { UNSEEN: 0, ENTRY: 1, EXIT: 2, TAKE: 3, NONE: 4 } as const;

/** Picks them out of a trace's batches, given in order. Events of other kinds only count for the span. */
export class KvmEventReader {
  readonly events: KvmEvents;
  readonly #dictionary: TraceDictionary;
  /** By event of the dictionary: one of `Way`, and what that needs. */
  readonly #ways = new Uint8Array(1 << 16);
  readonly #takes: Take[] = [];
  readonly #classes: FieldReader[] = [];
  #origin: Uint32Array | undefined;

  /**
   * @param events where to append them
   * @param origin the trace's start, if the first batch isn't its first one
   */
  constructor(dictionary: TraceDictionary, events = new KvmEvents(), origin?: bigint) {
    this.#dictionary = dictionary;
    this.events = events;
    if (origin !== undefined) this.#setOrigin(origin);
  }

  take(batch: TraceColumns): void {
    const { events } = this;
    const words32 = halves(batch.t);
    const [originLo, originHi] = this.#origin ?? this.#setOrigin(batch.t[0]);
    const ways = this.#ways;
    const { n, event, tid, cpu, lostBefore } = batch;
    // For each event at most a loss and itself: columns stay the same arrays meanwhile.
    events.reserve(events.n + 2 * n);
    const { t: times, tid: tids, cpu: cpus, kind: kinds, word: words, row: rows } = events;
    let t = 0;
    for (let i = 0; i < n; i++) {
      t = (words32[2 * i + 1] - originHi) * 2 ** 32 + (words32[2 * i] - originLo);
      if (lostBefore[i]) events.push(t, tid[i], cpu[i], KvmKind.LOST);
      const format = event[i];
      const way = ways[format] || this.#findWay(format);
      if (way <= Way.EXIT) {
        const k = events.n++;
        times[k] = t;
        tids[k] = tid[i];
        cpus[k] = cpu[i];
        kinds[k] = way === Way.ENTRY ? KvmKind.ENTRY : KvmKind.EXIT;
        words[k] = way === Way.ENTRY ? 0 : this.#classes[format].u32(batch, i);
        rows[k] = 0;
      } else if (way === Way.TAKE) this.#takes[format](batch, i, t);
    }
    events.span = t;
  }

  #findWay(event: number): number {
    const format = this.#dictionary.formats[event];
    const name = plainName(format.name);
    if (name === 'kvm_entry') return (this.#ways[event] = Way.ENTRY);
    if (name === 'kvm_exit') {
      this.#classes[event] = fieldReader(format, 'esr_ec') ?? absent;
      return (this.#ways[event] = Way.EXIT);
    }
    const take = takeOf(format, name, this.events);
    if (take) this.#takes[event] = take;
    return (this.#ways[event] = take ? Way.TAKE : Way.NONE);
  }

  #setOrigin(origin: bigint): Uint32Array {
    this.events.origin = origin;
    return (this.#origin = halves(BigUint64Array.of(origin)));
  }
}

function takeOf(format: EventFormat, name: string, events: KvmEvents): Take | undefined {
  const field = (...names: string[]): FieldReader => {
    for (const n of names) {
      const reader = fieldReader(format, n);
      if (reader) return reader;
    }
    return absent;
  };
  const push = (kind: number, page: Value = zero, end: Value = zero, word: Value = zero): Take => {
    return (b, i, t) => events.push(t, b.tid[i], b.cpu[i], kind, page(b, i), end(b, i), word(b, i));
  };
  switch (name) {
    case 'kvm_guest_fault':
      return push(KvmKind.GUEST_FAULT, page(field('ipa')), zero, low(field('hsr')));
    case 'kvm_access_fault':
      return push(KvmKind.ACCESS_FAULT, page(field('ipa')));
    case 'kvm_mmio':
      return push(KvmKind.MMIO, page(field('gpa')));
    // Device access by an instruction without a valid syndrome: userspace decodes it.
    case 'kvm_mmio_nisv':
      return push(KvmKind.MMIO, page(field('ipa')));
    case 'kvm_nested_eret':
    case 'kvm_inject_nested_exception':
      return push(KvmKind.NESTED);
    case 'kvm_userspace_exit':
      return userExit(field('reason'), field('errno'), events);
    case 'kvm_unmap_hva_range':
      return push(KvmKind.UNMAP, page(field('start')), pageUp(field('end')));
    case 'kvm_set_spte_hva':
      return push(KvmKind.SET_SPTE, page(field('hva')));
    case 'kvm_age_hva':
      return push(KvmKind.AGE, page(field('start')), pageUp(field('end')));
    case 'sys_enter_ioctl':
      return push(KvmKind.IOCTL, zero, zero, low(field('cmd')));
    case 'memslot':
      return memslot(field, events);
  }
  const call = memoryCalls[name];
  if (call) {
    const [start, length] = [field(call.start), field(call.length)];
    return push(KvmKind.MEMORY_CALL, userPage(start), userEnd(start, length), memoryCallWord(call, format));
  }
  // Neither names addresses: what the call unmaps may be anywhere.
  if (name === 'sys_enter_fallocate')
    return push(
      KvmKind.MEMORY_CALL,
      zero,
      anywhere,
      memoryCallWord({ call: MemoryCall.FALLOCATE, argument: 'mode' }, format),
    );
  if (name === 'sys_enter_process_madvise')
    return push(
      KvmKind.MEMORY_CALL,
      zero,
      anywhere,
      memoryCallWord({ call: MemoryCall.MADVISE, argument: 'behavior' }, format),
    );
  if (name === 'sys_exit_mmap' || name === 'sys_exit_mremap') return push(KvmKind.CALL_EXIT, returned(field('ret')));
  if (name.startsWith('sys_enter_')) return push(KvmKind.OTHER_CALL);
  if (name.startsWith('sys_exit_')) return push(KvmKind.CALL_EXIT);
  if (/kvm_set_memory_region/.test(name)) return memslot(field, events);
  const kind = tableCallKind(name);
  return kind === undefined ? undefined : tableCall(kind, field, events);
}

interface CallArgument {
  readonly call: number;
  /** The field saying what the call does. */
  readonly argument?: string;
}

/** Calls that change host mappings: start and length of what they change. */
const memoryCalls: Readonly<Record<string, CallArgument & { readonly start: string; readonly length: string }>> = {
  sys_enter_munmap: { call: MemoryCall.MUNMAP, start: 'addr', length: 'len' },
  sys_enter_madvise: { call: MemoryCall.MADVISE, start: 'start', length: 'len_in', argument: 'behavior' },
  sys_enter_mmap: { call: MemoryCall.MMAP, start: 'addr', length: 'len', argument: 'flags' },
  sys_enter_mremap: { call: MemoryCall.MREMAP, start: 'addr', length: 'old_len', argument: 'flags' },
  sys_enter_mprotect: { call: MemoryCall.MPROTECT, start: 'start', length: 'len' },
};

/** MAP_FIXED and MAP_FIXED_NOREPLACE (include/uapi/asm-generic/mman-common.h). */
const FIXED = 0x100010;

/** `word` of a MEMORY_CALL. */
function memoryCallWord({ call, argument }: CallArgument, format: EventFormat): Value {
  if (argument === undefined) return () => call;
  const reader = fieldReader(format, argument);
  if (call === MemoryCall.MMAP) return (b, i) => call | (reader && reader.u32(b, i) & FIXED ? 1 << 8 : 0);
  if (!reader) return () => call | (call === MemoryCall.MADVISE ? NO_ADVICE << 8 : 0);
  return (b, i) => call | ((reader.u32(b, i) & 0xffff) << 8);
}

/** One past the last user page there can be. */
const anywhere: Value = () => 2 ** 44;

/** The page that a call returned; 0 if it failed. */
const returned =
  (r: FieldReader): Value =>
  (b, i) =>
    r.high(b, i) >>> 31 ? 0 : page(r)(b, i);

const KVM_EXIT_UNKNOWN = 0;
/** EINTR: KVM_RUN was only interrupted. */
const EINTR = 4;

function userExit(reason: FieldReader, errno: FieldReader, events: KvmEvents): Take {
  return (b, i, t) => {
    const why = reason.u32(b, i);
    const at = events.push(t, b.tid[i], b.cpu[i], KvmKind.USER_EXIT, 0, 0, why);
    const error = -(errno.u32(b, i) | 0);
    // KVM clears the reason before it runs the guest (kvm_arch_vcpu_ioctl_run): it stays so where that fails, and trace-cmd prints no errno.
    const failed = error === 0 ? why === KVM_EXIT_UNKNOWN : error > 0 && error !== EINTR;
    if (failed) events.setFlags(at, 1);
  };
}

function memslot(field: (...names: string[]) => FieldReader, events: KvmEvents): Take {
  const [slot, flags, gpa, size, hva] = ['slot', 'flags', 'gpa', 'size', 'hva'].map((name) => field(name));
  return (b, i, t) => {
    const first = page(gpa)(b, i);
    const end = first + page(size)(b, i);
    const at = events.push(t, b.tid[i], b.cpu[i], KvmKind.MEMSLOT, first, end, slot.u32(b, i));
    events.setOther(at, page(hva)(b, i));
    events.setFlags(at, flags.u32(b, i) & 0xff);
  };
}

function tableCall(kind: number, field: (...names: string[]) => FieldReader, events: KvmEvents): Take {
  const [pgt, ipa, size, prot, ret] = ['pgt', 'ipa', 'size', 'prot', 'ret'].map((name) => field(name));
  // kvm_pgtable_stage2_test_clear_young(…, mkold = false) only looks.
  const mkold = kind === KvmKind.S2_MKOLD ? field('mkold', 'old') : absent;
  const returns = kind === KvmKind.S2_MAP_RET || kind === KvmKind.S2_RELAX_RET;
  return (b, i, t) => {
    if (mkold !== absent && !mkold.u32(b, i)) return;
    const first = page(ipa)(b, i);
    const pages = kind === KvmKind.S2_DESTROY ? 0 : page(size)(b, i) || 1;
    const word = returns ? -(ret.u32(b, i) | 0) : prot.u32(b, i) & 0xff;
    const at = events.push(t, b.tid[i], b.cpu[i], kind, first, first + pages, word);
    // Only identity counts; the low 53 bits of a kernel pointer keep it.
    events.setOther(at, (pgt.high(b, i) & 0x1fffff) * 2 ** 32 + pgt.u32(b, i));
  };
}

type Value = (batch: TraceColumns, i: number) => number;

const zero: Value = () => 0;
const absent: FieldReader = { u32: () => 0, high: () => 0, u64: () => 0n, text: () => '' };

const low =
  (r: FieldReader): Value =>
  (b, i) =>
    r.u32(b, i);

/** Page number of an address: exact in a double for all 64 bits. */
const page =
  (r: FieldReader): Value =>
  (b, i) =>
    r.high(b, i) * 2 ** 20 + (r.u32(b, i) >>> 12);

/** Page number of the first page at or after an exclusive end. */
const pageUp =
  (r: FieldReader): Value =>
  (b, i) =>
    r.high(b, i) * 2 ** 20 + (r.u32(b, i) >>> 12) + (r.u32(b, i) & 0xfff ? 1 : 0);

/** System calls take user addresses with a tag in the top byte (untagged_addr). */
const userPage =
  (r: FieldReader): Value =>
  (b, i) =>
    (r.high(b, i) & 0xffffff) * 2 ** 20 + (r.u32(b, i) >>> 12);

const userEnd =
  (start: FieldReader, length: FieldReader): Value =>
  (b, i) => {
    const into = start.u32(b, i) & 0xfff;
    const low32 = length.u32(b, i) + into + 0xfff;
    return userPage(start)(b, i) + length.high(b, i) * 2 ** 20 + Math.floor(low32 / 4096);
  };
