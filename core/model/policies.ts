/** The policies that KVM developers have proposed, built or argued about, and bare metal as the reference (model.md section 5). */
import type { Policy } from './policy.ts';
import { causeClasses } from './terms.ts';
import type { Answer, CauseClass } from './terms.ts';

/** All on linux-arm-kernel and kvmarm. Most policies come up in more than one of them, so they are cited together. */
const threads = [
  '"KVM/arm64: SPE: Translate VA to IPA on a stage 2 fault instead of pinning VM memory" (Apr-Sep 2022)',
  '"KVM: arm64: A new approach for SPE support" (Nov 2022-Jan 2023)',
  '"[RFC PATCH v6 00/35] KVM: arm64: Add Statistical Profiling Extension (SPE) support" (Nov 2025-Jan 2026)',
].join('; ');

/** One answer for all cause classes, or for all but the first touch. */
function answer(others: Answer, firstTouch: Answer = others): Record<CauseClass, Answer> {
  const all = Object.fromEntries(causeClasses.map((c) => [c, others])) as Record<CauseClass, Answer>;
  return { ...all, 'first-touch': firstTouch };
}

/** Pins live under the notifier filter unless a user's file says otherwise: it is what the newest series does. */
const filtered = { pinGuard: 'gup+notifier-filter', cachePins: false } as const;
const firstFault = { pin: 'first-fault', ...filtered } as const;

export const builtinPolicies: readonly Policy[] = [
  {
    id: 'bare-metal',
    title: 'Bare metal',
    summary: 'The reference: one translation stage, so the driver keeps the buffer mapped and every sample is kept.',
    source: 'Linux drivers/perf/arm_spe_pmu.c',
    pin: 'no-stage-2',
    ...filtered,
    onFault: answer('map'),
  },
  {
    id: 'pin-vm',
    title: 'Pin the whole VM',
    summary: 'All guest memory is pinned up front; only userspace can still take a page away, and the guest is told.',
    source: threads,
    pin: 'vm',
    ...filtered,
    onFault: answer('impdef-event'),
  },
  {
    id: 'map-on-fault',
    title: 'Map on fault',
    summary: 'Demand mapping: each stage 2 fault maps its page and profiling goes on.',
    source: threads,
    pin: 'never',
    ...filtered,
    onFault: answer('map'),
  },
  {
    id: 'pin-at-enable',
    title: 'Pin at enable',
    summary: 'The buffer is translated and pinned each time profiling is enabled; a later fault kills the session.',
    source: threads,
    pin: 'enable',
    ...filtered,
    onFault: answer('impdef-event'),
  },
  {
    id: 'pin-at-enable-cached',
    title: 'Pin at enable, cached',
    summary: 'As pin-at-enable, but the pins are kept over disable and enable while nothing has changed.',
    source: threads,
    pin: 'enable',
    pinGuard: 'gup+notifier-filter',
    cachePins: true,
    onFault: answer('impdef-event'),
  },
  {
    id: 'pin-on-first-fault',
    title: 'Pin on first fault',
    summary: 'The first stage 2 fault translates VA to IPA and pins the whole buffer; a later one kills the session.',
    source: threads,
    ...firstFault,
    onFault: answer('impdef-event', 'repin'),
  },
  {
    id: 'nondestructive-repin',
    title: 'Repin without loss',
    summary: 'Every stage 2 fault unpins the old buffer and pins the new one; the guest is told nothing but DL.',
    source: threads,
    ...firstFault,
    onFault: answer('repin'),
  },
  {
    id: 'external-abort',
    title: 'External abort',
    summary:
      'After the first touch a stage 2 fault is reported as an external abort (EA=1, DL=1); under SPEv1p3 as an SError.',
    source: threads,
    ...firstFault,
    onFault: answer('external-abort', 'repin'),
  },
  {
    id: 'serror',
    title: 'SError',
    summary: 'After the first touch a stage 2 fault becomes an SError to the vCPU, and Linux panics.',
    source: threads,
    ...firstFault,
    onFault: answer('serror', 'repin'),
  },
  {
    id: 'impdef-event',
    title: 'IMP DEF event',
    summary:
      'After the first touch a stage 2 fault is a buffer management event (EC=0b011111, DL=1) that kills the session.',
    source: threads,
    ...firstFault,
    onFault: answer('impdef-event', 'repin'),
  },
  {
    id: 'report-s2',
    title: 'Report the stage 2 fault',
    summary: 'After the first touch a stage 2 fault is reported to the guest as what it is (EC=0b100101).',
    source: threads,
    ...firstFault,
    onFault: answer('report-s2', 'repin'),
  },
  {
    id: 'bounce-buffer',
    title: 'Bounce buffer',
    summary: "KVM profiles into a buffer of its own and copies it out to the guest's: no stage 2 faults.",
    source: threads,
    pin: 'private-buffer',
    ...filtered,
    onFault: answer('map'),
  },
];

/** The built-in policy of that id, if there is one. */
export function builtinPolicy(id: string): Policy | undefined {
  return builtinPolicies.find((p) => p.id === id);
}
