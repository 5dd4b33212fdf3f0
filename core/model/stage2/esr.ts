/**
 * The syndrome of a stage 2 abort (ESR_EL2; Arm ARM DDI 0487, D24.2 "ISS encoding for an exception from a Data Abort" and
 * "… an Instruction Abort"), as kvm_guest_fault records it in `hsr`.
 */

export const FaultType = { TRANSLATION: 0, ACCESS: 1, PERMISSION: 2, OTHER: 3 } as const;

const EC_IABT_LOW = 0x20;
const S1PTW = 1 << 7;
const WNR = 1 << 6;
/** Translation fault at level -1 (FEAT_LPA2). */
const FSC_TRANSLATION_M1 = 0x2b;

/** One of `FaultType`. */
export function faultType(esr: number): number {
  const fsc = esr & 0x3f;
  if (fsc === FSC_TRANSLATION_M1) return FaultType.TRANSLATION;
  if (fsc < 4 || fsc > 15) return FaultType.OTHER;
  return (fsc >> 2) - 1;
}

/**
 * Level of the stage 2 walk that the fault ended at, -1 to 3. NaN for a fault on a stage 1 table walk: not every
 * implementation reports the stage 2 level there (QEMU 7.2 gives that of stage 1), which compares equal to nothing.
 */
export function faultLevel(esr: number): number {
  if (esr & S1PTW) return NaN;
  return (esr & 0x3f) === FSC_TRANSLATION_M1 ? -1 : esr & 3;
}

/**
 * Whether KVM takes the fault for a write (`kvm_is_write_fault`, arch/arm64/include/asm/kvm_emulate.h): a stage 1 table
 * walk counts as one only when it lacked permission (hardware update of the access flag or dirty state).
 */
export function isWriteFault(esr: number): boolean {
  if (esr & S1PTW) return faultType(esr) === FaultType.PERMISSION;
  return esr >>> 26 !== EC_IABT_LOW && (esr & WNR) !== 0;
}
