/** Every reply's type, and that of the progress that carries a result as far as it is there: what shapes.ts makes checks of. */
import type { RecordProgress } from '../../core/contract/board.ts';
import type { Method, Result } from '../../core/contract/contract.ts';
import type { ReplaySoFar } from '../../core/contract/jobs.ts';
import type { SweepAnswer } from '../../core/contract/sweep.ts';

export type Replies = { readonly [M in Method]: Result<M> };

export interface SoFar {
  readonly record: RecordProgress;
  readonly replay: ReplaySoFar;
  readonly sweep: SweepAnswer;
}
