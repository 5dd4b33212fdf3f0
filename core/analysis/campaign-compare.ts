/** Policies against each other across a campaign: which is best where, which order reverses, and on what. */
import { average, cellsOf, halfWidth } from './campaign-layout.ts';
import type { Cell, Estimate, LayoutPair } from './campaign-layout.ts';

/** `a` less `b`, over the pairs of one group. Below 0: `a` loses less. */
export interface Difference extends Estimate {
  readonly a: number;
  readonly b: number;
  readonly half: number;
  /** -1: `a` loses less, 1: `b` does, beyond what repetitions and the number of comparisons explain; else 0. */
  readonly sign: -1 | 0 | 1;
  /** The two lose the same in every pair. */
  readonly alike: boolean;
}

/** Pairs that are compared together: those with one value of a factor, or all. */
export interface Group {
  /** Undefined: all pairs. */
  readonly factor?: string;
  readonly value?: string;
  readonly pairs: readonly LayoutPair[];
  readonly cells: readonly Cell[];
}

export interface Standing {
  readonly group: Group;
  /** Policies by mean loss, least first. */
  readonly order: readonly { readonly policy: number; readonly mean: number }[];
  /** The policy that loses least, those that lose the same in every pair, and those not clearly worse. */
  readonly best: readonly number[];
  /** Of `best`, those equal to the first in every pair. */
  readonly alike: readonly number[];
  /** The best's lead over the next that is clearly worse; undefined if none is. */
  readonly lead?: Difference;
  /** Nothing is lost under any policy, or there are no repetitions to judge by. */
  readonly word: 'best' | "can't tell" | 'all alike' | 'no repetitions';
}

/** All pairs together, then each value of each factor in turn. @param names factors but the repetition */
export function groupsOf(pairs: readonly LayoutPair[], names: readonly string[]): Group[] {
  const groupOf = (own: readonly LayoutPair[]) => ({ pairs: own, cells: cellsOf(own, names) });
  const byValue = names.flatMap((factor) => {
    const values = [...new Set(pairs.map((p) => p.factors[factor]).filter((v) => v !== undefined))];
    return values.map((value): Group => ({
      factor,
      value,
      ...groupOf(pairs.filter((p) => p.factors[factor] === value)),
    }));
  });
  return [groupOf(pairs), ...byValue];
}

/** The loss under a policy in a pair. */
export type LossOf = (pair: LayoutPair, policy: number) => number;
export const plainLoss: LossOf = ({ loss }, policy) => loss[policy];

/** @param family comparisons that hold together */
export function difference(
  { pairs, cells }: Group,
  [a, b]: readonly [number, number],
  family: number,
  loss: LossOf = plainLoss,
): Difference {
  const of = (pair: LayoutPair): number => loss(pair, a) - loss(pair, b);
  const alike = pairs.every((pair) => of(pair) === 0);
  const estimate = average(cells, of);
  const half = halfWidth(estimate, family);
  const clear = !alike && Math.abs(estimate.mean) > half;
  return { a, b, ...estimate, half, alike, sign: clear ? (estimate.mean < 0 ? -1 : 1) : 0 };
}

/**
 * Which policy is best in a group. The one that loses least leads; it is best if clearly better than every one that isn't the same. Those
 * not clearly worse join it.
 */
export function standing(
  group: Group,
  policies: readonly number[],
  family: number,
  loss: LossOf = plainLoss,
): Standing {
  const order = policies
    .map((policy) => ({ policy, mean: average(group.cells, (pair) => loss(pair, policy)).mean }))
    .sort((x, y) => x.mean - y.mean || x.policy - y.policy);
  const first = order[0].policy;
  const others = order.slice(1).map(({ policy }) => difference(group, [first, policy], family, loss));
  const alike = [first, ...others.filter((d) => d.alike).map((d) => d.b)];
  const open = others.filter((d) => !d.alike && d.sign === 0).map((d) => d.b);
  const worse = others.filter((d) => d.sign < 0);
  const word =
    alike.length === policies.length
      ? 'all alike'
      : others.every((d) => d.alike || d.df === 0)
        ? 'no repetitions'
        : open.length
          ? "can't tell"
          : 'best';
  return { group, order, best: [...alike, ...open], alike, word, ...(worse[0] && { lead: worse[0] }) };
}

/** Two policies whose order reverses. */
export interface Reversal {
  readonly a: number;
  readonly b: number;
  /** Where `a` clearly loses less, and where `b` does. */
  readonly forA: Difference;
  readonly forB: Difference;
  /** What it depends on: a factor's two values, or an assumption check. */
  readonly on:
    | { readonly factor: string; readonly valueA: string; readonly valueB: string }
    | { readonly check: string; readonly group: Group };
}

const pairsOf = (policies: readonly number[]): [number, number][] =>
  policies.flatMap((a, i) => policies.slice(i + 1).map((b): [number, number] => [a, b]));

/** Comparisons of a family: every two policies, in every group. */
export function familySize(policies: number, groups: number): number {
  return Math.max(1, (policies * (policies - 1) * groups) / 2);
}

/** Largest first, by the smaller of the two sides. */
const bySize = (x: Reversal, y: Reversal): number => size(y) - size(x);
const size = ({ forA, forB }: Reversal): number => Math.min(Math.abs(forA.mean), Math.abs(forB.mean));

/** Order that depends on a factor: clear one way at one value, and the other way at another. */
export function factorReversals(groups: readonly Group[], policies: readonly number[], family: number): Reversal[] {
  const factors = [...new Set(groups.flatMap(({ factor }) => factor ?? []))];
  return factors
    .flatMap((factor) => {
      const own = groups.filter((g) => g.factor === factor);
      return pairsOf(policies).flatMap(([a, b]): Reversal[] => {
        const all = own.map((group) => ({ value: group.value!, d: difference(group, [a, b], family) }));
        const most = (sign: -1 | 1) =>
          all.filter(({ d }) => d.sign === sign).sort((x, y) => Math.abs(y.d.mean) - Math.abs(x.d.mean))[0];
        const [forA, forB] = [most(-1), most(1)];
        if (!forA || !forB) return [];
        return [{ a, b, forA: forA.d, forB: forB.d, on: { factor, valueA: forA.value, valueB: forB.value } }];
      });
    })
    .sort(bySize);
}

/** Order that depends on an assumption: clear one way as the campaign assumes, the other way under a check. */
export function checkReversals(
  groups: readonly Group[],
  policies: readonly number[],
  checks: readonly { readonly id: string; readonly loss: LossOf }[],
  family: number,
): Reversal[] {
  return groups
    .flatMap((group) =>
      pairsOf(policies).flatMap(([a, b]) => {
        const plain = difference(group, [a, b], family);
        if (plain.sign === 0) return [];
        return checks.flatMap(({ id, loss }): Reversal[] => {
          const checked = difference(group, [a, b], family, loss);
          if (checked.sign !== -plain.sign) return [];
          const [forA, forB] = plain.sign < 0 ? [plain, checked] : [checked, plain];
          return [{ a, b, forA, forB, on: { check: id, group } }];
        });
      }),
    )
    .sort(bySize);
}
