/** What an assumption check (model.md 4.7) makes of a policy's outcome. */
import type { VerdictWord } from '../model/terms.ts';

export interface CheckResult {
  readonly id: string;
  /** In words, to follow "if". */
  readonly title: string;
  readonly kept: number;
  readonly lost: number;
  /** 0 … 1 */
  readonly coverage: number;
  /** Null where nothing could be judged. */
  readonly verdict: VerdictWord | null;
}
