/** Cores with SPE by MIDR_EL1 implementer and part number (arch/arm64/include/asm/cputype.h). */
const cores: Readonly<Record<string, string>> = {
  '41:d0c': 'Neoverse-N1',
  '41:d40': 'Neoverse-V1',
  '41:d49': 'Neoverse-N2',
  '41:d4f': 'Neoverse-V2',
  '41:d84': 'Neoverse-V3',
  '41:d83': 'Neoverse-V3AE',
  '41:d8e': 'Neoverse-N3',
  '41:d4a': 'Neoverse-E1',
  '41:d0b': 'Cortex-A76',
  '41:d0d': 'Cortex-A77',
  '41:d41': 'Cortex-A78',
  '41:d4b': 'Cortex-A78C',
  '41:d42': 'Cortex-A78AE',
  '41:d44': 'Cortex-X1',
  '41:d4c': 'Cortex-X1C',
  '41:d48': 'Cortex-X2',
  '41:d4e': 'Cortex-X3',
  '41:d82': 'Cortex-X4',
  '41:d85': 'Cortex-X925',
  '41:d47': 'Cortex-A710',
  '41:d4d': 'Cortex-A715',
  '41:d81': 'Cortex-A720',
  '41:d89': 'Cortex-A720AE',
  '41:d87': 'Cortex-A725',
  '41:d46': 'Cortex-A510',
  '41:d80': 'Cortex-A520',
  '46:001': 'A64FX',
  '48:d01': 'HiSilicon TSV110',
  '48:d02': 'HiSilicon HIP09',
  '48:d06': 'HiSilicon HIP12',
  '4e:004': 'NVIDIA Carmel',
  '4e:010': 'NVIDIA Olympus',
  '6d:d49': 'Microsoft Azure Cobalt 100',
  'c0:ac3': 'AmpereOne',
  'c0:ac4': 'AmpereOne AC04',
};

/** `implementer:part` in hex: what identifies a core, whatever its revision. */
export function coreKey(midr: bigint): string {
  const implementer = Number((midr >> 24n) & 0xffn);
  const part = Number((midr >> 4n) & 0xfffn);
  return `${implementer.toString(16).padStart(2, '0')}:${part.toString(16).padStart(3, '0')}`;
}

/** The core's name; undefined for one that isn't in the list. */
export function coreName(midr: bigint): string | undefined {
  return cores[coreKey(midr)];
}
