/** Assumption checks as shown by `umbra skew`, `umbra sweep` and `umbra sql`. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pair, umbra, umbraJson } from './umbra.ts';

interface Check {
  id: string;
  title: string;
  kept: number;
  coverage: number;
  verdict: string;
}
interface Replayed {
  policies: { id: string; skew: { verdict: string }; checks: Check[] }[];
}
interface Skew {
  verdict: { word: string; coverage: number };
  skew: { kept: number };
  check?: { id: string; title: string; changes: boolean };
  checks?: Check[];
}

let folder: string;
let db: string;
let replayed: Replayed;
const run = (...more: string[]): string[] => ['--db', db, '--run', '1', ...more];
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'umbra-test-'));
  db = join(folder, 'lab.umbra');
  umbraJson('import', pair.spe, pair.kvm, '--db', db);
  replayed = umbraJson('replay', '--db', db, '--spe', '1', '--kvm', '2', '--policy', 'map-on-fault,pin-at-enable');
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('umbra skew --check', () => {
  it('is the skew of what the check leaves, as the replay counted it', () => {
    for (const { id: policy, checks } of replayed.policies)
      for (const id of ['clear-reaches-pins', 'contents-kept']) {
        const expected = checks.find((check) => check.id === id)!;
        const found = umbraJson<Skew>('skew', ...run('--policy', policy, '--check', id));
        expect([found.skew.kept, found.verdict.word]).toEqual([expected.kept, expected.verdict]);
        expect(found.check).toMatchObject({ id, title: expected.title });
        // Nothing to pin under demand mapping, so nothing that a notifier could reach.
        expect(found.check!.changes).toBe(!(policy === 'map-on-fault' && id === 'clear-reaches-pins'));
      }
  });

  it('without it, says whether the verdict holds', () => {
    expect(umbraJson<Skew>('skew', ...run('--policy', 'pin-at-enable')).checks).toEqual(replayed.policies[1]!.checks);
    const { stdout } = umbra('skew', ...run('--policy', 'pin-at-enable'));
    expect(stdout).toMatch(
      /^representative: nothing was lost\nHolds under 7 of 8 assumption checks, not if pins don't/,
    );
    // Nothing was checked by another key than the verdict's.
    expect(umbra('skew', ...run('--policy', 'pin-at-enable', '--by', 'op')).stdout).not.toContain('assumption');
  });

  it('says which checks there are', () => {
    const { code, stderr } = umbra('skew', ...run('--policy', 'pin-at-enable', '--check', 'nope'));
    expect([code, stderr]).toEqual([1, expect.stringMatching(/unknown assumption check nope; known: dl-0, /)]);
  });
});

it('umbra sweep --check all says what becomes of its conclusions', () => {
  const of = (policies: string) => ['--db', db, '--spe', '1', '--kvm', '2', '--policy', policies];
  const range = ['--param', 'irqNs', '--from', '1000', '--to', '10000', '--steps', '2', '--check'];
  const { stdout } = umbra('sweep', ...of('bounce-buffer,pin-at-enable'), ...range, 'all');
  expect(stdout).toMatch(/^verdict\n.*\npin-at-enable +representative +representative$/m);
  expect(stdout).toMatch(/^under the assumption checks\nthe same under dl-0, irq-slow, /m);
  expect(stdout).toMatch(
    /^clear-reaches-pins \(if pins don't withstand MMU_NOTIFY_CLEAR\)\n {2}none\n {2}coverage: bounce-buffer better than pin-at-enable/m,
  );
  const one = umbraJson<{ check: string; policies: { points: { coverage: number }[] }[] }>(
    ...['sweep', ...of('map-on-fault'), ...range, 'contents-kept'],
  );
  expect(one.check).toBe('contents-kept');
  expect(one.policies[0]!.points[0]!.coverage).toBeGreaterThan(0.99);
});

it('umbra sql has them as rows', () => {
  const rows = umbraJson<Record<string, unknown>[]>(
    ...['sql', '--db', db, 'select policy, check_id, kept, verdict, changes from check_result where run_id = 1'],
  );
  expect(rows).toEqual(
    replayed.policies.flatMap(({ id: policy, checks, skew }) =>
      checks.map(({ id, kept, verdict }) => ({
        ...{ policy, check_id: id, kept, verdict, changes: verdict === skew.verdict ? 0 : 1 },
      })),
    ),
  );
});
