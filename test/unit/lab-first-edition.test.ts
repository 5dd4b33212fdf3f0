/** A lab of format 5, whose run the model's first edition replayed: migrated, recognised, replayed again. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { buildReport } from '../../core/lab/reports/report.ts';
import { policyProfile } from '../../core/lab/exports/profile.ts';
import { codeOfFunction } from '../../core/lab/windows/code.ts';
import { explainInLab } from '../../core/lab/windows/explain.ts';
import { compareRuns } from '../../core/lab/runs/compare.ts';
import { listWindows, replayInLab, skewOf } from '../../core/lab/runs/runs.ts';
import { checkRun } from '../../core/lab/runs/run-check.ts';
import { builtinPolicy } from '../../core/model/policies.ts';
import { openLabFile, readLab } from '../../core/store/lab-file.ts';
import { getRun, readResults } from '../../core/store/run-store.ts';

const policies = ['map-on-fault', 'pin-at-enable', 'nondestructive-repin'];
const REFUSAL =
  /^run 1 was replayed by the model's first edition.*umbra replay --again 1 .*--spe 1 --kvm 2; it was made by: umbra replay/;
let folder: string;
let lab: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'umbra-first-edition-'));
  lab = join(folder, 'lab.umbra');
  const packed = readFileSync(new URL('../fixtures/labs/format-5.umbra.gz', import.meta.url));
  writeFileSync(lab, gunzipSync(packed));
  openLabFile(lab, 'write').close();
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test('what was stored stays as it was', () => {
  const kept = readLab(lab, (db) => readResults(db, 1).map((r) => [r.policy.id, r.dlDiscard, r.kept]));
  expect(kept).toEqual([
    ['map-on-fault', 'record', 1193],
    ['map-on-fault', 'buffer', 489],
    ['pin-at-enable', 'record', 1200],
    ['pin-at-enable', 'buffer', 1200],
    ['nondestructive-repin', 'record', 1198],
    ['nondestructive-repin', 'buffer', 1198],
  ]);
});

test('replayed again it comes out otherwise, and the difference is explained', () => {
  const { identical, differences } = checkRun(lab, 1);
  expect(identical).toBe(false);
  expect(differences[0]).toContain("replayed by the model's first edition");
  // Its guest writes the buffer first, so nothing is a first touch; what two unmaps drop hadn't been read.
  const lost = differences.filter((d) => d.includes(': lost '));
  expect(lost).toEqual([
    'map-on-fault (dlDiscard record): lost 7 (irq-latency 7), now 256 (wiped 256)',
    'pin-at-enable (dlDiscard record): lost 0, now 256 (wiped 256)',
    'nondestructive-repin (dlDiscard record): lost 2 (irq-latency 2), now 256 (wiped 256)',
  ]);
});

test('what would be replayed now is not shown beside what it stored', () => {
  const choice = { run: 1, policy: 'map-on-fault' };
  expect(listWindows(lab, choice).length).toBeGreaterThan(0);
  expect(() => skewOf(lab, choice)).toThrow(REFUSAL);
  expect(() => explainInLab(lab, { ...choice, window: 0 })).toThrow(REFUSAL);
  expect(() => compareRuns(lab, { a: 1, b: 1 })).toThrow(REFUSAL);
  expect(() => readLab(lab, (db) => policyProfile(db, choice))).toThrow(REFUSAL);
  expect(() => void codeOfFunction(lab, 'lookup', choice)).toThrow(REFUSAL);
});

test('its report is refused with the way out; a new run of the same parameters is the second edition’s, and reproduces', () => {
  expect(() => readLab(lab, (db) => buildReport(db, 1))).toThrow(REFUSAL);
  const settings = readLab(lab, (db) => getRun(db, 1).params);
  const request = { speId: 1, kvmId: 2, policies: policies.map((id) => builtinPolicy(id)!), settings };
  const { id } = replayInLab(lab, { ...request, checks: [], command: 'umbra replay …' });
  expect(checkRun(lab, id).differences).toEqual([]);
  const report = readLab(lab, (db) => buildReport(db, id));
  expect(report.policies.map((p) => p.outcome.summary.kept)).toEqual([944, 944, 944]);
});
