/**
 * Who announces an unmap and what becomes of the contents (model.md section 3.2), by the argument of the system call that its thread is in.
 * Facts: mm/madvise.c, mm/mmap.c, mm/mremap.c, mm/mprotect.c, mm/memory.c (MMU_NOTIFY_* of each).
 */
import { MemoryCall, NO_ADVICE } from '../kvm-events.ts';
import type { CauseClass } from '../terms.ts';
import type { UnmapEffect } from '../timeline.ts';
import type { Backing } from '../vm.ts';
import type { Thread } from './threads.ts';

/** MADV_* (include/uapi/asm-generic/mman-common.h). */
const Advice = { FREE: 8, REMOVE: 9, DONTNEED: 4, DONTNEED_LOCKED: 24 } as const;
/** MREMAP_FIXED | MREMAP_DONTUNMAP. */
const MREMAP_ELSEWHERE = 2 | 4;
/** FALLOC_FL_COLLAPSE_RANGE, _ZERO_RANGE and _PUNCH_HOLE: the modes that take pages out of a file. */
const FALLOC_DROPS = 0x08 | 0x10 | 0x02;

/** HVA pages [start, end) that share an effect. */
export interface UnmapPiece {
  readonly start: number;
  readonly end: number;
  readonly cause: CauseClass;
  readonly effect: UnmapEffect;
}

const effect = (
  notify: UnmapEffect['notify'],
  contents: UnmapEffect['contents'],
  origin: UnmapEffect['origin'],
): UnmapEffect => ({ notify, contents, origin });

/** Reclaim, migration, compaction, KSM, copy-on-write, THP: the bytes come back, wherever they lie by then. */
export const HOST_MM = effect('clear', 'kept', 'assumed');
/** change_prot_numa, which a vCPU thread runs as task work before it enters the guest. */
export const NUMA_HINTING = effect('protect', 'kept', 'assumed');
/**
 * An unmap of HVA pages [start, end) announced by this thread, in pieces. The host's mm announces a whole huge page when it
 * splits one at the edge of the call's range: what lies outside the range keeps its contents.
 * @param block pages of 4 KiB that a huge page has
 */
export function unmapPieces(
  thread: Thread,
  start: number,
  end: number,
  backing: Backing | undefined,
  block: number,
): UnmapPiece[] {
  const { callStart, callEnd } = thread;
  const inCall = callEnd > callStart;
  const [first, last] = [Math.floor(callStart / block) * block, Math.ceil(callEnd / block) * block];
  if (inCall && start >= first && end <= last) {
    const within = callEffect(thread.call, backing);
    const outside = effect('clear', 'kept', 'measured');
    return [
      { start, end: Math.min(end, callStart), effect: outside },
      { start: Math.max(start, callStart), end: Math.min(end, callEnd), effect: within },
      { start: Math.max(start, callEnd), end, effect: outside },
    ].flatMap((piece) => (piece.start < piece.end ? [{ ...piece, cause: 'userspace' as const }] : []));
  }
  // A moved mapping replaces whatever is at its new place.
  if (inCall && (thread.call & 0xff) === MemoryCall.MREMAP && (thread.call >>> 8) & MREMAP_ELSEWHERE)
    return [{ start, end, cause: 'userspace', effect: effect('unmap', 'dropped', 'measured') }];
  return [{ start, end, cause: 'host-mm', effect: thread.vcpu && !thread.pending ? NUMA_HINTING : HOST_MM }];
}

function callEffect(word: number, backing: Backing | undefined): UnmapEffect {
  const argument = word >>> 8;
  const call = word & 0xff;
  // The guest's pages come from the guest_memfd, wherever the VMM maps it (gmem_abort).
  const isOfMapping = call === MemoryCall.MUNMAP || call === MemoryCall.MREMAP || call === MemoryCall.MMAP;
  if (backing === 'guest_memfd' && isOfMapping) return effect('unmap', 'kept', 'measured');
  switch (call) {
    case MemoryCall.MUNMAP:
      return effect('unmap', 'gone', 'measured');
    case MemoryCall.MREMAP:
      return effect('unmap', 'gone', 'measured');
    case MemoryCall.MMAP:
      return effect('unmap', 'dropped', 'measured');
    case MemoryCall.MPROTECT:
      return effect('protect', 'kept', 'measured');
    case MemoryCall.FALLOCATE:
      return effect('clear', argument & FALLOC_DROPS ? 'dropped' : 'kept', 'measured');
    default:
      return adviceEffect(argument, backing);
  }
}

function adviceEffect(advice: number, backing: Backing | undefined): UnmapEffect {
  switch (advice) {
    case Advice.REMOVE:
      return effect('clear', 'dropped', 'measured');
    case Advice.DONTNEED:
    case Advice.DONTNEED_LOCKED:
    case Advice.FREE:
      return freed(backing);
    case NO_ADVICE:
      // Memory that a VMM advises on is memory that it gives back.
      return { ...freed(backing), origin: 'assumed' };
    default:
      return effect('clear', 'kept', 'measured');
  }
}

/** Private memory is discarded, the page cache keeps shared memory. */
function freed(backing: Backing | undefined): UnmapEffect {
  switch (backing) {
    case undefined:
    // hugetlbfs is mapped privately or shared: the description doesn't say which.
    case 'hugetlb':
      return effect('clear', 'dropped', 'assumed');
    case 'anonymous':
      return effect('clear', 'dropped', 'measured');
    case 'shared':
    case 'guest_memfd':
      return effect('clear', 'kept', 'measured');
  }
}
