/** Records of a perf.data (include/uapi/linux/perf_event.h; tools/lib/perf/include/perf/event.h) and its attrs. */
import { Misc, RecordType } from '../formats/perf-data/types.ts';
import { Bytes } from './bytes.ts';
import { TIME_CYCLES, TIME_MASK, TIME_MULT, TIME_SHIFT, TIME_ZERO, tickNs } from './clock.ts';
import type { Switch, Thread } from './samples.ts';
import { kernelText, mappings } from './workload.ts';

export const SPE_PMU = 9;
const EVENT = 'arm_spe_0/ts_enable=1,pa_enable=1,load_filter=1,store_filter=1,branch_filter=1,jitter=1/';
export const eventNames = [EVENT, 'dummy:u'] as const;
export const commandLine = (perThread: boolean, times: boolean): string[] => [
  'perf',
  'record',
  ...(perThread ? ['--per-thread'] : ['-a']),
  ...(perThread && times ? ['-T', '--switch-events'] : []),
  '-e',
  EVENT,
  '--',
  'kvbench',
];

/** MIDR_EL1 of a Neoverse N1 r3p1. */
export const MIDR = 0x413fd0c1;
export const ATTR_BYTES = 128;

/** sample_type bits. */
const IP_TID = 0x3;
const TIME = 0x4;
const CPU = 0x80;
const DATA_SRC_IDENTIFIER_PHYS = 0x98000;
const IDENTIFIER = 0x10000;

/** What the two events have in common, and their targets: the CPUs, or the threads. */
export interface EventSetup {
  readonly perThread: boolean;
  /** Records carry time and CPU. */
  readonly times: boolean;
  /** CPUs, or tids. */
  readonly instances: readonly number[];
}

const FIRST_ID = 101;

/** Sample id of an event's instance. */
export function sampleId(setup: EventSetup, event: number, instance: number): number {
  return FIRST_ID + event * setup.instances.length + instance;
}

/** perf_event_attr of arm_spe_0 (0) or of dummy:u (1), which carries the side band. */
export function attr(setup: EventSetup, event: number): Uint8Array {
  const common = IP_TID | (setup.times ? TIME | CPU : 0);
  return event === 0
    ? attrBytes(SPE_PMU, 0x7_0001_0003n, 1024, common | DATA_SRC_IDENTIFIER_PHYS, 0x140003n)
    : attrBytes(1, 9n, 1, common | IDENTIFIER, 0x65942362n);
}

function attrBytes(type: number, config: bigint, period: number, sampleType: number, flags: bigint): Uint8Array {
  const id = 4;
  return new Bytes()
    .u32(type, ATTR_BYTES)
    .u64(config, period, sampleType, id, flags)
    .zeros(ATTR_BYTES - 48)
    .done();
}

export function record(type: number, body: Bytes, misc = 0): Uint8Array {
  return new Bytes()
    .u32(type)
    .u16(misc)
    .u16(8 + body.length)
    .raw(body.done())
    .done();
}

/** The sample_id trailer of a kernel record. */
export interface Trailer {
  readonly thread: Thread;
  readonly tick: number;
  readonly cpu: number;
  readonly id: number;
}

function trailed(setup: EventSetup, body: Bytes, { thread, tick, cpu, id }: Trailer): Bytes {
  body.u32(thread.pid, thread.tid);
  if (setup.times) body.u64(tick ? tickNs(tick) : 0).u32(cpu, 0);
  return body.u64(id);
}

const nobody: Thread = { pid: 0, tid: 0, comm: 'swapper' };

