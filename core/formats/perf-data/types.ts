/** Record types: include/uapi/linux/perf_event.h up to 63, tools/lib/perf/include/perf/event.h from 64. */
export const RecordType = {
  MMAP: 1,
  LOST: 2,
  COMM: 3,
  EXIT: 4,
  FORK: 7,
  SAMPLE: 9,
  MMAP2: 10,
  AUX: 11,
  ITRACE_START: 12,
  LOST_SAMPLES: 13,
  SWITCH: 14,
  SWITCH_CPU_WIDE: 15,
  KSYMBOL: 17,
  HEADER_ATTR: 64,
  HEADER_TRACING_DATA: 66,
  HEADER_BUILD_ID: 67,
  FINISHED_ROUND: 68,
  ID_INDEX: 69,
  AUXTRACE_INFO: 70,
  AUXTRACE: 71,
  EVENT_UPDATE: 78,
  TIME_CONV: 79,
  HEADER_FEATURE: 80,
  COMPRESSED: 81,
  COMPRESSED2: 83,
} as const;

const names: Readonly<Record<number, string>> = {
  1: 'MMAP',
  2: 'LOST',
  3: 'COMM',
  4: 'EXIT',
  5: 'THROTTLE',
  6: 'UNTHROTTLE',
  7: 'FORK',
  8: 'READ',
  9: 'SAMPLE',
  10: 'MMAP2',
  11: 'AUX',
  12: 'ITRACE_START',
  13: 'LOST_SAMPLES',
  14: 'SWITCH',
  15: 'SWITCH_CPU_WIDE',
  16: 'NAMESPACES',
  17: 'KSYMBOL',
  18: 'BPF_EVENT',
  19: 'CGROUP',
  20: 'TEXT_POKE',
  21: 'AUX_OUTPUT_HW_ID',
  22: 'CALLCHAIN_DEFERRED',
  64: 'ATTR',
  65: 'EVENT_TYPE',
  66: 'TRACING_DATA',
  67: 'BUILD_ID',
  68: 'FINISHED_ROUND',
  69: 'ID_INDEX',
  70: 'AUXTRACE_INFO',
  71: 'AUXTRACE',
  72: 'AUXTRACE_ERROR',
  73: 'THREAD_MAP',
  74: 'CPU_MAP',
  75: 'STAT_CONFIG',
  76: 'STAT',
  77: 'STAT_ROUND',
  78: 'EVENT_UPDATE',
  79: 'TIME_CONV',
  80: 'FEATURE',
  81: 'COMPRESSED',
  82: 'FINISHED_INIT',
  83: 'COMPRESSED2',
  84: 'BPF_METADATA',
  85: 'SCHEDSTAT_CPU',
  86: 'SCHEDSTAT_DOMAIN',
};

/** The name `perf report --stats` gives a record type. */
export function recordName(type: number): string {
  return names[type] ?? `type ${type}`;
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
  /** Snapshot mode: offset and size don't tell a range. */
  OVERWRITE: 2,
  /** The last record of the range is cut. */
  PARTIAL: 4,
  /** Samples collided: fewer samples, no blackout. */
  COLLISION: 8,
} as const;
