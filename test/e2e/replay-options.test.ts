import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { faulting, pair, umbra, umbraJson } from './umbra.ts';

interface Spread {
  mean: number;
  p5: number;
  p95: number;
}
interface Policy {
  id: string;
  coverage: number;
  kept: number;
  lost: number;
  stallNs: number;
  faults: Record<string, number>;
  lostByKind: Record<string, number>;
  trials?: Record<string, Spread> & { n: number };
  skew: { verdict: string };
  checks: readonly { id: string; kept: number; lost: number; coverage: number; verdict: string }[];
}
interface Replay {
  run: { id: number; params: Record<string, unknown>; paramOrigin: Record<string, string> };
  policies: Policy[];
}

describe('options of umbra replay change what they should', () => {
  let folder: string;
  let db: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'umbra-test-'));
    db = join(folder, 'lab.umbra');
    umbraJson('import', pair.spe, pair.kvm, '--db', db);
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const replay = (policies: string, ...options: string[]) =>
    umbraJson<Replay>('replay', '--db', db, '--spe', '1', '--kvm', '2', '--policy', policies, ...options);
  const of = (run: Replay, id: string) => run.policies.find((p) => p.id === id)!;

  it('trials give means and ranges in JSON, table and report; sampled latencies differ from trial to trial', () => {
    const random = ['--placement', 'random', '--trials', '4', '--seed', '3'];
    const run = replay('map-on-fault,bare-metal', ...random);
    const { trials, coverage } = of(run, 'map-on-fault');
    expect(trials!.n).toBe(4);
    expect(trials!.coverage.p5).toBeLessThan(trials!.coverage.p95);
    expect(trials!.coverage.mean).toBeGreaterThan(trials!.coverage.p5);
    expect(Math.abs(coverage - trials!.coverage.mean)).toBeLessThan(0.05);
    expect(of(run, 'bare-metal').trials!.coverage).toEqual({ mean: 1, p5: 1, p95: 1 });

    const report = join(folder, 'trials.html');
    const words = ['run', pair.spe, pair.kvm, '-o', report, '--policy', 'map-on-fault', ...random] as const;
    const text = umbra(...words);
    expect(text.stdout).toContain('means over 4 trials');
    expect(text.stdout).toMatch(/map-on-fault +\d+\.\d\d % \(\d+\.\d\d % to \d+\.\d\d %\)/);
    expect(readFileSync(report, 'utf8')).toContain('4 random placements');

    // Buffers that stay where they are: the median gives every trial the same, draws don't.
    const still = replay('map-on-fault', '--trials', '4');
    expect(of(still, 'map-on-fault').trials!.stallNs.p5).toBe(of(still, 'map-on-fault').trials!.stallNs.p95);
    const sampled = replay('map-on-fault', '--trials', '4', '--set', 'latency=sampled');
    const { stallNs } = of(sampled, 'map-on-fault').trials!;
    expect(stallNs.p5).toBeLessThan(stallNs.p95);
    const again = replay('map-on-fault', '--trials', '4', '--set', 'latency=sampled');
    expect(of(again, 'map-on-fault')).toEqual(of(sampled, 'map-on-fault'));
    const seeded = replay('map-on-fault', '--trials', '4', '--set', 'latency=sampled', '--seed', '2');
    expect(of(seeded, 'map-on-fault').trials!.stallNs).not.toEqual(stallNs);
  });

  it('a scenario hits a lane’s buffer in every trial, wherever it lies', () => {
    const scenario = join(folder, 'buffer.json');
    // The whole buffer of lane 0 goes every 50 ms, pinned or not; nothing else unmaps what is pinned.
    const event = { t: 0, kind: 'unmap', cause: 'host-mm', lane: 0, every: 50_000_000, times: 20 };
    writeFileSync(scenario, JSON.stringify({ events: [event] }));
    const words = ['--placement', 'random', '--trials', '4', '--set', 'pinGuard=gup'] as const;
    const without = of(replay('pin-at-enable', ...words), 'pin-at-enable').trials!.faults!;
    const { faults } = of(replay('pin-at-enable', ...words, '--scenario', scenario), 'pin-at-enable').trials!;
    // One fault for each, after which the whole buffer is pinned again.
    expect(faults!.p5).toBeGreaterThan(15);
    expect(faults!.p95).toBeLessThanOrEqual(20 + without.p95);
  });

  it('--spe and --kvm may be left out while the lab has one of each; the run’s command names them', () => {
    const two = join(folder, 'more.umbra');
    umbraJson('import', pair.spe, pair.kvm, '--db', two);
    const words = ['replay', '--db', two, '--policy', 'map-on-fault'] as const;
    expect(umbraJson<Replay>(...words).policies).toEqual(replay('map-on-fault').policies);
    const [run] = umbraJson<{ command: string }[]>('runs', '--db', two);
    expect(run!.command).toMatch(/^umbra replay .* --spe 1 --kvm 2$/);
    umbraJson('import', pair.kvm, '--db', two);
    const [unclear, none] = [umbra(...words), umbra('observed', '--db', join(folder, 'kvm.umbra'))];
    expect([unclear.code, unclear.stderr]).toEqual([1, `umbra: ${two}: has 2 KVM traces: --kvm says which (2, 3)\n`]);
    expect([none.code, none.stderr]).toEqual([1, expect.stringContaining('no such lab file')]);
    expect(umbra(...words, '--kvm', '3').code).toBe(0);
  });

  it('of several VMs in one trace the one asked for is replayed; without being asked it says which', () => {
    const [vm] = (JSON.parse(readFileSync(pair.vm, 'utf8')) as { vms: { slots: object[] }[] }).vms;
    const idle = { pid: 4242, slots: [{ slot: 0, gpa: '0x0', size: '0x4000000', hva: '0x7f0000000000' }] };
    const description = join(folder, 'two.json');
    writeFileSync(description, JSON.stringify({ vms: [{ ...idle, vcpus: [{ vcpu: 0, tid: 4243 }] }, vm] }));
    const two = join(folder, 'two.umbra');
    umbraJson('import', pair.spe, pair.kvm, '--db', two, '--vm', description);
    const words = ['replay', '--db', two, '--spe', '1', '--kvm', '2', '--policy', 'map-on-fault'] as const;
    const faults = (...more: string[]) => of(umbraJson<Replay>(...words, ...more), 'map-on-fault').faults;
    expect(faults()).toEqual(of(replay('map-on-fault'), 'map-on-fault').faults);
    expect(faults('--set', 'vm=1')).toEqual(faults());
    expect(Object.values(faults('--set', 'vm=0')).every((n) => n === 0)).toBe(true);
    expect(umbra(...words).stdout).toContain('the VM description names 2 VMs; this is VM 1');
    const none = umbra(...words, '--set', 'vm=2');
    expect([none.code, none.stderr]).toEqual([1, expect.stringContaining('has 2, numbered from 0')]);
  });

  it('pinGuard: with gup alone the host’s own unmaps reach pinned pages', () => {
    // The trace has unmaps by the VMM only: the host's own come from a scenario, on lane 0's first pages.
    const scenario = join(folder, 'host-mm.json');
    const event = {
      kind: 'unmap',
      notify: 'clear',
      cause: 'host-mm',
      lane: 0,
      offset: 0,
      size: 65536,
      t: 100e6,
      every: 100e6,
      times: 10,
    };
    writeFileSync(scenario, JSON.stringify({ events: [event] }));
    const guarded = replay('pin-at-enable', '--scenario', scenario);
    const bare = replay('pin-at-enable', '--scenario', scenario, '--set', 'pinGuard=gup');
    expect(of(guarded, 'pin-at-enable').faults['host-mm']).toBe(0);
    expect(of(bare, 'pin-at-enable').faults['host-mm']).toBeGreaterThan(0);
    expect(of(bare, 'pin-at-enable').coverage).toBeLessThan(of(guarded, 'pin-at-enable').coverage);
  });

  it('SPEv1p3: external aborts become SErrors and kill the VM', () => {
    const before = replay('external-abort,serror', ...faulting);
    expect(of(before, 'external-abort').lostByKind['vm-dead']).toBe(0);
    const after = replay('external-abort,serror', '--set', 'speVersion=SPEv1p3', ...faulting);
    expect(of(after, 'external-abort').skew.verdict).toBe('dead');
    const abort = of(after, 'external-abort');
    expect(of(after, 'serror')).toMatchObject({ kept: abort.kept, lostByKind: abort.lostByKind, faults: abort.faults });
  });

  it('an assumption check is what its parameter gives; what the user sets is left alone by the checks', () => {
    const plain = of(replay('impdef-event'), 'impdef-event');
    const set = of(replay('impdef-event', '--set', 'dlDiscard=buffer'), 'impdef-event');
    const { kept, lost, coverage, skew } = set;
    const check = plain.checks.find(({ id }) => id === 'guest-discards');
    expect(check).toMatchObject({ kept, lost, coverage, verdict: skew.verdict });
    expect(set.checks.map(({ id }) => id)).not.toContain('guest-discards');
    expect(set.lostByKind['discarded']).toBeGreaterThanOrEqual(plain.lostByKind['discarded']);
  });

  it('--again: a stored run comes out the same; a changed one is reported, with exit 1', () => {
    const { run } = replay(
      'map-on-fault,impdef-event',
      '--trials',
      '3',
      '--set',
      'latency=sampled',
      '--placement',
      'random',
    );
    const id = String(run.id);
    const runs = () => umbraJson<{ n: number }[]>('sql', '--db', db, 'select count(*) n from run')[0].n;
    const before = runs();
    const same = umbra('replay', '--db', db, '--again', id);
    expect(same).toMatchObject({ code: 0, stderr: '' });
    expect(same.stdout).toMatch(new RegExp(`^run ${id}: identical: 2 results, \\d+ windows`));
    expect(runs()).toBe(before);

    const lab = new Database(db);
    lab.prepare("UPDATE blackout_window SET lost = lost + 1 WHERE run_id = ? AND policy = 'map-on-fault'").run(run.id);
    lab.close();
    const changed = umbra('replay', '--db', db, '--again', id);
    expect(changed.code).toBe(1);
    expect(changed.stdout).toMatch(/^map-on-fault.*: windows, row 0: lost was \d+, is \d+$/m);
    expect(changed.stderr).toContain('does not reproduce');
    expect(umbra('replay', '--db', db, '--again', id, '--seed', '5').code).toBe(2);
  });
});
