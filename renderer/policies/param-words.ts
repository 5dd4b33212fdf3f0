/** Parameters in words: a label besides the name, and what reads it. Typed by the model's list: a new one won't compile unnamed. */
import type { ResolvedParams } from '../../core/contract/runs.ts';

export type ParamName = keyof ResolvedParams['params'];

export interface ParamWords {
  readonly label: string;
  /** What it is and what reads it. */
  readonly what: string;
}

const w = (label: string, what: string): ParamWords => ({ label, what });

export const paramWords: Readonly<Record<ParamName, ParamWords>> = {
  align: w(
    'alignment of the clocks',
    'How the trace’s times are laid over the samples’; auto: one clock if both have it, else start at start.',
  ),
  offsetNs: w('offset', 'Moves the trace against the samples.'),
  scale: w('time scale', 'Stretches the trace’s times; auto: 1, or what makes the spans equal with fit.'),
  lanes: w('SPE CPU for vCPU', 'Which profiled CPU is which vCPU; auto: by number. CPUs left out are not replayed.'),
  vm: w('which VM', 'Of the trace’s VM description, from 0; auto: the one with most vCPUs.'),
  placement: w(
    'where the buffers lie',
    'explicit: as described; random: any RAM pages; hot, quiet: pages with most and fewest stage 2 changes.',
  ),
  buffers: w('buffers', 'The SPE buffers’ guest addresses, for placement explicit.'),
  trials: w('placements tried', 'Random placements; more than one gives ranges.'),
  seed: w('seed', 'Of random placements and sampled latencies.'),
  bufferBytes: w('buffer size', 'Of each lane’s SPE buffer. Read at every page crossing, and by all that pins.'),
  watermarkBytes: w(
    'service point',
    'How much is written before the guest is interrupted to drain the buffer; auto: half of it.',
  ),
  privateBytes: w('private buffer', 'KVM’s own buffer, of policies that pin private-buffer.'),
  vmBytes: w('guest memory', 'What pin vm pins up front; auto: all slots.'),
  dlDiscard: w(
    'guest discards at DL=1',
    'What a guest that is told throws away: nothing more, all since the last service point after an external abort, or that at any DL=1.',
  ),
  dlProbability: w(
    'hardware sets DL',
    'Probability that a stage 2 fault leaves a record torn (PMBSR_EL1.DL). Read by answers that differ by DL.',
  ),
  tornRecords: w(
    'torn records',
    'Further records that the decoder loses where KVM goes on after DL=1 without telling the guest.',
  ),
  guestReaction: w('guest’s reaction', 'To an injected event: as Linux’s driver, or throwing the whole session away.'),
  guestZeroes: w(
    'guest touches first',
    'Linux allocates AUX pages zeroed, so its CPU takes the first touch, not the SPU.',
  ),
  guestSError: w('guest at an SError', 'Linux panics, unless the ESR says corrected. Read by the answer serror.'),
  afterExit: w(
    'after an exit',
    'The VMM settles exit-to-userspace and the vCPU goes on, or leaves profiling off to the session’s end.',
  ),
  speVersion: w('SPE version', 'From SPEv1p3 on, external aborts become SErrors; nothing else depends on it.'),
  profilingException: w('faults as exceptions', 'FEAT_SPE_EXC: stage 2 faults come to EL2 at once, not by PMBIRQ.'),
  spuFlagUpdates: w(
    'SPU sets flags',
    'PMBIDR_EL1.F: the SPU sets access flag and dirty state. Without, aged pages fault.',
  ),
  initial: w('pages before the trace', 'State of pages that the trace says nothing of yet.'),
  contentsKept: w('unmaps keep contents', 'No unmap loses the records that lie in its pages.'),
  unpinnedBy: w(
    'what reaches pins',
    'In place of every policy’s own: changes that take a pinned page’s mapping all the same.',
  ),
  injectDl: w('DL that KVM injects', 'In place of every policy’s own, with buffer management events.'),
  trapsPerEnable: w(
    'traps an enable',
    'Trapped register writes each time profiling is enabled, trapNs each; a policy may have its own.',
  ),
  rlimitBytes: w('memory lock limit', 'RLIMIT_MEMLOCK of the VMM: what pin enable may not exceed, over all lanes.'),
  calibrate: w('measure latencies', 'Take latencies from the trace where it has them.'),
  latency: w('measured latencies as', 'Their median, or drawn from their distribution with the seed.'),
  irqNs: w(
    'interrupt latency',
    'From a fault until PMBIRQ takes the vCPU out: the guest runs on unprofiled. Every fault pays it.',
  ),
  trapNs: w('trap', 'A register access that traps, there and back. Read at each enable.'),
  walkNsPerPage: w('table walk', 'Of stage 1, a page: whatever maps or pins.'),
  mapNs: w('mapping a page', 'Answers map; stall.'),
  pinNsPerPage: w('pinning', 'A page; stall.'),
  unpinNsPerPage: w('unpinning', 'A page; stall.'),
  injectNs: w('injecting an event', 'KVM’s part of a buffer management event.'),
  guestHandlerNs: w('guest’s handler', 'Of its PMBIRQ, before it reacts.'),
  reenableNs: w(
    'perf enables again',
    'From an event with DL=1 until perf has read the buffer and enables the session again: dark all the while.',
  ),
  readNs: w('perf reads', 'From a full service point until perf has read it: what an unmap wipes before is gone.'),
  exitNs: w('exit to the VMM', 'There and back; stall.'),
  fullExtraNs: w('full buffer, KVM’s part', 'What each drained service point costs beyond bare metal: dark.'),
  copyBytesPerNs: w('copying out', 'Of a private buffer; stall.'),
  gapFactor: w('gap factor', 'Observed blackouts: how many median gaps long.'),
  gapMinNs: w('least gap', 'Observed blackouts: shorter ones are none.'),
};

/** For a name that may be newer than this page, or not a run parameter (`unmapRate`). */
export function wordsOf(name: string): ParamWords {
  if (name === 'unmapRate')
    return w('unmaps of the host', 'How often the host unmaps, as a multiple of the trace: 1 is the trace as it is.');
  return (paramWords as Readonly<Record<string, ParamWords>>)[name] ?? { label: name, what: '' };
}
