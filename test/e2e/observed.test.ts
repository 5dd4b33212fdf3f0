import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { pair, temporaryFolder, umbra, umbraJson } from './umbra.ts';

const fixtures = fileURLToPath(new URL('../fixtures/spe', import.meta.url));

interface Observed {
  rows: { lane: number; start: number; end: number; darkNs: number; reason: string }[];
  totals: {
    truncated: number;
    partial: number;
    collisions: number;
    lostRecords: number;
    darkNs: number;
    unplaced: number;
  };
  lanesWithoutSwitches: number[];
}

function labOf(file: string): string {
  const db = join(temporaryFolder(), 'lab.umbra');
  umbraJson('import', file, '--db', db);
  return db;
}

describe('umbra observed', () => {
  it('finds every blackout of the gaps capture, and nothing else', () => {
    const db = labOf(join(fixtures, 'gaps.perf.data'));
    const truth = JSON.parse(readFileSync(join(fixtures, 'gaps.gaps.json'), 'utf8')) as {
      cpu: number;
      cause: string;
      begin_ns: number;
      end_ns: number;
    }[];
    const { rows, totals, lanesWithoutSwitches } = umbraJson<Observed>('observed', '--db', db, '--spe', '1');
    expect(rows).toHaveLength(truth.length);
    for (const [i, g] of truth.entries()) {
      const r = rows[i];
      expect(r.lane).toBe(g.cpu);
      // From the record before to the record after: no more than one normal pause (600 ns) on either side.
      expect(g.begin_ns - r.start).toBeGreaterThanOrEqual(0);
      expect(g.begin_ns - r.start).toBeLessThanOrEqual(600);
      expect(r.end - g.end_ns).toBeGreaterThanOrEqual(0);
      expect(r.end - g.end_ns).toBeLessThanOrEqual(600);
      expect(g.cause === 'truncated' ? ['truncated'] : ['gap', 'lost']).toContain(r.reason);
    }
    expect(totals).toMatchObject({ truncated: 8, partial: 5, collisions: 4, lostRecords: 363, unplaced: 0 });
    expect(totals.darkNs).toBe(rows.reduce((sum, r) => sum + r.darkNs, 0));
    expect(lanesWithoutSwitches).toEqual([]);
  });

  it('takes the limits of a gap from --set', () => {
    const db = labOf(join(fixtures, 'gaps.perf.data'));
    const rows = (...set: string[]) => umbraJson<Observed>('observed', '--db', db, '--spe', '1', ...set).rows;
    // 400 µs: two of the three silent gaps are shorter, and the third is reported by a LOST record.
    expect(
      rows('--set', 'gapMinNs=400000')
        .map((r) => r.reason)
        .filter((r) => r === 'gap'),
    ).toEqual([]);
    expect(rows('--set', 'gapMinNs=0', '--set', 'gapFactor=1.5').length).toBeGreaterThan(8);
  });

  it('finds none in the sample pair, which has none; says so in text', () => {
    const db = labOf(pair.spe);
    const ran = umbra('observed', '--db', db, '--spe', '1');
    expect(ran.code).toBe(0);
    expect(ran.stdout).toContain('0 blackouts, dark for 0 ns of 3.66 s (0.00 %)');
  });

  it('refuses a trace, and unknown parameters', () => {
    const db = labOf(pair.kvm);
    expect(umbra('observed', '--db', db, '--spe', '1')).toMatchObject({ code: 1, stdout: '' });
    const wrong = umbra('observed', '--db', db, '--spe', '1', '--set', 'gapFactor=-1');
    expect(wrong.code).toBe(1);
    expect(wrong.stderr).toContain('gapFactor wants a number above 0');
  });
});
