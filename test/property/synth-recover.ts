/** A synthesised pair in memory, and what Umbra makes of it: for tests that compare the two. */
import { openPerfData } from '../../core/formats/perf-data/perf-data.ts';
import type { PerfData } from '../../core/formats/perf-data/perf-data.ts';
import { Warnings } from '../../core/formats/problems.ts';
import { memorySource } from '../../core/formats/source.ts';
import { openTraceDat } from '../../core/formats/trace-dat/trace-dat.ts';
import { readKvmEvents } from '../../core/lab/captures/decode-kvm.ts';
import { alignTimeline } from '../../core/model/alignment.ts';
import type { KvmEvents } from '../../core/model/kvm-events.ts';
import type { Lane } from '../../core/model/outcome.ts';
import { measureAccuracy } from '../../core/model/stage2/accuracy.ts';
import { reconstruct } from '../../core/model/stage2/reconstruct.ts';
import type { Stage2Timeline } from '../../core/model/timeline.ts';
import { parseVmDescription } from '../../core/model/vm.ts';
import type { Vm } from '../../core/model/vm.ts';
import type { Slice } from '../../core/synth/capture.ts';
import { synthOptions } from '../../core/synth/options.ts';
import type { SynthOptions } from '../../core/synth/options.ts';
import { synthesise } from '../../core/synth/pair.ts';
import type { Pair } from '../../core/synth/pair.ts';
import { MemorySink } from '../../core/synth/sink.ts';

export interface Made {
  readonly options: SynthOptions;
  readonly pair: Pair;
  readonly spe: Uint8Array;
  readonly kvm: Uint8Array;
}

export function make(given: Partial<SynthOptions>, onSlice?: (slice: Slice) => void): Made {
  const options = synthOptions({ truthRecords: 0, ...given });
  const spe = new MemorySink();
  const kvm = new MemorySink();
  const pair = synthesise(options, { spe, kvm }, onSlice);
  return { options, pair, spe: spe.bytes(), kvm: kvm.bytes() };
}

export function openSpe({ spe }: Made): PerfData {
  return openPerfData(memorySource(spe), new Warnings());
}

export interface RecoveredStage2 {
  readonly events: KvmEvents;
  readonly vm: Vm;
  /** As reconstructed. */
  readonly timeline: Stage2Timeline;
}

export function recoverStage2({ kvm, pair }: Made): RecoveredStage2 {
  const events = readKvmEvents(openTraceDat(memorySource(kvm), new Warnings()));
  const description = parseVmDescription(JSON.stringify(pair.kvm.vm));
  return { events, vm: description.vms[0]!, timeline: reconstruct(events, description).timelines[0]! };
}

export function bufferAccuracy(made: Made): ReturnType<typeof measureAccuracy> {
  const { timeline, vm } = recoverStage2(made);
  return measureAccuracy(timeline, made.pair.kvm.timeline, vm.buffers);
}

/** Lanes of a per-CPU pair straight from the generator, and key columns; times after the first record. */
export class LaneCollector {
  readonly #t: number[][] = [];
  readonly fn: number[][] = [];

  readonly add = ({ lane, batch }: Slice): void => {
    const t = (this.#t[lane] ??= []);
    const fn = (this.fn[lane] ??= []);
    const ns = batch.wide.t;
    for (let i = 0; i < batch.columns.n; i++) {
      t.push(ns[2 * i + 1]! * 2 ** 32 + ns[2 * i]!);
      fn.push(batch.fn[i]!);
    }
  };

  /** perf ns of the first record. */
  get origin(): number {
    return Math.min(...this.#t.map((t) => t[0]!));
  }

  lanes(vm: Vm): Lane[] {
    const { origin } = this;
    return this.#t.map((times, lane) => {
      const t = Float64Array.from(times, (ns) => ns - origin);
      const { page, pages } = vm.buffers.find((b) => b.vcpu === lane)!;
      return {
        lane,
        t,
        size: new Uint32Array(t.length).fill(64),
        sessions: Float64Array.of(t[0]!, t.at(-1)!),
        mode: 'cpu-bound' as const,
        pages: Float64Array.from({ length: pages }, (_, i) => page + i),
      };
    });
  }

  /** A timeline in these lanes' time. */
  align(timeline: Stage2Timeline): Stage2Timeline {
    const span = Math.max(...this.#t.map((t) => t.at(-1)!)) - this.origin;
    const request = { align: 'absolute', offsetNs: 0, scale: 1 } as const;
    return alignTimeline(timeline, { origin: BigInt(this.origin), span }, request, 'same').timeline;
  }
}

/** A fault costs what its answer costs, and nothing else is lost: for tests that look at the answers' losses alone. */
export const plainFaults = {
  contentsKept: true,
  guestZeroes: false,
  tornRecords: 0,
  trapsPerEnable: 0,
  unpinnedBy: ['unmap', 'clear', 'protect', 'memslot', 'dirty-log'],
} as const;
