import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { faulting, pair, umbra, umbraJson } from './umbra.ts';

interface Sweep {
  values: number[];
  policies: {
    id: string;
    points: {
      value: number;
      coverage: number;
      blackoutNs: number;
      stallNs: number;
      excess: number | null;
      trials?: { n: number };
    }[];
  }[];
  crossings: { measure: string; winner: string; loser: string; low: number; high: number; at: number }[];
}
interface Replay {
  policies: { id: string; coverage: number; blackoutNs: number; stallNs: number }[];
}

describe('umbra sweep', () => {
  let folder: string;
  let captures: string[];
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'umbra-test-'));
    captures = ['--db', join(folder, 'lab.umbra'), '--spe', '1', '--kvm', '2', '--align', 'fit'];
    umbraJson('import', pair.spe, pair.kvm, '--db', captures[1]);
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const of = (sweep: Sweep, id: string) => sweep.policies.find((p) => p.id === id)!.points;

  it('each point is what a replay with that value gives', () => {
    const policies = ['--policy', 'map-on-fault,pin-at-enable,bounce-buffer'];
    for (const [param, from, to] of [
      ['irqNs', '1000', '50000'],
      ['offsetNs', '0', '1000000'],
    ]) {
      const sweep = umbraJson<Sweep>(
        'sweep',
        ...captures,
        ...policies,
        '--param',
        param,
        '--from',
        from,
        '--to',
        to,
        '--steps',
        '2',
      );
      expect(sweep.values).toEqual([Number(from), Number(to)]);
      sweep.values.forEach((value, i) => {
        const replay = umbraJson<Replay>('replay', ...captures, ...policies, '--set', `${param}=${value}`);
        for (const { id, coverage, blackoutNs, stallNs } of replay.policies) {
          expect(of(sweep, id)[i], `${id} at ${param} ${value}`).toMatchObject({
            value,
            coverage,
            blackoutNs,
            stallNs,
          });
        }
      });
    }
  });

  it('says from which unmap rate on one policy beats another', () => {
    const sweep = umbraJson<Sweep>(
      'sweep',
      ...captures,
      '--param',
      'unmapRate',
      '--from',
      '0',
      '--to',
      '2',
      '--steps',
      '5',
      ...faulting,
    );
    expect(sweep.values).toEqual([0, 0.5, 1, 1.5, 2]);
    // No unmaps: what pins before it profiles loses nothing; demand mapping meets lazily populated pages.
    expect(of(sweep, 'pin-at-enable')[0]).toMatchObject({ coverage: 1 });
    expect(of(sweep, 'map-on-fault')[0]!.coverage).toBeLessThan(1);
    const crossing = sweep.crossings.find(
      (c) => c.measure === 'coverage' && c.winner === 'map-on-fault' && c.loser === 'pin-at-enable',
    )!;
    expect(crossing.low).toBeLessThan(crossing.at);
    expect(crossing.at).toBeLessThan(crossing.high);
    const at = (id: string, value: number) => of(sweep, id).find((p) => p.value === value)!.coverage;
    expect(at('map-on-fault', crossing.low)).toBeLessThan(at('pin-at-enable', crossing.low));
    expect(at('map-on-fault', crossing.high)).toBeGreaterThan(at('pin-at-enable', crossing.high));
    // More unmaps never cost demand mapping fewer faults.
    const losses = of(sweep, 'map-on-fault').map((p) => 1 - p.coverage);
    expect(losses).toEqual(losses.toSorted((a, b) => a - b));
  });

  it('gives means over placements, and refuses a buffer size that the VM description has fixed', () => {
    const range = [
      '--param',
      'bufferBytes',
      '--from',
      '64K',
      '--to',
      '256K',
      '--steps',
      '3',
      '--log',
      '--policy',
      'map-on-fault',
    ];
    const sweep = umbraJson<Sweep>('sweep', ...captures, ...range, '--placement', 'random', '--trials', '3');
    expect(sweep.values).toEqual([65536, 131072, 262144]);
    expect(of(sweep, 'map-on-fault')[0]!.trials!.n).toBe(3);
    const fixed = umbra('sweep', ...captures, ...range);
    expect(fixed.code).toBe(1);
    expect(fixed.stderr).toContain('set placement to random');
  });

  it('prints tables, and says what is wrong with a range', () => {
    const text = umbra(
      'sweep',
      ...captures,
      '--param',
      'reenableNs',
      '--from',
      '1000',
      '--to',
      '1e7',
      '--log',
      '--steps',
      '5',
      '--policy',
      'map-on-fault,impdef-event',
      ...faulting,
    );
    expect(text.code).toBe(0);
    expect(text.stdout).toMatch(/coverage: map-on-fault better than impdef-event from reenableNs ≈ .* on \(between/);
    // A private buffer never faults: whatever the unmap rate, an answer to faults can only be worse.
    const rate = ['--param', 'unmapRate', '--from', '0', '--to', '20', '--steps', '3', ...faulting];
    const never = umbra('sweep', ...captures, ...rate, '--policy', 'pin-at-enable,bounce-buffer');
    expect(never.stdout).toContain('coverage: bounce-buffer better than pin-at-enable wherever they differ');
    const fails = (...range: string[]) => {
      const ran = umbra('sweep', ...captures, ...range);
      expect(ran.stdout).toBe('');
      return [ran.code, ran.stderr];
    };
    expect(fails('--param', 'nope', '--from', '0', '--to', '1')).toEqual([
      1,
      expect.stringContaining('unknown parameter nope'),
    ]);
    expect(fails('--param', 'irqNs', '--from', '-5', '--to', '1')).toEqual([1, expect.stringContaining('irqNs wants')]);
    expect(fails('--param', 'irqNs', '--from', '0', '--to', '9', '--log')).toEqual([
      1,
      expect.stringContaining('above 0'),
    ]);
    expect(fails('--param', 'irqNs', '--from', 'x', '--to', '9')).toEqual([1, expect.stringContaining("not 'x'")]);
    expect(fails('--param', 'irqNs', '--from', '9', '--to', '9')).toEqual([2, expect.stringContaining('equal')]);
  });
});
