import { describe, expect, it } from 'vitest';
import {
  checkedCoverage,
  hangingSentence,
  holdsClause,
  holdsSentence,
  holdsShort,
  orderUnderChecks,
  sameNames,
  sameNamesShort,
} from '../../core/words/checks.ts';
import type { Checked, CheckedVerdict } from '../../core/words/checks.ts';

const check = (id: string, coverage: number, verdict: Checked['verdict']): Checked => ({
  ...{ id, title: `assumption ${id} fails`, coverage, verdict },
});
const checked = (coverage: number, ...checks: Checked[]): CheckedVerdict => ({
  ...{ coverage, word: 'representative', checks },
});
const plain = (text: string | undefined): string | undefined => text?.replaceAll('\u202f', ' ');

describe('a result under its assumption checks', () => {
  it('spans the coverages of all checks, the plain one among them', () => {
    expect(plain(checkedCoverage(checked(0.75, check('a', 0.25, 'dead'))))).toBe('25–75 %');
  });

  it('names the checks that change the verdict, or says that it holds', () => {
    const holds = checked(0.9, check('a', 0.8, 'representative'), check('b', 0.9, 'representative'));
    expect([holdsShort(holds), holdsClause(holds)]).toEqual(['holds', 'holds under all 2 assumption checks']);
    expect(plain(holdsSentence(holds))).toBe('Holds under all 2 assumption checks; coverage over all: 80–90 %.');
    const hangs = checked(0.9, check('a', 0.9, 'representative'), check('b', 0.1, 'dead'), check('c', 1, null));
    expect(holdsShort(hangs)).toBe('unless b: dead; c: no verdict');
    expect(plain(holdsClause(hangs))).toBe(
      'holds under 1 of 3 assumption checks, not if assumption b fails (then dead, coverage 10 %), nor if assumption c fails (then no verdict, coverage 100 %)',
    );
  });

  it('says nothing of a run without checks', () => {
    const none: CheckedVerdict = { coverage: 1, word: 'representative' };
    const said = [checkedCoverage(none), holdsShort(none), holdsClause(none), holdsSentence(none)];
    expect([...said, orderUnderChecks(none, none), hangingSentence([{ ...none, name: 'x' }])]).toEqual(
      Array.from({ length: 6 }),
    );
  });

  it('puts into a sentence which policies hang on what', () => {
    const hangs = checked(0.9, check('b', 0.1, 'dead'));
    expect(
      hangingSentence([
        { ...hangs, name: 'serror' },
        { ...hangs, name: 'mine' },
      ]),
    ).toBe('Verdicts that depend on an assumption: serror and mine would be dead if assumption b fails.');
    expect(hangingSentence([{ ...checked(1, check('a', 1, 'representative')), name: 'x' }])).toBe(
      'No assumption check changes a verdict.',
    );
  });
});

describe('two results under the same checks', () => {
  const a = checked(0.98, check('x', 0.97, 'representative'), check('y', 0.6, 'misleading'));

  it('say which keeps more, and what turns that around', () => {
    expect(orderUnderChecks(a, checked(0.5, check('x', 0.4, 'representative'), check('y', 0.5, 'dead')))).toBe(
      'A keeps more under all 2 assumption checks',
    );
    expect(plain(orderUnderChecks(a, checked(0.7, check('x', 0.7, 'dead'), check('y', 0.8, 'dead'))))).toBe(
      'A keeps more; B keeps more if assumption y fails (60 % in A, 80 % in B)',
    );
  });

  it('leave a side that has settled a check as it is', () => {
    expect(plain(orderUnderChecks(a, { coverage: 0.6, word: 'dead' }))).toBe(
      'A keeps more; both keep as much if assumption y fails (60 % in A, 60 % in B)',
    );
  });
});

it('names of the same outcome, in full and for a short place', () => {
  expect(sameNames(['a', 'b', 'c'])).toBe('a = b = c');
  expect([sameNamesShort(['a']), sameNamesShort(['a', 'b']), sameNamesShort(['a', 'b', 'c'])]).toEqual([
    ...['a', 'a = b', 'a = 2 others'],
  ]);
});
