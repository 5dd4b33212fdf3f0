/** The SPE capture of a pair: lanes of records over one workload, in slices of time, into a perf.data. */
import { createRandom } from '../model/random.ts';
import type { Random } from '../model/random.ts';
import { FIRST_TICK, NS_PER_TICK } from './clock.ts';
import type { SynthOptions } from './options.ts';
import { PerfDataWriter } from './perf-data.ts';
import type { EventSetup } from './perf-records.ts';
import { LaneSamples, RECORD_BYTES, SampleBatch } from './samples.ts';
import type { Switch, Thread } from './samples.ts';
import type { ByteSink } from './sink.ts';
import { encodeRecords } from './spe-records.ts';
import { Phases } from './workload.ts';

/** Mean records of a lane in a slice: an AUX and an AUXTRACE record each. */
const SLICE_RECORDS = 4096;
const PID = 4425;
const THREADS_PER_CPU = 3;

/** One time slice of one lane. */
export interface Slice {
  /** Index of the lane: the AUXTRACE idx. */
  readonly lane: number;
  /** Overwritten by the next slice. */
  readonly batch: SampleBatch;
  /** Place of the records in the lane's AUX stream and in the file, bytes. */
  readonly auxOffset: number;
  readonly fileOffset: number;
  /** Tick of the AUX record; 0 if the slice has no records. */
  readonly auxTick: number;
  readonly switches: readonly Switch[];
}

export interface CapturePlan {
  readonly setup: EventSetup;
  readonly threads: readonly Thread[];
  readonly phases: Phases;
  /** Expected end of sampling, ticks. */
  readonly lastTick: number;
  readonly meanTicks: number;
}

/** A separate random stream for each part of a pair. */
export function streamOf(seed: number, part: 'samples' | 'host' | 'guest', index: number): Random {
  const root = createRandom(seed);
  const salt = { samples: 0x51ed270b, host: 0x2545f491, guest: 0x6c8e9cf5 }[part];
  return createRandom((root.next() >>> 11) * 2 ** 32 + ((root.next() ^ Math.imul(index + 1, 0x9e3779b1) ^ salt) >>> 0));
}

export function planCapture(options: SynthOptions): CapturePlan {
  const perThread = options.mode === 'per-thread';
  const comms = ['kvbench', 'kv-io', 'kv-w0', 'kv-w1', 'kv-w2', 'kv-w3'];
  const count = perThread ? options.cpus : options.cpus * THREADS_PER_CPU;
  const threads = Array.from({ length: count }, (_, i) => ({
    pid: PID,
    tid: PID + i,
    comm: comms[i] ?? `kv-w${i - 2}`,
  }));
  const lanes = Array.from({ length: options.cpus }, (_, i) => i);
  const meanTicks = Math.round(options.intervalNs / NS_PER_TICK);
  const asleep = perThread ? 1.35 : 1;
  const length = Math.ceil((options.samples / options.cpus) * meanTicks * asleep);
  return {
    setup: {
      perThread,
      times: !perThread || options.switchEvents,
      instances: perThread ? threads.map((t) => t.tid) : lanes,
    },
    threads,
    phases: new Phases(options.phases, options.rounds, FIRST_TICK, length),
    lastTick: FIRST_TICK + length,
    meanTicks,
  };
}

/**
 * Writes the capture; `onSlice` sees every record as it is written. Memory doesn't grow with the records, except for 16 bytes per AUXTRACE
 * record (some 4096 records).
 * @returns ticks of the first and the last record
 */
export function writeCapture(
  options: SynthOptions,
  plan: CapturePlan,
  sink: ByteSink,
  onSlice: (slice: Slice) => void,
): { first: number; last: number } {
  const { setup, threads, phases, meanTicks } = plan;
  const { cpus, auxtraceInfo } = options;
  const writer = new PerfDataWriter(sink, { setup, cpus, threads, auxtraceInfo });
  const lanes = setup.instances.map((_, lane) => {
    const quota = Math.floor(options.samples / cpus) + (lane < options.samples % cpus ? 1 : 0);
    const own = setup.perThread ? [threads[lane]] : threads.filter((_, i) => i % cpus === lane);
    const cpu = setup.perThread ? -1 : lane;
    const lanePlan = { cpu, quota, threads: own, firstTick: FIRST_TICK, meanTicks };
    return new LaneSamples(lanePlan, phases, streamOf(options.seed, 'samples', lane));
  });
  // No interval is shorter than half the mean.
  const batch = new SampleBatch(2 * Math.min(SLICE_RECORDS, Math.ceil(options.samples / cpus)) + 8);
  const bytes = new Uint8Array(batch.columns.capacity * RECORD_BYTES);
  lanes.forEach((lane, i) => writer.start(i, lane.plan.threads[0], FIRST_TICK, i));
  let first = Infinity;
  let last = 0;
  for (let until = FIRST_TICK; lanes.some((lane) => !lane.done);) {
    // No thread awake: on to the next record.
    const next = lanes.reduce((least, lane) => (lane.done ? least : Math.min(least, lane.next)), Infinity);
    until = Math.max(until, next) + SLICE_RECORDS * meanTicks;
    lanes.forEach((lane, i) => {
      const n = lane.fill(batch, until);
      const switches = lane.takeSwitches(until);
      for (const change of switches) writer.switch(i, change, i);
      const place = { auxOffset: 0, fileOffset: 0 };
      let auxTick = 0;
      if (n > 0) {
        const ticks = batch.columns.counter;
        first = Math.min(first, Number(ticks[0]));
        auxTick = Number(ticks[n - 1]) + 2;
        last = Math.max(last, auxTick - 2);
        const thread = threads[threads.findIndex((t) => t.tid === batch.columns.tid[n - 1])];
        const size = encodeRecords(batch, bytes);
        writer.aux(i, size, thread, auxTick, i);
        const { offset, fileOffset } = writer.auxtrace(i, bytes.subarray(0, size));
        place.auxOffset = offset;
        place.fileOffset = fileOffset;
      }
      onSlice({ lane: i, batch, ...place, auxTick, switches });
    });
    writer.round();
  }
  writer.finish(first, last);
  return { first, last };
}
