import { coreKey } from '../perf-data/cores.ts';

type Sources = Readonly<Record<number, string>>;

/** Arm's Neoverse and Cortex cores that follow the common encoding (perf: arm_spe_common_data_source). */
const common: Sources = {
  0x0: 'L1D',
  0x8: 'L2',
  0x9: 'PEER_CORE',
  0xa: 'LOCAL_CLUSTER',
  0xb: 'SYS_CACHE',
  0xc: 'PEER_CLUSTER',
  0xd: 'REMOTE',
  0xe: 'DRAM',
};

/** arm_spe_ampereone_data_source. */
const ampereOne: Sources = {
  0x0: 'LOCAL_CHIP_CACHE_OR_DEVICE',
  0x3: 'SLC',
  0x5: 'REMOTE_CHIP_CACHE',
  0x7: 'DDR',
  0x8: 'L1D',
  0x9: 'L2D',
};

/** arm_spe_hisi_hip_data_source. */
const hisiHip: Sources = {
  0: 'PEER_CPU',
  1: 'PEER_CPU_HITM',
  2: 'L3',
  3: 'L3_HITM',
  4: 'PEER_CLUSTER',
  5: 'PEER_CLUSTER_HITM',
  6: 'REMOTE_SOCKET',
  7: 'REMOTE_SOCKET_HITM',
  8: 'LOCAL_MEM',
  9: 'REMOTE_MEM',
  13: 'NC_DEV',
  16: 'L2',
  17: 'L2_HITM',
  18: 'L1',
};

/** Data source encodings by core, as perf 7.2 assigns them (tools/perf/util/arm-spe.c). */
const encodings: Readonly<Record<string, Sources>> = {
  '41:d4d': common, // Cortex-A715
  '41:d81': common, // Cortex-A720
  '41:d89': common, // Cortex-A720AE
  '41:d87': common, // Cortex-A725
  '41:d4b': common, // Cortex-A78C
  '41:d44': common, // Cortex-X1
  '41:d4c': common, // Cortex-X1C
  '41:d4e': common, // Cortex-X3
  '41:d82': common, // Cortex-X4
  '41:d85': common, // Cortex-X925
  '41:d0c': common, // Neoverse-N1
  '41:d49': common, // Neoverse-N2
  '41:d40': common, // Neoverse-V1
  '41:d4f': common, // Neoverse-V2
  '41:d84': common, // Neoverse-V3
  '4e:010': common, // NVIDIA Olympus
  'c0:ac4': ampereOne, // AmpereOne AC04
  '48:d06': hisiHip, // HIP12
};

/**
 * Where a load's data came from. A number in hex if the core's encoding isn't known, or the value has no name in it.
 */
export function sourceName(source: number, midr?: bigint): string {
  const names = midr === undefined ? undefined : encodings[coreKey(midr)];
  return names?.[source] ?? `0x${source.toString(16)}`;
}
