// A pair on disk through the commands that a user would run.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Truth } from '../../core/synth/truth.ts';
import { temporaryFolder, umbra, umbraJson } from '../e2e/umbra.ts';
import { plainFaults } from './synth-recover.ts';

test('synth, import, replay, windows: the true ones, in the clock of the truth', { timeout: 60_000 }, () => {
  const folder = temporaryFolder();
  const out = join(folder, 'pair');
  const rates = ['--unmaps', '1500', '--merges', '300', '--buffer', '131072', '--ram', '128'];
  const { files } = umbraJson<{ files: Record<string, string> }>(
    'synth',
    '--out',
    out,
    '--seed',
    '8',
    '--samples',
    '1e4',
    ...rates,
  );
  const truth = JSON.parse(readFileSync(files['truth']!, 'utf8')) as Truth;
  const lab = join(folder, 'lab.umbra');
  const { captures } = umbraJson<{ captures: { samples: number; warnings: unknown[] }[] }>(
    'import',
    '--db',
    lab,
    files['spe']!,
    files['kvm']!,
  );
  expect(captures[0]).toMatchObject({ samples: 10_000, warnings: [] });

  const replay = ['replay', '--db', lab, '--spe', '1', '--kvm', '2', '--policy', 'map-on-fault,impdef-event'];
  const { align, placement, calibrate, ...numbers } = truth.blackouts.params;
  const settings = Object.entries({ ...plainFaults, ...numbers, calibrate }).flatMap(([name, value]) => [
    '--set',
    `${name}=${String(value)}`,
  ]);
  const { policies } = umbraJson<{ policies: { id: string; kept: number; lost: number }[] }>(
    ...replay,
    ...['--align', align, '--placement', placement],
    ...settings,
  );
  for (const { policy, kept, lost, windows } of truth.blackouts.policies) {
    // As in synth-recovery.test.ts.
    if (policy !== 'map-on-fault') continue;
    // Pages that the VMM has munmap'ed stay gone in the replay: the truth maps them again, so it loses a little less.
    const found = policies.find((p) => p.id === policy);
    expect(Math.abs((found?.kept ?? 0) - kept)).toBeLessThan(0.005 * (kept + lost));
    const rows = umbraJson<Record<string, unknown>[]>('windows', '--db', lab, '--run', '1', '--policy', policy);
    const key = ({ start, ipa }: { start?: unknown; ipa?: unknown }) => `${String(start)} ${String(ipa)}`;
    const replayed = new Set(rows.map(key));
    const both = windows.filter((w) => replayed.has(key(w)));
    expect(windows.length).toBeGreaterThan(5);
    expect(both.length).toBeGreaterThan(0.8 * windows.length);
  }
});

test('wrong options: one line, and no files', () => {
  const folder = temporaryFolder();
  const out = join(folder, 'pair');
  const wrong = umbra('synth', '--out', out, '--phases', 'lunch:1');
  expect(wrong.code).toBe(1);
  expect(wrong.stderr).toMatch(/^umbra: [^\n]*the workload has load, scan, probe, compact, not lunch\n$/);
  expect(existsSync(join(out, 'truth.json'))).toBe(false);
  expect(existsSync(join(out, 'spe.perf.data'))).toBe(false);
  expect(umbra('synth', '--out', out, '--mode', 'per-core').code).toBe(2);
  expect(umbra('synth').code).toBe(2);
  writeFileSync(join(folder, 'file'), '');
  expect(umbra('synth', '--out', join(folder, 'file')).stderr).toMatch(/^umbra: .*can't be made a folder: .*\n$/);
});
