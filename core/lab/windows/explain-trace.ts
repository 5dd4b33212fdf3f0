/** The event in a KVM trace behind a row of the stage 2 timeline: which thread, and in which system call. */
import type { StoryTraceEvent } from '../../analysis/story.ts';
import { TraceColumns } from '../../formats/event-format/columns.ts';
import { EventPrinter } from '../../formats/event-format/event-printer.ts';
import type { Alignment } from '../../model/alignment.ts';
import { KvmIoctl, KvmKind } from '../../model/kvm-events.ts';
import type { KvmTrace } from '../../model/kvm-events.ts';
import { code, stage2Kinds } from '../../model/terms.ts';
import type { Stage2Timeline } from '../../model/timeline.ts';
import type { Vm } from '../../model/vm.ts';
import type { CaptureRow } from '../../store/captures.ts';
import type { Db } from '../../store/lab-file.ts';
import { storedTrace } from '../captures/stored-trace.ts';

/** Event names behind each kind of evidence (model/stage2/evidence.ts). */
const eventsOf: Readonly<Record<string, RegExp>> = {
  'vm-created': /^sys_enter_ioctl$/,
  'first-fault': /^kvm_guest_fault$/,
  fault: /^kvm_entry(?:_v2)?$/,
  'permission-fault': /^kvm_entry(?:_v2)?$/,
  'block-fault': /^kvm_entry(?:_v2)?$/,
  'access-fault': /^kvm_access_fault$/,
  'unmap-hva': /^kvm_unmap_hva_range$/,
  'set-spte-hva': /^kvm_set_spte_hva$/,
  'age-hva': /^kvm_age_hva$/,
  'memslot-ioctl': /^sys_enter_ioctl$/,
  'dirty-log-ioctl': /^sys_enter_ioctl$/,
  'memslot-call': /memslot|set_memory_region/,
  'table-call': /s2_|pgtable_stage2/,
  'missed-unmap': /^kvm_guest_fault$/,
  'found-read-only': /^kvm_guest_fault$/,
  'block-split': /^kvm_(guest_fault|entry)$/,
};

const INITIAL = code(stage2Kinds, 'initial-unmapped');
/** How far back to look for a system call's start, ns. */
const CALL_NS = 10_000_000_000n;

/**
 * The time in the trace, ns after its origin, of a row of the aligned timeline; undefined if the row isn't the trace's.
 * @param own the timeline as reconstructed
 */
export function traceTimeOf(
  own: Stage2Timeline,
  aligned: Stage2Timeline,
  row: number,
  { scale, shiftNs, copies }: Alignment,
): number | undefined {
  const period = own.span * scale;
  let best: number | undefined;
  let bestDistance = 2;
  for (let i = 0; i < own.n; i++) {
    const same = (['kind', 'page', 'pages', 'evidence'] as const).every(
      (column) => own[column][i] === aligned[column][row],
    );
    if (!same) continue;
    const since = aligned.t[row] - shiftNs - own.t[i] * scale;
    const copy = own.kind[i] === INITIAL || !period ? 0 : Math.min(copies - 1, Math.max(0, Math.round(since / period)));
    const distance = Math.abs(since - copy * period);
    if (distance < bestDistance) [best, bestDistance] = [own.t[i], distance];
  }
  return best;
}

/** The first guest fault on a page, ns after the trace's origin: shows that it was unmapped until then. */
export function firstFaultOn(trace: KvmTrace, page: number): number | undefined {
  for (const events of trace.blocks(KvmKind.GUEST_FAULT)) {
    for (let i = 0; i < events.n; i++) {
      if (events.kind[i] === KvmKind.GUEST_FAULT && events.page(i) === page) return events.t[i];
    }
  }
  return undefined;
}

const ioctlsOf: Readonly<Record<string, readonly number[]>> = {
  'memslot-ioctl': [KvmIoctl.SET_USER_MEMORY_REGION, KvmIoctl.SET_USER_MEMORY_REGION2],
  'dirty-log-ioctl': [
    KvmIoctl.SET_USER_MEMORY_REGION,
    KvmIoctl.SET_USER_MEMORY_REGION2,
    KvmIoctl.GET_DIRTY_LOG,
    KvmIoctl.CLEAR_DIRTY_LOG,
    KvmIoctl.RESET_DIRTY_RINGS,
  ],
  'vm-created': [KvmIoctl.CREATE_VM],
};

/**
 * Start of the call within which an inferred row is dated: the latest one up to then that gives such evidence, ns after the
 * trace's origin. Undefined for other evidence.
 */
export function ioctlBefore(trace: KvmTrace, evidence: string, at: number): number | undefined {
  const commands = ioctlsOf[evidence];
  if (!commands) return undefined;
  let latest: number | undefined;
  for (const { n, t, kind, word } of trace.blocks(KvmKind.IOCTL)) {
    for (let i = 0; i < n && t[i] <= at; i++)
      if (kind[i] === KvmKind.IOCTL && commands.includes(word[i])) latest = t[i];
  }
  return latest;
}

/**
 * @param at ns after the trace's origin: rows ordered between events are within a ns of theirs
 * @param evidence what the timeline's row rests on
 */
export function traceEventAt(
  db: Db,
  capture: CaptureRow,
  origin: bigint,
  at: number,
  evidence: string,
  vm: Vm | undefined,
): StoryTraceEvent | undefined {
  const named = eventsOf[evidence];
  if (!named) return undefined;
  const first = origin + BigInt(Math.ceil(at - 1));
  const last = origin + BigInt(Math.floor(at + 1));
  const near = storedTrace(db, capture, { start: first, end: last + 1n });
  const printer = new EventPrinter(near);
  const batch = new TraceColumns();
  let found: Omit<StoryTraceEvent, 'call'> | undefined;
  near.read(batch, () => {
    for (let i = 0; i < batch.n && !found; i++) {
      const { name } = near.dictionary.formats[batch.event[i]];
      const t = batch.t[i];
      if (t < first || t > last || !named.test(name)) continue;
      const tid = batch.tid[i];
      const vcpu = vm?.vcpus.find((v) => v.tid === tid)?.vcpu;
      found = { t, name, text: printer.text(batch, i), tid, comm: near.dictionary.comms[batch.comm[i]], vcpu };
    }
  });
  return (
    found && { ...found, call: found.name.startsWith('sys_') ? undefined : callOf(db, capture, found.tid, found.t) }
  );
}

/** The system call a thread was in at `t`. */
function callOf(db: Db, capture: CaptureRow, tid: number, t: bigint): StoryTraceEvent['call'] {
  const before = storedTrace(db, capture, { start: t > CALL_NS ? t - CALL_NS : 0n, end: t + 1n });
  const printer = new EventPrinter(before);
  const batch = new TraceColumns();
  let call: StoryTraceEvent['call'];
  let exits = false;
  before.read(batch, () => {
    for (let i = 0; i < batch.n; i++) {
      if (batch.tid[i] !== tid || batch.t[i] > t) continue;
      const { name } = before.dictionary.formats[batch.event[i]];
      if (name.startsWith('sys_exit')) {
        exits = true;
        call = undefined;
      } else if (name.startsWith('sys_enter_')) {
        call = { t: batch.t[i], name: name.slice('sys_enter_'.length), text: printer.text(batch, i), certain: false };
      }
    }
  });
  return call && { ...call, certain: exits };
}
