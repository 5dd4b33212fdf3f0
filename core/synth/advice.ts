/** Advice that a VMM gives on guest memory, and what it comes to (mm/madvise.c). */
import type { Contents } from '../model/terms.ts';

/** Private anonymous memory, or a memfd. */
export const backings = ['anonymous', 'shared'] as const;
export type Backing = (typeof backings)[number];

export const advices = ['dontneed', 'free', 'remove', 'pageout', 'cold'] as const;
export type Advice = (typeof advices)[number];

export interface AdviceRule {
  /** MADV_*. */
  readonly number: number;
  /** The backing that it is refused for (EINVAL). */
  readonly refusedFor?: Backing;
  /** What becomes of the contents; undefined: nothing is unmapped, and no notifier runs. */
  readonly contents: (backing: Backing) => Contents | undefined;
}

export const adviceOf: Readonly<Record<Advice, AdviceRule>> = {
  // The page cache keeps what is shared.
  dontneed: { number: 4, contents: (backing) => (backing === 'anonymous' ? 'dropped' : 'kept') },
  free: { number: 8, refusedFor: 'shared', contents: () => 'dropped' },
  // Punches a hole into the file.
  remove: { number: 9, refusedFor: 'anonymous', contents: () => 'dropped' },
  pageout: { number: 21, contents: () => 'kept' },
  // Only clears the host's young bits.
  cold: { number: 20, contents: () => undefined },
};
