import type { RunPolicy } from '../../core/contract/contract.ts';

/** Policies with the same cost and loss. */
export interface Spot {
  readonly policies: readonly string[];
  /** Shares. */
  readonly loss: number;
  readonly slowdown: number;
  readonly pinned: number;
  /** Among those that keep half of the samples: no other is better in one and as good in the other. */
  readonly best: boolean;
}

export function spots(policies: readonly RunPolicy[]): Spot[] {
  const found = new Map<string, { policies: string[]; loss: number; slowdown: number; pinned: number }>();
  for (const { policy, coverage, slowdown = 0, pinnedBytesPeak: pinned } of policies) {
    const loss = 1 - coverage;
    const key = `${loss} ${slowdown} ${pinned}`;
    const same = found.get(key);
    if (same) same.policies.push(policy);
    else found.set(key, { policies: [policy], loss, slowdown, pinned });
  }
  const all = [...found.values()];
  // The reference is nothing KVM could do, and a dead profile is no bargain.
  const rivals = all.filter((s) => !s.policies.includes('bare-metal') && s.loss < 0.5);
  const beats = (a: Spot | (typeof all)[number], b: (typeof all)[number]) =>
    a.loss <= b.loss && a.slowdown <= b.slowdown && (a.loss < b.loss || a.slowdown < b.slowdown);
  return all.map((s) => ({ ...s, best: rivals.includes(s) && !rivals.some((r) => beats(r, s)) }));
}
