import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { faulting, pair, umbra, umbraJson } from './umbra.ts';

const fixtures = fileURLToPath(new URL('../fixtures/spe', import.meta.url));

interface Comparison {
  a: number;
  b: number;
  tvd: number;
  blocks: number;
  null?: { pValue: number };
  word: string;
  moved: string[];
  rows: { name: string; a: number; b: number; difference: number; low: number | null; high: number | null }[];
}
interface Captures {
  a: { name: string; observed: { darkShare: number } };
  b: { name: string; observed: { darkShare: number } };
  by: string;
  comparison: Comparison;
}
interface Runs {
  sameCapture: boolean;
  differing: { name: string; a: unknown; b: unknown }[];
  policies: {
    policy: string;
    a: { coverage: number };
    b: { coverage: number };
    verdicts: Record<'a' | 'b', { word: string; checks: { id: string; coverage: number; verdict: string }[] }>;
    comparison?: Comparison;
  }[];
}

describe('umbra compare', () => {
  let folder: string;
  let db: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'umbra-test-'));
    db = join(folder, 'lab.umbra');
    const spe = ['percpu-2cpu', 'gaps'].map((name) => join(fixtures, `${name}.perf.data`));
    umbraJson('import', pair.spe, pair.kvm, ...spe, '--db', db);
    const policies = 'map-on-fault,impdef-event,external-abort,serror';
    const replay = (...set: string[]) =>
      umbraJson('replay', '--db', db, '--spe', '1', '--kvm', '2', '--policy', policies, ...faulting, ...set);
    replay();
    replay('--set', 'reenableNs=100000000');
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('two captures: each side’s own blackouts, and intervals around the differences where there are blocks enough', () => {
    const found = umbraJson<Captures>('compare', '--db', db, '--spe', '4', '--with', '3', '--by', 'binary');
    expect(found.a.observed.darkShare).toBeCloseTo(0.67, 2);
    expect(found.b.observed.darkShare).toBe(0);
    const { comparison: c } = found;
    expect([c.a, c.b]).toEqual([5995, 3000]);
    // The generator ran another mix of phases in the two captures.
    expect(c.word).toBe('different');
    expect(c.blocks).toBeGreaterThanOrEqual(10);
    expect(c.null!.pValue).toBeLessThan(0.01);
    expect(c.moved).toContain('libc.so.6');
    expect(c.rows.reduce((n, r) => n + r.a, 0)).toBe(5995);
    expect(c.rows.reduce((n, r) => n + r.b, 0)).toBe(3000);
    for (const r of c.rows) {
      expect(r.low).toBeLessThanOrEqual(r.difference);
      expect(r.difference).toBeLessThanOrEqual(r.high!);
    }
    const moved = c.rows.find((r) => r.name === 'libc.so.6')!;
    expect(Math.sign(moved.low!)).toBe(Math.sign(moved.high!));
    expect(umbraJson<Captures>('compare', '--db', db, '--spe', '4', '--with', '3', '--by', 'binary')).toEqual(found);
  });

  it('two captures whose phases leave too few blocks: can’t tell, without intervals or stars', () => {
    const { comparison: c } = umbraJson<Captures>('compare', '--db', db, '--spe', '4', '--with', '3', '--by', 'page');
    expect(c).toMatchObject({ word: "can't tell", moved: [] });
    expect(c.blocks).toBeLessThan(10);
    expect(c.null).toBeUndefined();
    expect(c.tvd).toBeGreaterThan(0.2);
    expect(c.rows.every((r) => r.low === null && r.high === null)).toBe(true);
    const text = umbra('compare', '--db', db, '--spe', '4', '--with', '3', '--by', 'page');
    expect(text.stdout).toMatch(/^can't tell: TVD 0\.2\d+, no null: only \d blocks a side;/m);
  });

  it('a capture is the same as itself, and by a key with blocks enough alike', () => {
    const found = umbraJson<Captures>('compare', '--db', db, '--spe', '1', '--with', '1');
    expect(found.comparison.tvd).toBe(0);
    expect(found.comparison.rows.every((r) => r.difference === 0)).toBe(true);
    const text = umbra('compare', '--db', db, '--spe', '1', '--with', '1');
    expect(text.code).toBe(0);
    expect(text.stdout).toMatch(/^the same: TVD 0/m);
    const byEl = umbraJson<Captures>('compare', '--db', db, '--spe', '1', '--with', '1', '--by', 'el').comparison;
    expect(byEl).toMatchObject({ word: 'alike', null: { pValue: 1 } });
  });

  it('two runs: what differs in their parameters, in what survived, and under the assumption checks', () => {
    const found = umbraJson<Runs>('compare', '--db', db, '--run', '1', '--with', '2');
    expect(found.sameCapture).toBe(true);
    expect(found.differing).toEqual([{ name: 'reenableNs', a: 1_000_000, b: 100_000_000 }]);
    const of = (id: string) => found.policies.find((p) => p.policy === id)!;
    expect(of('map-on-fault').a).toEqual(of('map-on-fault').b);
    expect(of('map-on-fault').comparison!.tvd).toBe(0);
    const { a, b, verdicts, comparison } = of('impdef-event');
    expect(b.coverage).toBeLessThan(a.coverage - 0.05);
    expect(comparison!.tvd).toBeGreaterThan(0);
    const slow = (side: 'a' | 'b') => verdicts[side].checks.find(({ id }) => id === 'reader-slow');
    expect(slow('a')!.coverage).toBeLessThan(a.coverage);
    expect(verdicts.b.checks.map(({ id }) => id)).toContain('reader-fast');
    const text = umbra('compare', '--db', db, '--run', '1', '--with', '2');
    expect(text.stdout).toContain('reenableNs: 1000000 in A, 100000000 in B');
    // Reported as a buffer management event or as an external abort: the guest loses the same.
    expect(text.stdout).toMatch(/^external-abort .*\n= impdef-event$/m);
    expect(text.stdout).toMatch(/^assumption checks$/m);
    expect(text.stdout).toMatch(
      /^ {2}external-abort = impdef-event\n {4}A keeps more.*\n {4}verdict of A: holds under/m,
    );
  });

  it('says what is wrong with what is asked', () => {
    const fails = (...words: string[]) => {
      const ran = umbra('compare', '--db', db, ...words);
      expect(ran.stdout).toBe('');
      return [ran.code, ran.stderr];
    };
    expect(fails('--with', '1')).toEqual([2, expect.stringContaining('either --spe A or --run A')]);
    expect(fails('--spe', '1', '--with', '2')).toEqual([1, expect.stringContaining('kind kvm')]);
    expect(fails('--run', '1', '--with', '2', '--policy', 'nope')).toEqual([
      1,
      expect.stringContaining("not both the policy 'nope'"),
    ]);
    expect(fails('--run', '1', '--with', '9')).toEqual([1, expect.stringContaining('no run 9')]);
  });
});
