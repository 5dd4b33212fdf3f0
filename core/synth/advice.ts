/** A VMM's advice on guest memory, and its effect (mm/madvise.c). */
import type { Contents } from '../model/terms.ts';

/** Private anonymous memory, a memfd, private huge pages of hugetlbfs, or a guest_memfd that the VMM has mapped. */
export const backings = ['anonymous', 'shared', 'hugetlb', 'guest_memfd'] as const;
export type Backing = (typeof backings)[number];

export const advices = ['dontneed', 'free', 'remove', 'pageout', 'cold'] as const;
export type Advice = (typeof advices)[number];

export interface AdviceRule {
  /** MADV_*. */
  readonly number: number;
  /** Backings for which it is refused (EINVAL). */
  readonly refusedFor: readonly Backing[];
  /** What becomes of the contents; undefined: nothing is unmapped, and no notifier runs. */
  readonly contents: (backing: Backing) => Contents | undefined;
}

export const adviceOf: Readonly<Record<Advice, AdviceRule>> = {
  // The page cache keeps shared pages, and a guest_memfd its own: only the VMM's mapping goes.
  dontneed: {
    number: 4,
    refusedFor: [],
    contents: (backing) => (backing === 'anonymous' || backing === 'hugetlb' ? 'dropped' : 'kept'),
  },
  free: { number: 8, refusedFor: ['shared', 'hugetlb', 'guest_memfd'], contents: () => 'dropped' },
  // Punches a hole into the file.
  remove: { number: 9, refusedFor: ['anonymous', 'hugetlb'], contents: () => 'dropped' },
  // Nothing reclaims a guest_memfd (AS_UNEVICTABLE).
  pageout: {
    number: 21,
    refusedFor: ['hugetlb'],
    contents: (backing) => (backing === 'guest_memfd' ? undefined : 'kept'),
  },
  // Only clears the host's young bits.
  cold: { number: 20, refusedFor: ['hugetlb'], contents: () => undefined },
};
