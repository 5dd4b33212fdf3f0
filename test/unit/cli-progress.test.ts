import { describe, expect, it } from 'vitest';
import { progressText } from '../../core/cli/progress.ts';

describe('the progress line', () => {
  it('gives share, rate and time left once they mean something', () => {
    const p = { phase: 'importing', done: 50e6, total: 200e6, unit: 'bytes' } as const;
    expect(progressText(p, 0.1)).toBe('importing · 25 %');
    expect(progressText(p, 2)).toBe('importing · 25 % · 25.0 MB/s · 6.00 s left');
  });

  it('says no more than is known', () => {
    expect(progressText({ phase: 'importing', done: 50e6, unit: 'bytes' }, 2)).toBe('importing · 25.0 MB/s');
    expect(progressText({ phase: 'replaying serror', done: 0, total: 24, unit: 'steps' }, 3)).toBe(
      'replaying serror · 0 %',
    );
  });
});
