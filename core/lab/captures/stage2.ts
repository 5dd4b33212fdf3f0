/** The stage 2 timelines of a trace in the lab file. */
import type { KvmTrace } from '../../model/kvm-events.ts';
import { KvmKind } from '../../model/kvm-events.ts';
import { measureAccuracy } from '../../model/stage2/accuracy.ts';
import type { Accuracy } from '../../model/stage2/accuracy.ts';
import { exactTimelines } from '../../model/stage2/exact.ts';
import { reconstruct } from '../../model/stage2/reconstruct.ts';
import type { Reconstruction } from '../../model/stage2/reconstruct.ts';
import type { HostFacts } from '../../model/stage2/host.ts';
import { parseTableCalls } from '../../model/stage2/reference.ts';
import { accuracyTable, stage2Rows } from '../../model/stage2/stage2-json.ts';
import type { Stage2JsonRow } from '../../model/stage2/stage2-json.ts';
import { PAGE_SHIFT } from '../../model/terms.ts';
import type { Stage2Timeline } from '../../model/timeline.ts';
import { parseVmDescription } from '../../model/vm.ts';
import type { VmDescription } from '../../model/vm.ts';
import { getCapture } from '../../store/captures.ts';
import type { CaptureRow } from '../../store/captures.ts';
import { readLab } from '../../store/lab-file.ts';
import type { Db } from '../../store/lab-file.ts';
import { RequestError } from '../about.ts';
import { readTextFile } from '../file-source.ts';
import { storedEvents } from './kept-events.ts';

/** Most bytes of a recording of the kernel's page-table calls. */
const MAX_REFERENCE_BYTES = 256 << 20;

export interface Stage2 extends Reconstruction {
  readonly events: KvmTrace;
  /** Undefined if none came with the trace. */
  readonly description: VmDescription | undefined;
}

/** @param events the trace's, if available; else read from the lab file */
export function loadStage2(db: Db, capture: CaptureRow, events = storedEvents(db, capture)): Stage2 {
  const description = loadDescription(capture);
  return { ...reconstruct(events, description, hostFacts(capture)), events, description };
}

/** What the trace's header, or the board kit beside it, says about the recording host. */
function hostFacts({ facts }: CaptureRow): HostFacts {
  return {
    kernel: facts.host?.kernel ?? facts.uname,
    pageSize: facts.host?.pageSize ?? facts.pageSize,
    protW: facts.host?.protW,
  };
}

/** The VM description that came with a trace. */
export function loadDescription(capture: CaptureRow): VmDescription | undefined {
  return capture.vm === undefined ? undefined : parseVmDescription(JSON.stringify(capture.vm));
}

export interface Stage2Request {
  readonly kvm: number;
  /** Index of the VM in the description. */
  readonly vm: number;
}

function timelineOf(lab: string, { kvm, vm }: Stage2Request): { stage2: Stage2; timeline: Stage2Timeline } {
  return readLab(lab, (db) => {
    const stage2 = loadStage2(db, getCapture(db, kvm, 'kvm'));
    const timeline = stage2.timelines[vm];
    if (!timeline)
      throw new RequestError(`capture ${kvm} has no VM ${vm}: its description names ${stage2.timelines.length}`);
    return { stage2, timeline };
  });
}

