/** A capture pair with known truth: an SPE capture, a KVM trace, the VM's description, and their truth. */
import { trueBlackouts, truthParams, TRUTH_SAMPLES } from './blackouts.ts';
import { planCapture, writeCapture } from './capture.ts';
import type { Slice } from './capture.ts';
import { tickNs } from './clock.ts';
import { PAGE } from './guest-memory.ts';
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

/** Says what is being written, and how much of it is done. */
export type OnStep = (what: 'trace' | 'capture' | 'truth', done: number, total: number) => void;

/**
 * Writes a pair. The same options give the same bytes on every platform (zstd aside).
 * @param onSlice sees every record as it is written
 * @param onStep called often; what it throws ends the work
 * @throws SynthError for phases that the workload doesn't have
 */
export function synthesise(
  options: SynthOptions,
  sinks: PairSinks,
  onSlice?: (slice: Slice) => void,
  onStep?: OnStep,
): Pair {
  const plan = planCapture(options);
  const kvm = writeKvmTrace(options, plan, sinks.kvm, (done, span) => onStep?.('trace', done, span));
  // A thread's sessions would need to be cut out first: see Truth.
  const known = options.mode === 'per-cpu' && options.samples <= TRUTH_SAMPLES;
  const most = Math.ceil(options.samples / options.cpus);
  const times = Array.from({ length: known ? options.cpus : 0 }, () => ({ ns: new Float64Array(most), n: 0 }));
  const records = new TruthRecords(plan, options.samples <= options.truthRecords);
  let written = 0;
  const ends = writeCapture(options, plan, sinks.spe, (slice) => {
    const { n } = slice.batch.columns;
    const { counter } = slice.batch.wide;
    const lane = times.at(slice.lane);
    for (let i = 0; lane && i < n; i++) lane.ns[lane.n++] = tickNs(counter[2 * i + 1] * 2 ** 32 + counter[2 * i]);
    records.add(slice);
    onSlice?.(slice);
    onStep?.('capture', (written += n), options.samples);
  });
  const params = truthParams(kvm.memory.pages * PAGE);
  const lanes = times.map(({ ns, n }) => ns.subarray(0, n));
  const policies = known ? trueBlackouts(lanes, kvm, params, (done, total) => onStep?.('truth', done, total)) : [];
  return { kvm, truth: truthOf(options, plan, kvm, records, { params, policies }, ends) };
}
