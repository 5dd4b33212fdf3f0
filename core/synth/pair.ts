/** A capture pair with known truth: an SPE capture, a KVM trace, the VM's description, and what is true of them. */
import { LaneBlackouts, truthPolicies } from './blackouts.ts';
import { planCapture, writeCapture } from './capture.ts';
import type { Slice } from './capture.ts';
import { tickNs } from './clock.ts';
import { writeKvmTrace } from './kvm-trace.ts';
import type { KvmTrace } from './kvm-trace.ts';
import type { SynthOptions } from './options.ts';
import type { ByteSink } from './sink.ts';
import { TruthRecords } from './truth.ts';
import type { Truth } from './truth.ts';
import { truthOf } from './truth.ts';

export interface PairSinks {
  readonly spe: ByteSink;
  readonly kvm: ByteSink;
}

export interface Pair {
  readonly kvm: KvmTrace;
  /** `truth.json`. */
  readonly truth: Truth;
}

/**
 * Writes a pair. The same options give the same bytes on every platform (zstd aside).
 * @param onSlice sees every record on its way to the file
 * @throws SynthError for phases that the workload doesn't have
 */
export function synthesise(options: SynthOptions, sinks: PairSinks, onSlice?: (slice: Slice) => void): Pair {
  const plan = planCapture(options);
  const kvm = writeKvmTrace(options, plan, sinks.kvm);
  const { memory, timeline } = kvm;
  const lanes = Array.from({ length: options.cpus }, (_, lane) => lane);
  // A thread's sessions would have to be cut out first: see Truth.
  const known = options.mode === 'per-cpu' ? truthPolicies : [];
  const blackouts = known.map((policy) => ({
    policy,
    lanes: lanes.map(
      (lane) =>
        new LaneBlackouts(lane, memory.ipaPage(memory.bufferPage(lane, 0)), memory.bufferPages, timeline, policy),
    ),
  }));
  const records = new TruthRecords(plan, options.samples <= options.truthRecords);
  const lastTick = new Float64Array(options.cpus);
  const ends = writeCapture(options, plan, sinks.spe, (slice) => {
    const { n } = slice.batch.columns;
    const { counter } = slice.batch.wide;
    for (let i = 0; i < n; i++) {
      const t = tickNs(counter[2 * i + 1] * 2 ** 32 + counter[2 * i]);
      for (const { lanes } of blackouts) lanes[slice.lane].sample(t);
    }
    if (n > 0) lastTick[slice.lane] = counter[2 * n - 1] * 2 ** 32 + counter[2 * n - 2];
    records.add(slice);
    onSlice?.(slice);
  });
  for (const { lanes } of blackouts) lanes.forEach((lane, i) => lane.finish(tickNs(lastTick[i])));
  return { kvm, truth: truthOf(options, plan, kvm, records, blackouts, ends) };
}
