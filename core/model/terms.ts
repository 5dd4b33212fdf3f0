/**
 * The model's vocabulary. Order matters: an index into one of these lists is what typed columns and the lab file hold, so
 * entries are only ever appended. Names are the field's own (Arm ARM DDI 0487; Linux drivers/perf/arm_spe_pmu.c; KVM/arm64).
 */

/** Why a page of the SPE buffer was not valid when the SPU wrote to it. */
export const causeClasses = [
  'first-touch',
  'userspace',
  'host-mm',
  'kvm',
  'dirty-log',
  'guest-allowed',
  'guest-forbidden',
] as const;
export type CauseClass = (typeof causeClasses)[number];

/** What KVM does about a stage 2 fault of the SPU. */
export const answers = [
  'map',
  'repin',
  'external-abort',
  'serror',
  'impdef-event',
  'report-s2',
  'exit-to-userspace',
] as const;
export type Answer = (typeof answers)[number];

/** An answer's effect on the guest and on the page. */
export interface AnswerEffect {
  /**
   * `resumes`: KVM resolves it and the guest isn't notified; `injects`: a buffer management event that ends the session;
   * `kills`: an SError.
   */
  readonly guest: 'resumes' | 'injects' | 'kills';
  /** Needs a page to map: there is none while the contents are `gone`. */
  readonly needsPage: boolean;
}

/** The one place that says which answers are injected, and which need a page (replay-rules.md, rules 17 to 21). */
export const answerEffects: Readonly<Record<Answer, AnswerEffect>> = {
  map: { guest: 'resumes', needsPage: true },
  repin: { guest: 'resumes', needsPage: true },
  'external-abort': { guest: 'injects', needsPage: false },
  serror: { guest: 'kills', needsPage: false },
  'impdef-event': { guest: 'injects', needsPage: false },
  'report-s2': { guest: 'injects', needsPage: false },
  'exit-to-userspace': { guest: 'resumes', needsPage: false },
};

/** Why samples of a blackout window are missing. */
export const windowKinds = [
  'irq-latency',
  'session-killed',
  'vm-dead',
  'buffer-full',
  'copy-out',
  'discarded',
  'copy-failed',
  'torn',
  'wiped',
] as const;
export type WindowKind = (typeof windowKinds)[number];

/** What the host did while the vCPU was stopped. */
export const stallKinds = ['map', 'pin', 'unpin', 'copy', 'inject', 'trap', 'exit'] as const;
export type StallKind = (typeof stallKinds)[number];

/** Stage 2 changes of the timeline. `unknown`: the tracer lost events; nothing is known about these pages until the next evidence. */
export const stage2Kinds = ['initial-unmapped', 'map', 'unmap', 'write-protect', 'access-clear', 'unknown'] as const;
export type Stage2Kind = (typeof stage2Kinds)[number];

/**
 * The MMU notifier's event that announced an unmap (include/linux/mmu_notifier.h), which decides what a pin survives: `unmap`
 * (munmap, mremap), `clear` (madvise, reclaim, migration, compaction, KSM, copy-on-write, THP), `protect` (mprotect, NUMA
 * hinting). `memslot`: no notifier, KVM flushes the slot.
 */
export const notifies = ['unknown', 'unmap', 'clear', 'protect', 'memslot'] as const;
export type Notify = (typeof notifies)[number];

/**
 * What an unmap does to the page's contents. `kept`: the next map brings the same bytes back; `dropped`: zeroes or another page;
 * `gone`: there is nothing to map until the VMM maps something there again, or gives the slot back.
 */
export const contentsFates = ['kept', 'dropped', 'gone'] as const;
export type Contents = (typeof contentsFates)[number];

/** Whether an argument in the trace or the VM description says what became of the contents. */
export const contentsOrigins = ['assumed', 'measured'] as const;
export type ContentsOrigin = (typeof contentsOrigins)[number];

/** How a change reaches a pinned page: by the event of a notifier, by KVM's own slot flush, or by its dirty logging, which has no notifier. */
export const pinBreakers = ['unmap', 'clear', 'protect', 'memslot', 'dirty-log'] as const;
export type PinBreaker = (typeof pinBreakers)[number];

/** How far the surviving profile can be trusted (model.md section 7). */
export const verdicts = ['representative', 'usable with care', 'misleading', 'dead', 'no samples'] as const;
export type VerdictWord = (typeof verdicts)[number];

/** Stage 2 pages are 4 KiB unless the VM description says otherwise. */
export const PAGE_SHIFT = 12;

/** The code of a term: its index in its list. */
export function code<T extends string>(list: readonly T[], term: T): number {
  return list.indexOf(term);
}
