// Do the statistics keep their promises? Fixed seeds: these pass or fail for good. `npm run calibrate` runs more of the same.
import { describe, expect, it } from 'vitest';
import { bursts, calibrate, halvedTopKey, losses, phases, sameProcess } from './calibration.ts';

describe('losses that know nothing of the program', () => {
  const cells = phases.flatMap((phase) =>
    bursts.flatMap((burst) => losses.map((loss) => calibrate(17, 30, 20_000, phase, burst, loss))),
  );
  const total = (figure: 'tested' | 'alarms' | 'stars' | 'covered') => cells.reduce((sum, c) => sum + c[figure], 0);

  it('raise false alarms at 5 % in 2 to 9 % of captures', () => {
    expect(total('tested')).toBeGreaterThan(500);
    expect(total('alarms') / total('tested')).toBeGreaterThan(0.02);
    expect(total('alarms') / total('tested')).toBeLessThan(0.09);
  });

  it('get a star on any key in at most 8 %, and intervals that cover in at least 92 %', () => {
    expect(total('stars') / total('tested')).toBeLessThanOrEqual(0.08);
    expect(total('covered') / total('tested')).toBeGreaterThanOrEqual(0.92);
  });

  it('mislead in at most 1 % with bursts of up to 60 samples', () => {
    const short = cells.filter(({ burst }) => burst <= 60);
    const runs = short.reduce((sum, c) => sum + c.runs, 0);
    expect(short.reduce((sum, c) => sum + c.misleading, 0) / runs).toBeLessThanOrEqual(0.01);
  });
});

describe('misleading, the word', () => {
  // Short captures whose phases are no longer than a burst: there the verdict is frequent.
  const cells = [1000, 5000, 20_000].flatMap((n) =>
    phases.flatMap((phase) => [60, 600].map((burst) => calibrate(23, 40, n, phase, burst, 0.2))),
  );
  const total = (figure: 'misleading' | 'unmoved' | 'untrue') => cells.reduce((sum, c) => sum + c[figure], 0);

  it('is true whenever it falls: a large key’s share is off by more than 10 % of itself', () => {
    expect(total('misleading')).toBeGreaterThan(100);
    expect(total('untrue')).toBe(0);
  });

  it('never falls where no share moved so far, and there are many such captures', () => {
    expect(total('unmoved')).toBeGreaterThan(100);
    for (const { misleading, unmoved, runs } of cells) expect(misleading + unmoved).toBeLessThanOrEqual(runs);
  });
});

it('a largest key at half its share is never called representative', () => {
  expect(halvedTopKey(3, 200, 1000)).toBe(0);
});

it('two captures of one process differ in at most 8 %, where the comparison answers', () => {
  const found = phases.map((phase) => sameProcess(5, 25, 20_000, phase));
  const answered = found.reduce((sum, f) => sum + f.answered, 0);
  expect(answered).toBeGreaterThan(30);
  expect(found.reduce((sum, f) => sum + f.different, 0) / answered).toBeLessThanOrEqual(0.08);
});
