/** What a run, its policies and its capture can be compared with in a report. */
import type { Capture, Params, Run } from '../../core/contract/contract.ts';

export type Compare = Params<'comparisonReport'>['compare'];

export interface Choices {
  /** Other runs. */
  readonly runs: readonly Run[];
  /** Policies of the run, two of which make a comparison. */
  readonly policies: readonly string[];
  /** Other SPE captures. */
  readonly captures: readonly Capture[];
}

export function choicesOf(run: Run, runs: readonly Run[], captures: readonly Capture[]): Choices {
  const policies = [...new Set(run.policies.map(({ policy }) => policy))];
  const others = runs.filter(({ id, policies: has }) => id !== run.id && has.some((p) => policies.includes(p.policy)));
  return {
    runs: others,
    policies: policies.length > 1 ? policies : [],
    captures: captures.filter(({ kind, id }) => kind === 'spe' && id !== run.spe),
  };
}

/** `run 2`, `policies`, `spe 4`: the selector's value; undefined for a report of the run alone. */
export function compareOf(run: Run, choice: string, policy: string, withPolicy: string): Compare | undefined {
  const [what, id] = choice.split(' ');
  switch (what) {
    case 'run':
      return { of: 'runs', a: run.id, b: Number(id) };
    case 'policies':
      return policy === withPolicy ? undefined : { of: 'runs', a: run.id, b: run.id, policy, withPolicy };
    case 'spe':
      return { of: 'captures', a: run.spe, b: Number(id) };
    default:
      return undefined;
  }
}

/** The options of `umbra report` that name the comparison. */
export function compareOptions(compare: Compare): string {
  if (compare.of === 'captures') return `--spe ${compare.a} --with ${compare.b}`;
  const { a, b, policy, withPolicy } = compare;
  const sides = a === b ? `--run ${a}` : `--run ${a} --with ${b}`;
  return policy === undefined ? sides : `${sides} --policy ${policy} --with-policy ${withPolicy}`;
}
