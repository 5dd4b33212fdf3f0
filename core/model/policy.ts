/** A policy is data: when to pin, what takes a pinned page's mapping anyway, and an answer per cause class (model.md section 5). */
import { answerEffects, answers } from './terms.ts';
import type { Answer, PinBreaker } from './terms.ts';
import type { FaultAnswer, Policy } from './terms/policy.ts';

export { pinRules, timeNames, injectedDls, settledFields } from './terms/policy.ts';
export type { PolicyId, TimeName, FaultAnswer, InjectedDl, Policy } from './terms/policy.ts';

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

/** What can be done about a fault on a page that has nothing to map. */
export const unresolvedAnswers = answers.filter((a) => !answerEffects[a].needsPage);

/** Defaults for what a policy doesn't say. */
export const policyDefaults = {
  unpinnedBy: pinGuards['gup+notifier-filter'],
  cachePins: false,
  onUnpinned: 'repin',
  onUnresolved: 'impdef-event',
  injectDl: 1,
} as const satisfies Partial<Policy>;

/** The answers to faults that can be resolved, each once; none if the guest can't fault. */
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
