/** A policy is data: when to pin, what guards a pin, and an answer per cause class (model.md section 5). */
import type { Answer, CauseClass } from './terms.ts';

/** Stable id: `map-on-fault`, or whatever a user's file says. */
export type PolicyId = string;

/** When KVM pins. `no-stage-2` is bare metal: nothing is translated twice, so nothing faults and KVM costs nothing. */
export const pinRules = ['never', 'vm', 'enable', 'first-fault', 'private-buffer', 'no-stage-2'] as const;
export type PinRule = (typeof pinRules)[number];

/**
 * What keeps a pinned page mapped. `gup`: the page has a reference, so the mm can't take it, but its notifiers still unmap
 * stage 2; `gup+notifier-filter`: KVM ignores the notifiers for pinned pages, all but MMU_NOTIFY_UNMAP.
 */
export const pinGuards = ['gup', 'gup+notifier-filter'] as const;
export type PinGuard = (typeof pinGuards)[number];

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
] as const;
export type TimeName = (typeof timeNames)[number];

export interface Policy {
  readonly id: PolicyId;
  readonly title: string;
  /** One plain sentence. */
  readonly summary: string;
  /** The thread or code it comes from. */
  readonly source: string;
  readonly pin: PinRule;
  readonly pinGuard: PinGuard;
  /** Keep pins over disable and enable when nothing changed. */
  readonly cachePins: boolean;
  readonly onFault: Readonly<Record<CauseClass, Answer>>;
  /** Latencies that are this policy's own, in place of the run's. */
  readonly times?: Readonly<Partial<Record<TimeName, number>>>;
}
