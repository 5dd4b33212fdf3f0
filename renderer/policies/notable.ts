import type { RunPolicy } from '../../core/contract/contract.ts';
import { skewOf } from './outcomes.ts';

/** What a reader would look at first: the policy that misleads most, else the one that loses most and isn't dead. */
export function notable(policies: readonly RunPolicy[]): RunPolicy | undefined {
  const excess = (p: RunPolicy) => skewOf(p)?.excess ?? 0;
  const misleading = policies.filter((p) => skewOf(p)?.verdict === 'misleading');
  const alive = policies.filter((p) => p.lost > 0 && skewOf(p)?.verdict !== 'dead');
  return (
    misleading.toSorted((a, b) => excess(b) - excess(a))[0] ??
    alive.toSorted((a, b) => b.lost - a.lost)[0] ??
    policies.at(-1)
  );
}
