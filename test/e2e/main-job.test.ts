import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { faulting, pair, temporaryFolder, umbra, umbraJson } from './umbra.ts';

interface Policy {
  id: string;
  kept: number;
  lost: number;
  coverage: number;
  windows: number;
  stallNs: number;
  pinnedBytesPeak: number;
  faults: Record<string, number>;
  skew: { verdict: string };
}
interface RunJson {
  captures: { id: number; samples: number; events: number }[];
  run: { id: number; alignment: { align: string; scaled: boolean } };
  policies: Policy[];
}
interface Window {
  lane: number;
  start: number;
  end: number;
  kind: string;
  cause: string | null;
  ipa: string | null;
  action: string | null;
  lost: number;
}

const root = fileURLToPath(new URL('../..', import.meta.url));

/** One run on the sample pair, in a lab file in `folder`. */
function runPair(folder: string, ...options: string[]) {
  const db = join(folder, 'lab.umbra');
  const report = join(folder, 'report.html');
  const run = umbraJson<RunJson>('run', pair.spe, pair.kvm, '-o', report, '--db', db, ...options);
  return { db, report, run };
}

describe('the demo', () => {
  it('exercises the email’s cases 1, 2, 3A and 3B, and says which are injected', () => {
    const demo = (JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { scripts: { demo: string } }).scripts
      .demo;
    const scenario = /--scenario (\S+)/.exec(demo)![1]!;
    const options = [
      '--align',
      'fit',
      '--scenario',
      join(root, scenario),
      '--policy',
      'map-on-fault,pin-at-enable,serror',
    ];
    const { db, report, run } = runPair(temporaryFolder(), ...options);
    const causes = umbraJson<{ policy: string; lane: number; cause: string; lost: number }[]>(
      ...['sql', '--db', db],
      'select policy, lane, cause, sum(lost) lost from blackout_window where cause is not null group by 1, 2, 3',
    );
    const met = (policy: string, lane: number) =>
      causes.filter((c) => c.policy === policy && c.lane === lane && c.lost > 0).map(({ cause }) => cause);
    expect(met('map-on-fault', 0)).toEqual(['userspace']);
    for (const policy of ['map-on-fault', 'pin-at-enable'])
      expect(met(policy, 1)).toEqual(['guest-allowed', 'guest-forbidden', 'kvm']);
    expect(run.policies.find(({ id }) => id === 'serror')!.skew.verdict).toBe('dead');
    const note =
      'injected by a scenario, not in the trace: kvm (case 2): 1, guest-allowed (case 3A): 1, guest-forbidden (case 3B): 1';
    expect(readFileSync(report, 'utf8')).toContain(note);
  });
});

