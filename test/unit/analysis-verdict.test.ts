/** What a verdict says, at its bounds. */
import { expect, test } from 'vitest';
import { judge, relativeDeviation, Z } from '../../core/analysis/verdict.ts';

/** A verdict from counts by key; the rest of the reference are keys of one sample each, all kept. */
function verdict(reference: number[], kept: number[], total: number, survivors: number) {
  const nameOf = (row: number) => `k${row}`;
  const summary = { coverage: survivors / total, vmDead: false, reference: total };
  return judge(summary, { reference, kept, total, survivors, nameOf });
}

test('half of the samples keeps a profile alive, less does not; shares have two digits at most', () => {
  expect(verdict([100], [50], 100, 50).word).toBe('representative');
  const reason = (coverage: number) => judge({ coverage, vmDead: false, reference: 1e6 }, undefined).reason;
  expect([0.4999, 0.25, 0.1, 0.0999, 0.01, 0.00999, 0.0001, 0.00009999, 0].map(reason)).toEqual([
    ...['50 %', '25 %', '10 %', '10.0 %', '1.0 %', '1.00 %', '0.01 %', '< 0.01 %', '0 %'].map(
      (share) => `${share} of the samples survive`,
    ),
  ]);
});

test('nothing lost, nothing moved, and moved by less than a tenth for sure', () => {
  expect(verdict([60, 40], [60, 40], 100, 100)).toMatchObject({ word: 'representative', reason: 'nothing was lost' });
  // A key that is all of the profile can't move.
  expect(verdict([100], [90], 100, 90)).toMatchObject({ word: 'representative', reason: 'no top-10 key moved' });
  const half = Z * relativeDeviation(0.5, 990_000, 1_000_000);
  expect(half).toBeLessThan(0.1);
  expect(verdict([500_000], [495_000], 1_000_000, 990_000)).toMatchObject({
    word: 'representative',
    few: false,
    reason: `no top-10 key moved by more than ${(100 * half).toFixed(2)} % of its share`,
  });
});

test('a key that moved by more than a tenth for sure misleads, whichever way', () => {
  const total = 10_000_000;
  for (const [kept, sign] of [[2_500_000, '+'] as const, [1_500_000, '\u2212'] as const]) {
    const found = verdict([5_000_000, 2_000_000], [4_500_000, kept], total, 9_000_000);
    expect(found).toMatchObject({ word: 'misleading', few: false, key: { name: 'k1', p: 0.2, q: kept / 9_000_000 } });
    expect(found.key!.change).toBeCloseTo(kept / 9_000_000 / 0.2 - 1, 12);
    expect(found.reason).toMatch(new RegExp(`^k1 moved by \\${sign}\\d+\\.\\d+ ± 0\\.\\d+ % of its share$`));
  }
});

test('a move of a tenth that may be less, and one that few samples leave open, want care', () => {
  const moved = verdict([500, 200], [450, 205], 1000, 900);
  expect(moved).toMatchObject({ word: 'usable with care', few: false, key: { name: 'k1' } });
  expect(moved.reason).toBe('k1 moved by +13.9 ± 5.9 % of its share');
  const few = verdict([500, 20], [450, 18], 1000, 900);
  expect(few).toMatchObject({ word: 'usable with care', few: true, key: { name: 'k1', change: 0 } });
  expect(few.reason).toMatch(/^too few samples to tell: k1 moved by \+0 ± /);
});

test('only the ten largest keys are judged', () => {
  const reference = Array.from({ length: 12 }, (_, i) => 100_000 - i);
  const moved = (row: number) => reference.map((n, i) => (i === row ? Math.round(n / 2) : n));
  const lost = (row: number) => 2_000_000 - (reference[row]! - moved(row)[row]!);
  expect(verdict(reference, moved(9), 2_000_000, lost(9)).word).toBe('misleading');
  expect(verdict(reference, moved(10), 2_000_000, lost(10)).word).toBe('representative');
});

test('the deviation of a share is 0 where nothing can differ', () => {
  const none: [number, number, number][] = [
    ...[[0.5, 10, 10] as const, [0, 5, 10] as const, [1, 5, 10] as const, [0.5, 0, 10] as const, [0.5, 1, 1] as const],
  ].map((row) => [...row]);
  for (const [p, n, N] of none) expect(relativeDeviation(p, n, N)).toBe(0);
  expect(relativeDeviation(0.5, 1, 2)).toBeCloseTo(1, 12);
  // Hypergeometric: the variance of the kept count is n p (1 - p) (N - n) / (N - 1).
  const [p, n, N] = [0.2, 30, 100];
  expect(relativeDeviation(p, n, N)).toBeCloseTo(Math.sqrt((n * p * (1 - p) * (N - n)) / (N - 1)) / (n * p), 12);
});