/** Why a timeline shows little or nothing: what the trace lacks, one sentence each. */
function gapsOf(stage2: Stage2): string[] {
  const { description, events, timelines } = stage2;
  const gaps: string[] = unfollowedSentences(stage2);
  if (!timelines.some((t) => t.exact) && !events.has(KvmKind.GUEST_FAULT)) {
    const advice = 'record with `-e kvm:kvm_guest_fault` (or all of `-e kvm`)';
    gaps.push(`no kvm_guest_fault in the trace: which pages were mapped when is unknown; ${advice}`);
  }
  if (!timelines.some((t) => t.exact) && events.has(KvmKind.GUEST_FAULT) && !events.has(KvmKind.ENTRY)) {
    gaps.push(
      'no kvm_entry in the trace: no fault can be seen answered, so nothing is known to be mapped; record all of `-e kvm`',
    );
  }
  if (description?.vms.every((vm) => vm.slots.length === 0))
    gaps.push("the VM description names no memslots: what the host unmapped can't be placed in guest memory");
  if (!description) {
    const threads = events.has(KvmKind.ENTRY) ? '' : ', and without kvm_entry no thread is known to be a vCPU';
    gaps.push(
      `no VM description: what the host unmapped (by its own addresses) can't be placed in guest memory${threads}; import the trace with --vm vm.json`,
    );
  }
  return gaps;
}

/** What in the trace may change stage 2 without saying where: one sentence each, with counts. */
export function unfollowedSentences({
  unfollowed,
  timelines,
}: Pick<Reconstruction, 'unfollowed' | 'timelines'>): string[] {
  const { preFaults, guestMemfds, attributes, nested } = unfollowed;
  if (timelines.every((t) => t.exact)) return [];
  const times = (n: number, what: string): string => `${n} ${what}${n === 1 ? '' : 's'}`;
  return [
    ...(preFaults
      ? [
          `${times(preFaults, 'KVM_PRE_FAULT_MEMORY ioctl')}: which pages they mapped isn't traced; what was unmapped is unknown until its next fault`,
        ]
      : []),
    ...(guestMemfds
      ? [
          `${times(guestMemfds, 'KVM_CREATE_GUEST_MEMFD ioctl')}: holes punched into a guest_memfd unmap guest pages that no event names`,
        ]
      : []),
    ...(attributes
      ? [
          `${times(attributes, 'KVM_SET_MEMORY_ATTRIBUTES ioctl')}: pages that became private or shared are unmapped, and no event names them`,
        ]
      : []),
    ...(nested
      ? [`${times(nested, 'event')} of nested guests: these run on stage 2 tables of their own, which are not followed`]
      : []),
  ];
}

/** The rows of a VM's timeline, with `ipa` those that touch its page; and what the trace lacks for more. */
export function stage2Timeline(
  lab: string,
  request: Stage2Request,
  ipa?: bigint,
): { rows: Generator<Stage2JsonRow>; gaps: string[] } {
  const { stage2, timeline } = timelineOf(lab, request);
  const page = ipa === undefined ? undefined : Number(ipa >> BigInt(PAGE_SHIFT));
  return { rows: stage2Rows(timeline, page), gaps: gapsOf(stage2) };
}

/** How well the timeline agrees with the kernel's own page-table calls, recorded beside the trace as ftrace text. */
export function stage2Accuracy(
  lab: string,
  request: Stage2Request,
  file: string,
): { table: string[][]; measured: { name: string; accuracy: Accuracy }[] } {
  const { stage2, timeline } = timelineOf(lab, request);
  const vm = stage2.description?.vms[request.vm];
  if (!stage2.description || !vm)
    throw new RequestError(`capture ${request.kvm} has no VM description: which pages to measure is unknown`);
  const lines = readTextFile(file, MAX_REFERENCE_BYTES).split('\n');
  const calls = parseTableCalls(lines);
  if (!calls.n)
    throw new RequestError(
      `${file}: holds no page-table call (s2_map, s2_unmap, …): record kprobes on kvm_pgtable_stage2_*`,
    );
  const truth = exactTimelines(calls, { ...stage2.description, pageUnit: stage2.pageUnit })[request.vm];
  const measured = [
    ...(vm.buffers.length ? [{ name: 'buffers', ranges: vm.buffers }] : []),
    { name: 'all memslots', ranges: vm.slots },
  ].map(({ name, ranges }) => ({ name, accuracy: measureAccuracy(timeline, truth, ranges) }));
  return { table: accuracyTable(measured), measured };
}
