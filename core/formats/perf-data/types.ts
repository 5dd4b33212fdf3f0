/** Record types, the one list of them, by the kernel's and perf's names: include/uapi/linux/perf_event.h up to 63, tools/lib/perf/include/perf/event.h from 64. */
export const RecordType = {
  MMAP: 1,
  LOST: 2,
  COMM: 3,
  EXIT: 4,
  THROTTLE: 5,
  UNTHROTTLE: 6,
  FORK: 7,
  READ: 8,
  SAMPLE: 9,
  MMAP2: 10,
  AUX: 11,
  ITRACE_START: 12,
  LOST_SAMPLES: 13,
  SWITCH: 14,
  SWITCH_CPU_WIDE: 15,
  NAMESPACES: 16,
  KSYMBOL: 17,
  BPF_EVENT: 18,
  CGROUP: 19,
  TEXT_POKE: 20,
  AUX_OUTPUT_HW_ID: 21,
  CALLCHAIN_DEFERRED: 22,
  HEADER_ATTR: 64,
  HEADER_EVENT_TYPE: 65,
  HEADER_TRACING_DATA: 66,
  HEADER_BUILD_ID: 67,
  FINISHED_ROUND: 68,
  ID_INDEX: 69,
  AUXTRACE_INFO: 70,
  AUXTRACE: 71,
  AUXTRACE_ERROR: 72,
  THREAD_MAP: 73,
  CPU_MAP: 74,
  STAT_CONFIG: 75,
  STAT: 76,
  STAT_ROUND: 77,
  EVENT_UPDATE: 78,
  TIME_CONV: 79,
  HEADER_FEATURE: 80,
  COMPRESSED: 81,
  FINISHED_INIT: 82,
  COMPRESSED2: 83,
  BPF_METADATA: 84,
  SCHEDSTAT_CPU: 85,
  SCHEDSTAT_DOMAIN: 86,
} as const;

/** perf prints HEADER_ATTR as ATTR. */
const names = new Map<number, string>(
  Object.entries(RecordType).map(([name, type]) => [type, name.replace(/^HEADER_/, '')]),
);

/** The name `perf report --stats` gives a record type. */
export function recordName(type: number): string {
  return names.get(type) ?? `type ${type}`;
}

/** Bits of a record header's `misc`. */
export const Misc = {
  /** Bits 2:0. */
  CPUMODE: 7,
  KERNEL: 1,
  GUEST_KERNEL: 4,
  GUEST_USER: 5,
  /** COMM: the thread called exec. */
  COMM_EXEC: 1 << 13,
  /** FORK: the new process calls exec at once; its parent's mappings don't matter. */
  FORK_EXEC: 1 << 13,
  /** SWITCH, SWITCH_CPU_WIDE: the thread left the CPU. */
  SWITCH_OUT: 1 << 13,
  /** MMAP2: the record holds a build id instead of device and inode. */
  MMAP_BUILD_ID: 1 << 14,
} as const;

/** `flags` of an AUX record. */
export const AuxFlag = {
  /** A blackout follows; with size 0: still no room. */
  TRUNCATED: 1,
  /** Snapshot mode: offset and size don't give a range. */
  OVERWRITE: 2,
  /** The last record of the range is cut. */
  PARTIAL: 4,
  /** Samples collided: fewer samples, no blackout. */
  COLLISION: 8,
} as const;
