/** A VM description from what a stored trace contains. */
import { TraceColumns } from '../../formats/event-format/columns.ts';
import { KvmKind } from '../../model/kvm-events.ts';
import { PAGE_SHIFT } from '../../model/terms.ts';
import { draftVm, vcpuNumber } from '../../model/vm-draft.ts';
import type { TracedSlot, VcpuThread, VmDraft } from '../../model/vm-draft.ts';
import type { CaptureRow } from '../../store/captures.ts';
import type { Db } from '../../store/lab-file.ts';
import { readTraceChunks } from '../../store/trace-store.ts';
import { storedEvents } from './kept-events.ts';
import { storedTrace } from './stored-trace.ts';

/** Reads the trace once; nothing is stored. */
export function vmDraft(db: Db, capture: CaptureRow): VmDraft {
  const stored = capture.vm as { vms?: [] } | undefined;
  const { host, pageSize: page } = capture.facts;
  const pageSize = [host?.pageSize, page].find((size) => size === 4096 || size === 16384 || size === 65536);
  return draftVm(vcpuThreads(db, capture), tracedSlots(db, capture), stored, pageSize);
}

/** Threads with a kvm_entry, by tid. Thread names can change: the first that numbers a vCPU is taken. */
function vcpuThreads(db: Db, capture: CaptureRow): VcpuThread[] {
  const { formats, comms } = storedTrace(db, capture).dictionary;
  const entry = formats.map((f) => /(^|:)kvm_entry$/.test(f.name));
  const names = new Map<number, string>();
  for (const b of readTraceChunks(db, capture.id, new TraceColumns())) {
    for (let i = 0; i < b.n; i++) {
      if (!entry[b.event[i]]) continue;
      const before = names.get(b.tid[i]);
      if (before !== undefined && vcpuNumber(before) !== undefined) continue;
      names.set(b.tid[i], comms[b.comm[i]] ?? '');
    }
  }
  return Array.from(names, ([tid, name]) => ({ tid, name })).sort((a, b) => a.tid - b.tid);
}

function tracedSlots(db: Db, capture: CaptureRow): TracedSlot[] {
  const bytes = (pages: number) => BigInt(pages) << BigInt(PAGE_SHIFT);
  const slots: TracedSlot[] = [];
  for (const events of storedEvents(db, capture).blocks(KvmKind.MEMSLOT)) {
    for (let i = 0; i < events.n; i++) {
      if (events.kind[i] !== KvmKind.MEMSLOT) continue;
      const [page, end] = [events.page(i), events.end(i)];
      slots.push({ slot: events.word[i], gpa: bytes(page), size: bytes(end - page), hva: bytes(events.other(i)) });
    }
  }
  return slots;
}
