/** The parts of a policy (model.md section 5). One of the model's terms: it imports terms alone. */
import type { Answer, CauseClass, PinBreaker } from '../terms.ts';

/** Stable id: `map-on-fault`, or whatever a user's file says. */
export type PolicyId = string;

/** When KVM pins. `no-stage-2` is bare metal: nothing is translated twice, so nothing faults and KVM costs nothing. */
export const pinRules = ['never', 'vm', 'enable', 'first-fault', 'private-buffer', 'no-stage-2'] as const;

export type PinRule = (typeof pinRules)[number];

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

/** The DL that KVM injects with a buffer management event. */
export const injectedDls = [0, 1, 'hardware'] as const;

export type InjectedDl = (typeof injectedDls)[number];

/** Fields that an assumption check may vary. */
export const settledFields = ['injectDl', 'unpinnedBy'] as const;

export type SettledField = (typeof settledFields)[number];

export interface Policy {
  readonly id: PolicyId;
  readonly title: string;
  /** One plain sentence. */
  readonly summary: string;
  /** The thread or code it comes from, and the relevant point. */
  readonly source: string;
  readonly pin: PinRule;
  /** Changes that take a pinned page's stage 2 mapping (`dirty-log`: its write permission) away anyway. */
  readonly unpinnedBy: readonly PinBreaker[];
  /** Keep pins over disable and enable when nothing changed. */
  readonly cachePins: boolean;
  readonly onFault: Readonly<Record<CauseClass, FaultAnswer>>;
  /** `pin: first-fault`: the answer to any fault while the buffer isn't pinned. */
  readonly onUnpinned: Answer;
  /** Replaces `map` and `repin` when the page is gone; needs no page itself. */
  readonly onUnresolved: Answer;
  readonly injectDl: InjectedDl;
  /** Trapped register writes at each enable; the run's parameter if absent. */
  readonly trapsPerEnable?: number;
  /** This policy's own latencies, in place of the run's. */
  readonly times?: Readonly<Partial<Record<TimeName, number>>>;
  /** Fields that a user's file sets: assumption checks leave them alone (replay-rules.md, rule 32). */
  readonly settled?: readonly SettledField[];
}
