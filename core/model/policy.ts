/** A policy is data: when to pin, what guards a pin, and an answer per cause class (model.md section 5). */
import type { Answer, CauseClass } from './terms.ts';

/** Stable id: `map-on-fault`, or whatever a user's file says. */
export type PolicyId = string;

export type PinRule = 'never' | 'vm' | 'enable' | 'first-fault' | 'private-buffer';
export type PinGuard = 'gup' | 'gup+notifier-filter';

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
}
