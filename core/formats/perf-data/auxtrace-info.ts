/** PERF_RECORD_AUXTRACE_INFO of Arm SPE (tools/perf/util/arm-spe.h). */
export interface SpeInfo {
  readonly version: 1 | 2;
  /** PMU types that recorded: one, or one per cluster on big.LITTLE. */
  readonly pmuTypes: readonly number[];
  /** Version 1 only. */
  readonly perCpuMmaps: boolean | undefined;
  /** Version 2: what is known of each CPU. */
  readonly cpus: readonly SpeCpu[];
}

export interface SpeCpu {
  readonly cpu: number;
  readonly midr: bigint;
  readonly pmuType: number;
  /** Minimal sampling interval the hardware recommends, operations. */
  readonly minInterval: number;
}

/** PERF_AUXTRACE_ARM_SPE. */
const ARM_SPE = 4;
const V1_BYTES = 32;

/** The kind of AUX data the record announces. */
export function auxtraceType(view: DataView, at: number, size: number): number {
  return size >= 12 ? view.getUint32(at + 8, true) : 0;
}

/** Undefined if the record is about another kind of trace, or too short. */
export function readSpeInfo(view: DataView, at: number, size: number): SpeInfo | undefined {
  if (auxtraceType(view, at, size) !== ARM_SPE || size < V1_BYTES) return undefined;
  const words = (size - 16) >> 3;
  const word = (i: number): bigint => (i < words ? view.getBigUint64(at + 16 + i * 8, true) : 0n);
  // Version 1 had no version field: its size identifies it.
  if (size === V1_BYTES) return { version: 1, pmuTypes: [Number(word(0))], perCpuMmaps: word(1) !== 0n, cpus: [] };
  const cpus: SpeCpu[] = [];
  let i = Number(word(1));
  for (let n = Number(word(3)); n > 0 && i + 3 <= words; n--) {
    const params = Number(word(i + 2));
    if (params > words) break;
    const param = (k: number): bigint => (k < params ? word(i + 3 + k) : 0n);
    cpus.push({
      cpu: Number(word(i + 1)),
      midr: param(0),
      pmuType: Number(param(1)),
      minInterval: Number(param(2)),
    });
    i += 3 + params;
  }
  const types = new Set(cpus.map((c) => c.pmuType));
  return { version: 2, pmuTypes: types.size ? [...types] : [Number(word(2))], perCpuMmaps: undefined, cpus };
}

/** What else `type` may be (tools/perf/util/auxtrace.h), for a message that helps. */
export function auxtraceName(type: number): string {
  return (
    [
      'AUX data of no kind',
      'Intel PT',
      'Intel BTS',
      'CoreSight ETM',
      'Arm SPE',
      's390 CPUMSF',
      'HiSilicon PTT',
      'POWER VPA DTL',
    ][type] ?? `AUX data of type ${type}`
  );
}
