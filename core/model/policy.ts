/** A policy is data: when to pin, what takes a pinned page's mapping all the same, and an answer per cause class (model.md section 5). */
import { answerEffects, answers } from './terms.ts';
import type { Answer, CauseClass, PinBreaker } from './terms.ts';

/** Stable id: `map-on-fault`, or whatever a user's file says. */
export type PolicyId = string;

/** When KVM pins. `no-stage-2` is bare metal: nothing is translated twice, so nothing faults and KVM costs nothing. */
export const pinRules = ['never', 'vm', 'enable', 'first-fault', 'private-buffer', 'no-stage-2'] as const;
export type PinRule = (typeof pinRules)[number];

/**
 * The first edition's names for what guards a pin, still read as shorthand for `unpinnedBy`. `gup`: the page has a reference, so the mm
 * can't take it, but all notifiers still unmap stage 2; `gup+notifier-filter`: KVM ignores them for pinned pages, all but
 * MMU_NOTIFY_UNMAP; `guest_memfd`: events on the VMM's addresses don't reach it.
 */
export const pinGuards = {
  gup: ['unmap', 'clear', 'protect', 'memslot'],
  'gup+notifier-filter': ['unmap', 'memslot'],
  guest_memfd: ['memslot'],
} as const satisfies Readonly<Record<string, readonly PinBreaker[]>>;
export type PinGuard = keyof typeof pinGuards;
export const isPinGuard = (name: unknown): name is PinGuard => typeof name === 'string' && name in pinGuards;

/** The latencies of the model, ns unless the name says otherwise (model.md section 4, Times). */
export const timeNames = [
  'irqNs',
  'trapNs',
  'walkNsPerPage',
  'mapNs',
  'pinNsPerPage',
  'unpinNsPerPage',
  'injectNs',
  'guestHandlerNs',
  'reenableNs',
  'fullExtraNs',
  'copyBytesPerNs',
  'readNs',
  'exitNs',
] as const;
export type TimeName = (typeof timeNames)[number];

/** One answer, or one for each value of the hardware's DL (PMBSR_EL1.DL: part of a record was lost). */
export type FaultAnswer = Answer | { readonly dl0: Answer; readonly dl1: Answer };

/** What can be done about a fault on a page that there is nothing for. */
export const unresolvedAnswers = answers.filter((a) => !answerEffects[a].needsPage);

/** The DL that KVM injects with a buffer management event. */
export const injectedDls = [0, 1, 'hardware'] as const;
export type InjectedDl = (typeof injectedDls)[number];

export interface Policy {
  readonly id: PolicyId;
  readonly title: string;
  /** One plain sentence. */
  readonly summary: string;
  /** The thread or code it comes from, and what in it. */
  readonly source: string;
  readonly pin: PinRule;
  /** Changes that take a pinned page's stage 2 mapping (`dirty-log`: its write permission) away all the same. */
  readonly unpinnedBy: readonly PinBreaker[];
  /** Keep pins over disable and enable when nothing changed. */
  readonly cachePins: boolean;
  readonly onFault: Readonly<Record<CauseClass, FaultAnswer>>;
  /** `pin: first-fault`: the answer to any fault while the buffer isn't pinned. */
  readonly onUnpinned: Answer;
  /** In place of `map` and `repin` when the page is gone; itself needs no page. */
  readonly onUnresolved: Answer;
  readonly injectDl: InjectedDl;
  /** Trapped register writes at each enable; the run's parameter if absent. */
  readonly trapsPerEnable?: number;
  /** Latencies that are this policy's own, in place of the run's. */
  readonly times?: Readonly<Partial<Record<TimeName, number>>>;
  /** Fields that a user's file says itself: assumption checks leave them alone (replay-rules.md, rule 32). */
  readonly settled?: readonly SettledField[];
}

/** Fields that an assumption check may vary. */
export const settledFields = ['injectDl', 'unpinnedBy'] as const;
export type SettledField = (typeof settledFields)[number];

/** What a policy does where it doesn't say. */
export const policyDefaults = {
  unpinnedBy: pinGuards['gup+notifier-filter'],
  cachePins: false,
  onUnpinned: 'repin',
  onUnresolved: 'impdef-event',
  injectDl: 1,
} as const satisfies Partial<Policy>;

/** The answers to faults that can be resolved, each once; none where nothing of the guest's faults. */
export function declaredAnswers({ pin, onFault, onUnpinned }: Policy): Set<Answer> {
  if (pin === 'no-stage-2' || pin === 'private-buffer') return new Set();
  const given = new Set(Object.values(onFault).flatMap((a) => (typeof a === 'string' ? [a] : [a.dl0, a.dl1])));
  if (pin === 'first-fault') given.add(onUnpinned);
  return given;
}

/** Every answer that a policy may give. */
export function possibleAnswers(policy: Policy): Set<Answer> {
  const given = declaredAnswers(policy);
  if ([...given].some((a) => answerEffects[a].needsPage)) given.add(policy.onUnresolved);
  return given;
}

/** An answer in words: `map`, or `repin (DL 0), impdef-event (DL 1)`. */
export function answerText(answer: FaultAnswer): string {
  return typeof answer === 'string' ? answer : `${answer.dl0} (DL 0), ${answer.dl1} (DL 1)`;
}
