/** A guest fault between its kvm_guest_fault and that vCPU's next kvm_entry. */
import type { Slot } from './slots.ts';

export interface PendingFault {
  readonly page: number;
  /** One of `FaultType`. */
  readonly type: number;
  /** -1 to 3; NaN if unknown. */
  readonly level: number;
  readonly write: boolean;
  /** ns of the exit: the page was found in its state at this moment. */
  readonly at: number;
  /**
   * ns: the abort contradicts whatever was believed since this moment or longer. It is the vCPU's entry, or shortly before
   * the abort, which is taken about as long before kvm_exit as kvm_guest_fault comes after it.
   */
  readonly contradicts: number;
  /** ns until which that vCPU had run before without noticing anything. */
  readonly ranUntil: number;
  /** The memslot that holds it; undefined when no slots are known. */
  readonly slot: Slot | undefined;
  /** It found a page unmapped that was believed mapped; a memslot call may be why. */
  slotMayBeGone: boolean;
  /** Another thread announced an unmap of the page meanwhile, which may do its work only after the answer. */
  raced: boolean;
  /** The thread itself invalidated the page on the way: KVM retries (`mmu_invalidate_retry`). */
  retried: boolean;
}
