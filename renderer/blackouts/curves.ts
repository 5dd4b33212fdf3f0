import type { PolicyBlackouts } from '../../core/contract/runs.ts';

/** A distribution of durations, and the policies that share it. */
export interface Curve {
  readonly policies: readonly string[];
  readonly windows: number;
  readonly ns: Float64Array;
  readonly share: Float64Array;
}

/** Policies with the same windows share a curve; those without windows have none. */
export function curves(all: readonly PolicyBlackouts[]): Curve[] {
  const found = new Map<string, Curve & { policies: string[] }>();
  for (const { policy, windows, ns, share } of all) {
    if (!windows) continue;
    const key = `${windows} ${ns.join()} ${share.join()}`;
    const same = found.get(key);
    if (same) same.policies.push(policy);
    else found.set(key, { policies: [policy], windows, ns, share });
  }
  return [...found.values()];
}
