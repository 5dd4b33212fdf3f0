/** What the assumption checks leave of a result, in words. */
import { list, range } from '../words/lists.ts';
import { percent } from '../words/numbers.ts';
import type { Compared, Variant } from './model.ts';

/** Coverage over the run's own assumptions and all checks; undefined if nothing was checked. */
export function checkedCoverage({ summary, checks }: Variant): string | undefined {
  if (!checks?.length) return undefined;
  const all = [summary.coverage, ...checks.map((check) => check.coverage)];
  return range(Math.min(...all), Math.max(...all), percent);
}

/** `holds under all checks`, or `unless <check>: <verdict>; …`; undefined if nothing was checked. */
export function checkedVerdict(variant: Variant): string | undefined {
  const { checks } = variant;
  if (!checks?.length) return undefined;
  const changes = changing(variant).map(({ title, verdict }) => `unless ${title}: ${verdict ?? 'no verdict'}`);
  return changes.length ? changes.join('; ') : 'holds under all checks';
}

/** Which assumptions the verdicts hang on; undefined if nothing was checked. */
export function checksSentence(all: readonly Compared[]): string | undefined {
  if (!all.some(({ variant }) => variant.checks?.length)) return undefined;
  const found = new Map<string, string[]>();
  for (const { policy, variant } of all)
    for (const { title, verdict } of changing(variant)) {
      const clause = `${verdict ?? 'without a verdict'} if ${title}`;
      found.set(clause, [...(found.get(clause) ?? []), policy.id]);
    }
  if (found.size === 0) return 'No assumption check changes a verdict.';
  const clauses = [...found].map(([clause, ids]) => `${list(ids, 12)} would be ${clause}`);
  return `Verdicts that hang on an assumption: ${clauses.join('; ')}.`;
}

function changing({ checks = [], verdict }: Variant): NonNullable<Variant['checks']> {
  return checks.filter((check) => check.verdict !== verdict.word);
}

/** What stands below a verdict in the table of policies. */
export function verdictNotes(variant: Variant): string[] {
  const same = variant.sameAs === undefined ? undefined : `loses the same samples as ${variant.sameAs}`;
  return [checkedVerdict(variant), same].filter((note) => note !== undefined);
}
