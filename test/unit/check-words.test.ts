import { describe, expect, it } from 'vitest';
import { checkedCoverage, checkedVerdict, checksSentence, verdictNotes } from '../../core/report/check-words.ts';
import type { CheckedVariant, Variant } from '../../core/report/model.ts';
import { compared } from '../../core/report/words.ts';
import { sampleReport } from './report.sample.ts';

const all = compared(sampleReport());
const [{ variant }] = all;
const word = variant.verdict.word;
const other = word === 'dead' ? 'misleading' : 'dead';
const check = (id: string, coverage: number, verdict: CheckedVariant['verdict']): CheckedVariant => ({
  ...{ id, title: `assumption ${id} fails`, coverage, verdict },
});
const checked = (...checks: CheckedVariant[]): Variant => ({ ...variant, checks });

describe('a result under its assumption checks', () => {
  it('spans the coverages of all checks, the plain one among them', () => {
    const one = checked(check('a', 0.25, word));
    expect(checkedCoverage({ ...one, summary: { ...one.summary, coverage: 0.75 } })).toMatch(/25.*75/);
  });

  it('names the check that changes the verdict, or says that it holds', () => {
    expect(checkedVerdict(checked(check('a', 0.5, word)))).toBe('holds under all checks');
    expect(checkedVerdict(checked(check('a', 0.5, word), check('b', 0.1, other)))).toBe(
      `unless assumption b fails: ${other}`,
    );
  });

  it('says nothing of a run without checks', () => {
    expect([checkedCoverage(variant), checkedVerdict(variant), checksSentence(all)]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });

  it('puts into a sentence which policies hang on what', () => {
    const [one] = all;
    const hanging = [{ policy: one.policy, variant: checked(check('b', 0.1, other)) }];
    expect(checksSentence(hanging)).toContain(`${one.policy.id} would be ${other} if assumption b fails`);
    expect(checksSentence([{ policy: one.policy, variant: checked(check('a', 1, word)) }])).toBe(
      'No assumption check changes a verdict.',
    );
  });

  it('tells of a policy that loses the same samples', () => {
    expect(verdictNotes({ ...variant, sameAs: 'pin-vm' })).toEqual(['loses the same samples as pin-vm']);
  });
});
