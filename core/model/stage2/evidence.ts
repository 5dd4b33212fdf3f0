/** The evidence in a trace for a stage 2 row, and how sure it makes the row. Order is the stored code: only append. */
import type { Certainty } from '../terms/certainty.ts';

export type { Certainty } from '../terms/certainty.ts';

const table = [
  /** No evidence at all: the default before a page's first event. */
  ['default', 'unknown'],
  /** ioctl(KVM_CREATE_VM) is in the trace: a new VM's tables are empty. */
  ['vm-created', 'observed'],
  /** The page's first event is a translation fault: it was unmapped until then. */
  ['first-fault', 'inferred'],
  /** Translation fault answered at the thread's next kvm_entry. */
  ['fault', 'observed'],
  /** Write permission fault answered likewise. */
  ['permission-fault', 'observed'],
  /** kvm_access_fault. */
  ['access-fault', 'observed'],
  /** One fault of an unmapped 2 MiB region, and no other page of it faulted: a block. */
  ['block-fault', 'inferred'],
  /** A later permission fault at level 2 found the block. */
  ['block-found', 'inferred'],
  /** kvm_unmap_hva_range. */
  ['unmap-hva', 'observed'],
  /** kvm_set_spte_hva. */
  ['set-spte-hva', 'observed'],
  /** kvm_age_hva. */
  ['age-hva', 'observed'],
  /** A fault shows that a memslot went away, and an ioctl could have done it. */
  ['memslot-ioctl', 'inferred'],
  /** __kvm_set_memory_region was in the trace. */
  ['memslot-call', 'observed'],
  /** Permission fault at level 2 under dirty logging: one page is mapped, the rest of the block goes. */
  ['block-split', 'inferred'],
  /** Write permission fault after a dirty-log ioctl. */
  ['dirty-log-ioctl', 'inferred'],
  /** Write permission fault without any such ioctl: mapped read-only. */
  ['found-read-only', 'inferred'],
  /** Translation fault on a mapped page that nothing explains. */
  ['missed-unmap', 'inferred'],
  /** The tracer lost events. */
  ['lost-events', 'unknown'],
  /** The kernel's own page-table call. */
  ['table-call', 'observed'],
  /** The VMM mapped something where its memory had gone: there is something to map again. */
  ['mapped-again', 'observed'],
  /** KVM_PRE_FAULT_MEMORY may have mapped the page: no event says which pages it did. */
  ['pre-fault-ioctl', 'unknown'],
] as const satisfies readonly (readonly [string, Certainty])[];

export type Evidence = (typeof table)[number][0];

export const evidences: readonly Evidence[] = table.map(([name]) => name);

/** Certainty by index into `evidences`. */
export const certainties: readonly Certainty[] = table.map(([, certainty]) => certainty);

/** The code of an evidence: its index in `evidences`. */
export function evidenceCode(evidence: Evidence): number {
  return evidences.indexOf(evidence);
}
