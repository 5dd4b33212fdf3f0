/** The policies that KVM developers have proposed, built or argued about, and bare metal as the reference (model.md section 5). */
import { policyDefaults } from './policy.ts';
import type { FaultAnswer, Policy } from './policy.ts';
import { causeClasses } from './terms.ts';
import type { CauseClass } from './terms.ts';

/** Threads of linux-arm-kernel and kvmarm. */
const translate =
  '"KVM/arm64: SPE: Translate VA to IPA on a stage 2 fault instead of pinning VM memory" (Apr-Sep 2022)';
const approach = '"KVM: arm64: A new approach for SPE support" (Nov 2022-Jan 2023)';
const v6 =
  '"[RFC PATCH v6 00/35] KVM: arm64: Add Statistical Profiling Extension (SPE) support" (2025-11-14 to Jan 2026)';
const v7 = 'RFC v7 of the same series (Alexandru Elisei, 2026-09-03; not merged as of 7.3-rc4)';

/** One answer for all cause classes except those named. */
function answer(
  others: FaultAnswer,
  except: Partial<Record<CauseClass, FaultAnswer>> = {},
): Record<CauseClass, FaultAnswer> {
  const all = Object.fromEntries(causeClasses.map((c) => [c, others])) as Record<CauseClass, FaultAnswer>;
  return { ...all, ...except };
}

/** Any fault while the buffer isn't pinned pins it (`onUnpinned`); the answers apply to later faults. */
const firstFault = { pin: 'first-fault', ...policyDefaults } as const;

export const builtinPolicies: readonly Policy[] = [
  {
    id: 'bare-metal',
    title: 'Bare metal',
    summary: 'The reference: one translation stage, so the driver keeps the buffer mapped and every sample is kept.',
    source: 'Linux drivers/perf/arm_spe_pmu.c: the AUX buffer is allocated and mapped before profiling starts',
    pin: 'no-stage-2',
    ...policyDefaults,
    onFault: answer('map'),
  },
  {
    id: 'pin-vm',
    title: 'Pin the whole VM',
    summary: 'All guest memory is pinned up front; what still takes a page away is reported to the guest.',
    source: `${translate}: what the proposal wants to avoid, pinning the entire VM memory because the buffer may lie anywhere in it`,
    pin: 'vm',
    ...policyDefaults,
    onFault: answer('impdef-event'),
  },
  {
    id: 'map-on-fault',
    title: 'Map on fault',
    summary: 'Demand mapping: each stage 2 fault maps its page and profiling goes on.',
    source: `${translate}: handling a stage 2 fault of the SPU like one of the CPU, after translating the reported VA to an IPA`,
    pin: 'never',
    ...policyDefaults,
    onFault: answer('map'),
  },
  {
    id: 'pin-at-enable',
    title: 'Pin at enable',
    summary:
      'Head to limit of the buffer is translated and pinned each time profiling is enabled; a later fault ends the session.',
    source: `${v6}: the buffer is pinned when it is enabled and mapped at stage 2, MMU notifiers are handled by their event, pins count against RLIMIT_MEMLOCK (KVM_EXIT_RLIMIT). Its handling of a later stage 2 fault, and which events it ignores, could not be read: assumed`,
    pin: 'enable',
    ...policyDefaults,
    onFault: answer('impdef-event'),
  },
  {
    id: 'pin-at-enable-cached',
    title: 'Pin at enable, cached',
    summary: 'As pin-at-enable, but pins are kept over disable and enable while nothing has changed.',
    source: `${v6}: the same, with pins kept from one enable to the next; a variant for captures that enable often, not part of the series`,
    pin: 'enable',
    ...policyDefaults,
    cachePins: true,
    onFault: answer('impdef-event'),
  },
  {
    id: 'pin-on-first-fault',
    title: 'Pin on first fault',
    summary:
      'The first stage 2 fault, whatever its cause, translates VA to IPA and pins the whole buffer; a later one ends the session.',
    source: `${translate}: the proposal itself, the VA reported with the first stage 2 fault is translated and the buffer pinned from there on`,
    ...firstFault,
    onFault: answer('impdef-event'),
  },
  {
    id: 'nondestructive-repin',
    title: 'Repin without loss',
    summary:
      'Faults with DL=0 unpin the old buffer and pin the new one, unseen by the guest; with DL=1 the guest is told.',
    source: `${translate}: the "nondestructive S2 fault handler": with DL=0 unpin the old buffer and pin the new one, with DL=1 tell the guest`,
    ...firstFault,
    onFault: answer({ dl0: 'repin', dl1: 'impdef-event' }),
  },
  {
    id: 'external-abort',
    title: 'External abort',
    summary:
      'A stage 2 fault on a pinned buffer is reported as an external abort (EA=1, DL=1); under SPEv1p3 as an SError.',
    source: `${translate}: treating a stage 2 fault on a pinned buffer as an error, a synthetic external abort in PMBSR_EL1 (EA=1, DL=1)`,
    ...firstFault,
    onFault: answer('external-abort'),
  },
  {
    id: 'serror',
    title: 'SError',
    summary:
      'A stage 2 fault on a pinned buffer becomes an SError to the vCPU; Linux panics unless its ESR says corrected.',
    source: `${translate}: among the ways to report the error: an SError to the vCPU`,
    ...firstFault,
    onFault: answer('serror'),
  },
  {
    id: 'impdef-event',
    title: 'IMP DEF event',
    summary:
      'A stage 2 fault on a pinned buffer is a buffer management event (EC=0b011111, DL=1) that ends the session.',
    source: `${translate}; ${approach}: among the ways to report the error: an IMPLEMENTATION DEFINED buffer management event, which ends the session and leaves the VM up`,
    ...firstFault,
    onFault: answer('impdef-event'),
  },
  {
    id: 'report-s2',
    title: 'Report the stage 2 fault',
    summary: 'A stage 2 fault on a pinned buffer is reported to the guest as what it is (EC=0b100101).',
    source: `${translate}: among the ways to report the error: the stage 2 Data Abort itself, PMBSR_EL1.EC=0b100101 as the SPU gave it`,
    ...firstFault,
    onFault: answer('report-s2'),
  },
  {
    id: 'bounce-buffer',
    title: 'Bounce buffer',
    summary: "KVM profiles into a buffer of its own and copies it out to the guest's: no stage 2 faults.",
    source: `${approach}: profiling into memory of KVM's own and copying to the guest`,
    pin: 'private-buffer',
    ...policyDefaults,
    onFault: answer('map'),
  },
  {
    id: 'guest-memfd-prefault',
    title: 'guest_memfd, prefaulted',
    summary:
      'Memory comes from guest_memfd, all of it mapped at stage 2 before the first vCPU runs; dirty logging exits to the VMM.',
    source: `${v7}: guest_memfd, KVM_PRE_FAULT_MEMORY for all of it before the first vCPU runs, guest_memfd's MMU notifications ignored, no trapped register writes; with dirty logging on, a vCPU whose buffer is enabled exits to userspace. Its answer to other stage 2 faults could not be read: assumed`,
    pin: 'vm',
    ...policyDefaults,
    unpinnedBy: ['memslot', 'dirty-log'],
    trapsPerEnable: 0,
    onFault: answer('impdef-event', { 'dirty-log': 'exit-to-userspace' }),
  },
];

/** The built-in policy with that id, if any. */
export function builtinPolicy(id: string): Policy | undefined {
  return builtinPolicies.find((p) => p.id === id);
}
