/**
 * A run's policies as rows: those that lose exactly the same samples share one, bare metal has its own. What a row says about the
 * assumption checks holds for all its members, or for those it names.
 */
import type { RunCheck, RunPolicy, RunSkew } from '../../core/contract/run-policy.ts';

export interface Outcome {
  /** In the run's order; never empty. */
  readonly members: readonly RunPolicy[];
  readonly first: RunPolicy;
  /** Bare metal. */
  readonly reference: boolean;
  /** Smallest and largest coverage over the members' checks, the outcome itself included. */
  readonly least: number;
  readonly greatest: number;
  /** Assumption checks of any member. */
  readonly checks: number;
  /** What checks turn the verdict into, where they change it. */
  readonly changes: readonly VerdictChange[];
}

export interface VerdictChange {
  readonly id: string;
  /** Follows "if". */
  readonly title: string;
  readonly verdict: string;
  /** Members for which it holds; empty: all of them. */
  readonly only: readonly string[];
}

/** What the run's verdicts rest on: the first key it counted by. */
export function skewOf(p: RunPolicy): RunSkew | undefined {
  return p.skew[0];
}

export function verdictOf(p: RunPolicy): string {
  return skewOf(p)?.verdict ?? 'not computed';
}

/** One result per policy: runs of the model's first edition have two, their own first. */
export function ownResults(policies: readonly RunPolicy[]): RunPolicy[] {
  return policies.filter((p, i) => policies.findIndex((q) => q.policy === p.policy) === i);
}

/** Least lost first, the reference last; equal losses in the run's order. */
export function outcomesOf(policies: readonly RunPolicy[]): Outcome[] {
  return grouped(policies, fatesKey)
    .map(outcome)
    .sort((a, b) => Number(a.reference) - Number(b.reference) || a.first.lost - b.first.lost);
}

/** A policy's outcome under a check; its own outcome if the check has nothing to vary. */
export function underCheck(p: RunPolicy, id: string): Pick<RunCheck, 'kept' | 'lost' | 'coverage' | 'verdict'> {
  const { kept, lost, coverage } = p;
  return p.checks.find((c) => c.id === id) ?? { kept, lost, coverage, verdict: verdictOf(p) };
}

/** Like `outcomesOf` for the outcomes under a check: members share a row only if they still lose the same amount. */
export function outcomesUnder(policies: readonly RunPolicy[], id: string): Outcome[] {
  const key = (p: RunPolicy) => {
    const { lost, verdict } = underCheck(p, id);
    return `${fatesKey(p)} ${lost} ${verdict}`;
  };
  return grouped(policies, key)
    .map(outcome)
    .sort(
      (a, b) =>
        Number(a.reference) - Number(b.reference) || underCheck(a.first, id).lost - underCheck(b.first, id).lost,
    );
}

/** The run's checks, with how many policies' verdicts each changes. */
export function checksOf(policies: readonly RunPolicy[]): { id: string; title: string; changes: number }[] {
  const found = new Map<string, { id: string; title: string; changes: number }>();
  for (const p of ownResults(policies)) {
    for (const { id, title, verdict } of p.checks) {
      const entry = found.get(id) ?? { id, title, changes: 0 };
      if (verdict !== null && verdict !== verdictOf(p)) entry.changes++;
      found.set(id, entry);
    }
  }
  return [...found.values()];
}

/** Bare metal keeps everything by definition: a policy that earns it never shares its row. A dead VM is dead whatever it had lost. */
function fatesKey(p: RunPolicy): string {
  if (p.reference) return 'reference';
  return `${p.lost ? (p.sameAs ?? p.policy) : 'all kept'} ${verdictOf(p)}`;
}

function grouped(policies: readonly RunPolicy[], keyOf: (p: RunPolicy) => string): RunPolicy[][] {
  return [...Map.groupBy(ownResults(policies), keyOf).values()];
}

function outcome(members: readonly RunPolicy[]): Outcome {
  const [first] = members;
  const coverages = members.flatMap((p) => [p.coverage, ...p.checks.map((c) => c.coverage)]);
  return {
    members,
    first,
    reference: first.reference,
    least: Math.min(...coverages),
    greatest: Math.max(...coverages),
    checks: Math.max(...members.map((p) => p.checks.length)),
    changes: changesOf(members),
  };
}

function changesOf(members: readonly RunPolicy[]): VerdictChange[] {
  const word = verdictOf(members[0]);
  const found = members.flatMap((p) =>
    p.checks.flatMap(({ id, title, verdict }) =>
      verdict === null || verdict === word ? [] : [{ id, title, verdict, policy: p.policy }],
    ),
  );
  return [...Map.groupBy(found, ({ id, verdict }) => `${id} ${verdict}`).values()].map((same) => ({
    ...{ id: same[0].id, title: same[0].title, verdict: same[0].verdict },
    only: same.length === members.length ? [] : same.map(({ policy }) => policy),
  }));
}

/** `It holds under all 8 assumption checks.`, or what changes it; undefined if nothing was checked. */
export function checksText(p: RunPolicy): string | undefined {
  if (!p.checks.length || p.reference) return undefined;
  const changes = changesOf([p]).map(({ title, verdict }) => `${verdict} if ${title}`);
  return changes.length
    ? `It would be ${changes.join('; ')}.`
    : `It holds under all ${p.checks.length} assumption checks.`;
}