describe('umbra run on the sample pair', () => {
  let folder: string;
  let shared: ReturnType<typeof runPair>;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'umbra-test-'));
    shared = runPair(folder, ...faulting);
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('replays all policies; each keeps or loses every sample', () => {
    const { run } = shared;
    expect(run.captures.map((c) => [c.samples, c.events])).toEqual([
      [24000, 0],
      [0, 25063],
    ]);
    expect(run.policies.map((p) => p.id)).toContain('map-on-fault');
    for (const p of run.policies) expect(p.kept + p.lost, p.id).toBe(24000);
  });

  it('tells the policies apart as the model says', () => {
    const { run } = shared;
    const of = (id: string) => run.policies.find((p) => p.id === id)!;
    expect(of('bare-metal')).toMatchObject({ lost: 0, windows: 0, stallNs: 0, skew: { verdict: 'representative' } });
    // Demand mapping meets lazily populated pages; a VM or a buffer that is pinned doesn't.
    expect(of('map-on-fault').faults['first-touch']).toBeGreaterThan(0);
    expect(of('pin-vm').faults['first-touch']).toBe(0);
    expect(of('pin-at-enable').faults['first-touch']).toBe(0);
    // The VMM's madvise takes pages away under any pin; remapping loses less than a killed session.
    expect(of('pin-vm').faults['userspace']).toBeGreaterThan(0);
    expect(of('map-on-fault').lost).toBeLessThan(of('pin-vm').lost);
    expect(of('map-on-fault').pinnedBytesPeak).toBe(0);
    // Head to limit: half of each buffer at a time.
    expect(of('pin-at-enable').pinnedBytesPeak).toBe(2 * 0x40000);
    expect(of('pin-vm').pinnedBytesPeak).toBe(0x20000 + 0x800000);
    expect(of('serror').skew.verdict).toBe('dead');
  });

  it('shows windows of map-on-fault only on pages that the trace unmapped, after it did', () => {
    const { db, run } = shared;
    const windows = umbraJson<Window[]>('windows', '--db', db, '--run', '1', '--policy', 'map-on-fault');
    const rows = umbraJson<{ t: number; kind: string; ipa: string; pages: number }[]>(
      'stage2',
      '--db',
      db,
      '--kvm',
      '2',
    );
    expect(run.run.alignment).toMatchObject({ align: 'start', scaled: false });
    const [first] = umbraJson<{ t: number }[]>(
      'sql',
      '--db',
      db,
      "select min(t0_ns) t from capture where kind = 'spe'",
    );
    const [trace] = umbraJson<{ t: number }[]>('sql', '--db', db, "select t0_ns t from capture where kind = 'kvm'");
    const faults = windows.filter((w) => w.cause === 'userspace');
    expect(faults.length).toBeGreaterThan(5);
    for (const w of faults) {
      const page = Number(w.ipa);
      const unmaps = rows.filter(
        (r) =>
          r.kind === 'unmap' &&
          Number(r.ipa) <= page &&
          page < Number(r.ipa) + 4096 * r.pages &&
          r.t - trace.t <= w.start - first.t,
      );
      expect(unmaps.length, `window at ${w.start} on ${w.ipa}`).toBeGreaterThan(0);
      expect(w).toMatchObject({ kind: 'irq-latency', action: 'map' });
      expect(w.end - w.start).toBe(1000);
    }
  });

  it('gives the same rows for the same seed, and windows that are disjoint', () => {
    const random = ['--placement', 'random', '--seed', '7', '--policy', 'bare-metal,impdef-event'];
    const [a, b] = [runPair(temporaryFolder(), ...random), runPair(temporaryFolder(), ...random)];
    const windows = (db: string) =>
      umbraJson<Window[]>('windows', '--db', db, '--run', '1', '--policy', 'impdef-event');
    const rows = windows(a.db);
    expect(rows).toEqual(windows(b.db));
    expect(a.run.policies).toEqual(b.run.policies);
    for (const [i, w] of rows.entries()) {
      const before = rows[i - 1];
      if (before && before.lane === w.lane) expect(w.start).toBeGreaterThanOrEqual(before.end);
    }
  });

  it('writes a report that is self-contained and says how to make it again', () => {
    const { db, report } = runPair(
      temporaryFolder(),
      '--align',
      'fit',
      '--policy',
      'bare-metal,map-on-fault',
      '--note',
      'a <note> & more',
    );
    const html = readFileSync(report, 'utf8');
    expect(html).not.toMatch(/<script|https?:\/\/(?!www\.w3\.org)|@import|src=/);
    expect(html).toContain('a &lt;note&gt; &amp; more');
    for (const file of [pair.spe, pair.kvm]) {
      expect(html).toContain(createHash('sha256').update(readFileSync(file)).digest('hex'));
    }
    expect(html).toContain('umbra run');
    expect(html).toContain('stretched');
    const again = join(temporaryFolder(), 'again.html');
    expect(umbra('report', '--db', db, '--run', '1', '-o', again).code).toBe(0);
    expect(readFileSync(again, 'utf8')).toBe(html);
  });

  it('counts skew by other keys from the stored run', () => {
    const { db, run } = shared;
    const skew = umbraJson<{ by: string; skew: { kept: number; rows: { name: string; reference: number }[] } }>(
      ...['skew', '--db', db, '--run', '1', '--policy', 'map-on-fault', '--by', 'binary'],
    );
    expect(skew.skew.kept).toBe(run.policies.find((p) => p.id === 'map-on-fault')!.kept);
    expect(skew.skew.rows.map((r) => r.name)).toEqual(['kvbench', 'libc.so.6', '[kernel]']);
    expect(skew.skew.rows.reduce((n, r) => n + r.reference, 0)).toBe(24000);
  });
});