/** What precedes the first samples: clock, ids, SPE's metadata, who runs and what is mapped where. */
export function openingRecords(
  setup: EventSetup,
  version: 1 | 2,
  cpus: number,
  threads: readonly Thread[],
): Uint8Array[] {
  const synthesised = { thread: nobody, tick: 0, cpu: 0, id: 0 };
  const kernel = (body: Bytes): Bytes => trailed(setup, body, synthesised);
  const timeConv = new Bytes().u64(TIME_SHIFT, TIME_MULT, TIME_ZERO, TIME_CYCLES, TIME_MASK).u8(1, 1).align(8);
  const index = new Bytes().u64(2 * setup.instances.length);
  for (const event of [0, 1]) {
    setup.instances.forEach((instance, i) => {
      const [cpu, tid] = setup.perThread ? [-1, instance] : [instance, -1];
      index.u64(sampleId(setup, event, i), i, cpu, tid);
    });
  }
  const kernelMap = kernel(
    new Bytes()
      .u32(-1, 0)
      .u64(kernelText.start, kernelText.length, kernelText.start)
      .cString('[kernel.kallsyms]_text')
      .align(8),
  );
  const processes = [...new Set(threads.map((t) => t.pid))];
  return [
    record(RecordType.TIME_CONV, timeConv),
    record(RecordType.ID_INDEX, index),
    record(RecordType.AUXTRACE_INFO, auxtraceInfo(setup, version, cpus)),
    record(RecordType.MMAP, kernelMap, Misc.KERNEL),
    ...[nobody, ...threads].map(({ pid, tid, comm }) =>
      record(RecordType.COMM, kernel(new Bytes().u32(pid, tid).cString(comm).align(8))),
    ),
    ...processes.flatMap((pid) =>
      mappings.map((m) => {
        const body = new Bytes().u32(pid, pid).u64(m.start, m.length, m.pgoff);
        // Device 8:1, inode, generation; r-x, private.
        body
          .u32(8, 1)
          .u64(0x1000 + m.length, 0)
          .u32(5, 2)
          .cString(m.name)
          .align(8);
        return record(RecordType.MMAP2, kernel(body), 2);
      }),
    ),
    record(82, new Bytes()), // FINISHED_INIT
  ];
}

function auxtraceInfo(setup: EventSetup, version: 1 | 2, cpus: number): Bytes {
  const body = new Bytes().u32(4, 0);
  if (version === 1) return body.u64(SPE_PMU, setup.perThread ? 0 : 1);
  const headerWords = 4;
  body.u64(2, headerWords, SPE_PMU, cpus);
  const minInterval = 1024;
  for (let cpu = 0; cpu < cpus; cpu++) body.u64(0x1010101010101010n, cpu, 4, MIDR, SPE_PMU, minInterval, 0);
  return body;
}

export function itraceStart(setup: EventSetup, { pid, tid }: Thread, trailer: Trailer): Uint8Array {
  return record(RecordType.ITRACE_START, trailed(setup, new Bytes().u32(pid, tid), trailer));
}

/** The side band of a context switch: SWITCH_CPU_WIDE (out, then in) of a CPU, or SWITCH of the profiled thread. */
export function switchRecords(
  setup: EventSetup,
  { tick, out, in: next }: Switch,
  cpu: number,
  id: number,
): Uint8Array[] {
  const type = setup.perThread ? RecordType.SWITCH : RecordType.SWITCH_CPU_WIDE;
  const one = (thread: Thread, other: Thread | undefined, misc: number): Uint8Array => {
    const body = new Bytes();
    if (!setup.perThread) body.u32(other?.pid ?? 0, other?.tid ?? 0);
    return record(type, trailed(setup, body, { thread, tick, cpu, id }), misc);
  };
  return [...(out ? [one(out, next, Misc.SWITCH_OUT)] : []), ...(next ? [one(next, out, 0)] : [])];
}

export function auxRecord(setup: EventSetup, offset: number, size: number, trailer: Trailer): Uint8Array {
  return record(RecordType.AUX, trailed(setup, new Bytes().u64(offset, size, 0), trailer));
}

/** The head of an AUXTRACE record; its payload follows. `size` is a multiple of 8. */
export function auxtraceHead(size: number, offset: number, idx: number, tid: number, cpu: number): Uint8Array {
  return record(RecordType.AUXTRACE, new Bytes().u64(size, offset, 0).u32(idx, tid, cpu, 0));
}

export const finishedRound = (): Uint8Array => record(68, new Bytes());
