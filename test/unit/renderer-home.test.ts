import { describe, expect, it } from 'vitest';
import type { Run } from '../../core/contract/contract.ts';
import { answerRows, answerSentence, holds, place, shareText } from '../../renderer/home/answer.ts';

interface Spec {
  id: string;
  lost: number;
  sameAs?: string;
  verdict?: string;
  checks?: { title: string; coverage: number; verdict: string | null }[];
}

function lab(...specs: Spec[]): Pick<Run, 'policies'> {
  const policies = specs.map(({ id, lost, sameAs, verdict = 'representative', checks = [] }) => ({
    ...{ policy: id, dlDiscard: 'record', reference: id === 'bare-metal', kept: 1000 - lost, lost, checks, sameAs },
    ...{ coverage: 1 - lost / 1000, skew: [{ verdict }] },
  }));
  return { policies } as unknown as Run;
}

describe('renderer-home', () => {
  it('merges policies that lost the same samples, least lost first, the reference last', () => {
    const rows = answerRows(
      lab({ id: 'bare-metal', lost: 0 }, { id: 'map', lost: 30 }, { id: 'pin-vm', lost: 0 }, { id: 'pin-at', lost: 0 }),
    );
    expect(rows.map((r) => r.policies)).toEqual([['pin-vm', 'pin-at'], ['map'], ['bare-metal']]);
    expect(answerSentence(rows)).toBe('On this pair, pin-vm and pin-at lose least (nothing), map the most (3 %).');
  });

  it('doesn’t merge equal totals of different samples', () => {
    expect(answerRows(lab({ id: 'a', lost: 5 }, { id: 'b', lost: 5 }))).toHaveLength(2);
  });

  it('says which check changes a verdict, and whether the best stays the best', () => {
    const check = { title: 'pins don’t withstand clear', coverage: 0.5, verdict: 'dead' };
    const rows = answerRows(lab({ id: 'pin', lost: 0, checks: [check] }, { id: 'map', lost: 300, checks: [] }));
    expect(rows[0]).toMatchObject({ low: 0, high: 0.5, changes: [{ title: check.title, verdict: 'dead' }] });
    expect(holds(rows)).toBe('overlaps');
    expect(
      holds(answerRows(lab({ id: 'pin', lost: 0, checks: [{ ...check, coverage: 0.9 }] }, { id: 'map', lost: 300 }))),
    ).toBe('holds');
    expect(holds(answerRows(lab({ id: 'pin', lost: 0 }, { id: 'map', lost: 3 })))).toBeUndefined();
  });

  it('never says 0 for something nor 100 for less than all', () => {
    expect([0, 1e-7, 0.0068, 0.99996, 1].map(shareText)).toEqual(['0 %', '< 0.001 %', '0.68 %', '> 99.9 %', '100 %']);
    expect([place(0), place(1)]).toEqual([0, 1]);
    expect(place(1e-7)).toBeGreaterThan(0);
  });
});
