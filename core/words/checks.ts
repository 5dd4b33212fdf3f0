/** How a result holds up under the assumption checks, in words: said wherever a verdict is shown. */
import type { VerdictWord } from '../model/terms.ts';
import { list, plural, range } from './lists.ts';
import { percent } from './numbers.ts';

/** An outcome under one assumption check. */
export interface Checked {
  readonly id: string;
  /** To follow "if". */
  readonly title: string;
  readonly coverage: number;
  readonly verdict: VerdictWord | null;
}

/** A verdict with its checks; none in runs of the model's first edition. */
export interface CheckedVerdict {
  readonly coverage: number;
  readonly word: VerdictWord | undefined;
  readonly checks?: readonly Checked[];
}

/** The checks that change the verdict. */
export function changing({ word, checks = [] }: CheckedVerdict): readonly Checked[] {
  return checks.filter(({ verdict }) => verdict !== (word ?? null));
}

/** Lowest and highest coverage over the run's own assumptions and all checks. */
export function checkedRange({ coverage, checks = [] }: CheckedVerdict): readonly [least: number, greatest: number] {
  const all = [coverage, ...checks.map((check) => check.coverage)];
  return [Math.min(...all), Math.max(...all)];
}

/** `73–99.88 %`; undefined if nothing was checked. */
export function checkedCoverage(of: CheckedVerdict): string | undefined {
  return of.checks?.length ? range(...checkedRange(of), percent) : undefined;
}

/** `holds`, or `unless dl-0: dead; …`, by the checks' ids; undefined if nothing was checked. For tables. */
export function holdsShort(of: CheckedVerdict): string | undefined {
  if (!of.checks?.length) return undefined;
  const changes = changing(of).map(({ id, verdict }) => `${id}: ${verdict ?? 'no verdict'}`);
  return changes.length ? `unless ${changes.join('; ')}` : 'holds';
}

/** `holds under all 8 assumption checks`, or `holds under 7 of 8, not if <check> (then dead, coverage 19.5 %)`; undefined if nothing was checked. */
export function holdsClause(of: CheckedVerdict): string | undefined {
  const { checks } = of;
  if (!checks?.length) return undefined;
  const changes = changing(of).map(
    ({ title, verdict, coverage }) => `${title} (then ${verdict ?? 'no verdict'}, coverage ${percent(coverage)})`,
  );
  const held = checks.length - changes.length;
  if (changes.length)
    return `holds under ${held} of ${plural(checks.length, 'assumption check')}, not if ${changes.join(', nor if ')}`;
  return checks.length === 1
    ? `holds if ${checks[0].title}, too`
    : `holds under all ${checks.length} assumption checks`;
}

/** The same as a sentence, with the coverage over all checks where that is informative. */
export function holdsSentence(of: CheckedVerdict): string | undefined {
  const clause = holdsClause(of);
  if (clause === undefined) return undefined;
  const [least, greatest] = checkedRange(of);
  const sentence = clause.charAt(0).toUpperCase() + clause.slice(1);
  const span = percent(least) === percent(greatest) ? '' : `; coverage over all: ${range(least, greatest, percent)}`;
  return `${sentence}${span}.`;
}

/** Names for the same thing: `pin-vm = pin-at-enable = guest-memfd-prefault`. */
export function sameNames(names: readonly string[]): string {
  return names.join(' = ');
}

/** The same, short: `pin-vm = 3 others`. */
export function sameNamesShort(names: readonly string[]): string {
  return names.length > 2 ? `${names[0]} = ${names.length - 1} others` : sameNames(names);
}

/** Groups items by key, in order of first appearance. */
export function grouped<T>(items: readonly T[], keyOf: (item: T) => unknown): T[][] {
  return [...Map.groupBy(items, (item) => JSON.stringify(keyOf(item))).values()];
}

/** `a, b and 3 more would be dead if <check>; …` over several results; undefined if nothing was checked. */
export function hangingSentence(all: readonly (CheckedVerdict & { readonly name: string })[]): string | undefined {
  if (!all.some(({ checks }) => checks?.length)) return undefined;
  const changes = all.flatMap((of) => changing(of).map((check) => ({ name: of.name, check })));
  if (changes.length === 0) return 'No assumption check changes a verdict.';
  const clauses = grouped(changes, ({ check }) => [check.id, check.verdict]).map((same) => {
    const { title, verdict } = same[0].check;
    const names = list(
      same.map(({ name }) => name),
      12,
    );
    return `${names} would be ${verdict ?? 'without a verdict'} if ${title}`;
  });
  return `Verdicts that depend on an assumption: ${clauses.join('; ')}.`;
}

/**
 * Whether the checks change which of two outcomes keeps more: `A keeps more under all 8 assumption checks`, `B keeps more if <check>
 * (70 % in A, 98 % in B)`. A check that one side has settled leaves that side unchanged. Undefined if neither was checked.
 */
export function orderUnderChecks(a: CheckedVerdict, b: CheckedVerdict): string | undefined {
  const all = new Map([...(a.checks ?? []), ...(b.checks ?? [])].map(({ id, title }) => [id, title]));
  if (all.size === 0) return undefined;
  const keeps = (x: number, y: number): string => (x === y ? 'both keep as much' : `${x > y ? 'A' : 'B'} keeps more`);
  const plain = keeps(a.coverage, b.coverage);
  const under = (of: CheckedVerdict, id: string): number =>
    of.checks?.find((c) => c.id === id)?.coverage ?? of.coverage;
  const turned = [...all].flatMap(([id, title]) => {
    const [x, y] = [under(a, id), under(b, id)];
    const then = keeps(x, y);
    return then === plain ? [] : [`${then} if ${title} (${percent(x)} in A, ${percent(y)} in B)`];
  });
  return turned.length ? `${plain}; ${turned.join('; ')}` : `${plain} under all ${all.size} assumption checks`;
}
