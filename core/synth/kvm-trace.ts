/** The KVM trace of a pair: a VM that runs while the profile is taken, traced from its creation on. */
import type { Stage2Timeline } from '../model/timeline.ts';
import { Agenda } from './agenda.ts';
import { streamOf } from './capture.ts';
import type { CapturePlan } from './capture.ts';
import { LEAD_NS, tickNs, FIRST_TICK } from './clock.ts';
import { GuestMemory, PAGE } from './guest-memory.ts';
import { Host } from './host.ts';
import type { SynthOptions } from './options.ts';
import { RingBuffer } from './ring-buffer.ts';
import type { Loss } from './ring-buffer.ts';
import type { ByteSink } from './sink.ts';
import { writeTraceDat } from './trace-dat.ts';
import { TraceEvents } from './trace-events.ts';
import { Vcpu } from './vcpu.ts';
import type { Machine } from './vcpu.ts';

const VMM_PID = 5001;
const FIRST_VCPU_TID = 5003;

export interface KvmTrace {
  /** Every change of stage 2, as it was. */
  readonly timeline: Stage2Timeline;
  readonly memory: GuestMemory;
  readonly losses: readonly Loss[];
  /** In the file, and lost. */
  readonly events: number;
  /** `kvm.vm.json`. */
  readonly vm: object;
}

/** Runs the VM and writes its trace. Memory grows with the events (some 40 bytes each) and with the changes of stage 2. */
export function writeKvmTrace(
  options: SynthOptions,
  plan: CapturePlan,
  sink: ByteSink,
  onTime?: (done: number, span: number) => void,
): KvmTrace {
  const { cpus, seed } = options;
  const begin = tickNs(FIRST_TICK) - LEAD_NS;
  const end = tickNs(plan.lastTick);
  const random = streamOf(seed, 'host', 0);
  const host = cpus;
  const losses = Array.from({ length: options.lostPages }, () => ({
    cpu: random.below(cpus + 1),
    at: begin + Math.floor((0.1 + 0.8 * random.uniform()) * (end - begin)),
  }));
  const rings = Array.from({ length: cpus + 1 }, (_, cpu) => {
    return new RingBuffer(
      cpu,
      losses.filter((l) => l.cpu === cpu).map((l) => l.at),
    );
  });
  const machine: Machine = {
    memory: new GuestMemory(options),
    events: new TraceEvents(rings),
    agenda: new Agenda(),
    thp: options.thp || options.backing === 'hugetlb',
    hasBuffers: true,
    isLogging: false,
    invalidations: 0,
  };
  const threads = {
    vmm: { tid: VMM_PID, cpu: host },
    kswapd: { tid: 61, cpu: host },
    ksmd: { tid: 33, cpu: host },
  };
  const ready = begin + 1_000_000;
  new Host(machine, threads, options, random, plan.phases).start(begin, ready);
  const exitNs = plainExitNs(options, end - begin);
  // A buffer page holds 64 records: four writes to it, each followed by one to other RAM.
  const writeNs = 8 * options.intervalNs;
  for (let v = 0; v < cpus; v++) {
    const actor = { tid: FIRST_VCPU_TID + v, cpu: v };
    const vcpu = new Vcpu(machine, v, actor, streamOf(seed, 'guest', v), writeNs, exitNs);
    machine.agenda.at(ready + v * 10_000, (t) => vcpu.start(t));
  }
  machine.agenda.run(end, (t) => onTime?.(t - begin, end - begin));
  machine.memory.history.t.fill(begin, 0, machine.memory.slots.length);

  const comms = new Map<number, string>([
    [VMM_PID, 'vmm'],
    [61, 'kswapd0'],
    [33, 'ksmd'],
  ]);
  for (let v = 0; v < cpus; v++) comms.set(FIRST_VCPU_TID + v, `CPU ${v}/KVM`);
  writeTraceDat(sink, {
    version: options.traceVersion,
    zstd: options.zstd,
    comms,
    cpus: rings.map((r) => r.finish()),
  });
  return {
    timeline: machine.memory.history.timeline(begin, end - begin),
    memory: machine.memory,
    losses: rings.flatMap((r) => r.lost),
    events: rings.reduce((n, r) => n + r.events, 0),
    vm: vmDescription(machine.memory, options),
  };
}

/** Mean time between a vCPU's exits unrelated to stage 2, so that the trace has about `kvmEvents`. */
function plainExitNs(options: SynthOptions, span: number): number {
  const { cpus, kvmEvents, intervalNs, ramPages, bufferBytes, unmapPages } = options;
  const writes = (span / (8 * intervalNs)) * cpus;
  const changes = ((options.unmaps + options.reclaims + options.merges) * span) / 1e9;
  const faults = Math.min(writes, ramPages + (cpus * bufferBytes) / PAGE + (changes * unmapPages) / 4);
  const exits = Math.max(0, kvmEvents - 3 * faults - 2 * changes) / 2;
  return exits > 0 ? Math.max(3_000, Math.floor((span * cpus) / exits)) : span * 4;
}

function vmDescription(memory: GuestMemory, { cpus, bufferBytes, backing }: SynthOptions): object {
  const hex = (n: number): string => `0x${n.toString(16)}`;
  const vcpus = Array.from({ length: cpus }, (_, vcpu) => vcpu);
  return {
    vms: [
      {
        pid: VMM_PID,
        slots: memory.slots.map(({ slot, first, pages }) => ({
          slot,
          gpa: hex(memory.ipa(first)),
          size: hex(pages * PAGE),
          hva: hex(memory.hva(first)),
          backing,
        })),
        vcpus: vcpus.map((vcpu) => ({ vcpu, tid: FIRST_VCPU_TID + vcpu })),
        buffers: vcpus.map((vcpu) => ({
          vcpu,
          ipa: hex(memory.ipa(memory.bufferPage(vcpu, 0))),
          size: hex(bufferBytes),
        })),
      },
    ],
  };
}
