// A pair on disk through the commands that a user would run.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Truth } from '../../core/synth/truth.ts';
import { temporaryFolder, umbra, umbraJson } from '../e2e/umbra.ts';

test('synth, import, replay, windows: the true ones, in the clock of the truth', { timeout: 60_000 }, () => {
  const folder = temporaryFolder();
  const out = join(folder, 'pair');
  const rates = [
    '--advice',
    'dontneed,free,pageout',
    '--holes',
    '0.3',
    '--unmaps',
    '1500',
    '--merges',
    '300',
    '--buffer',
    '131072',
    '--ram',
    '128',
  ];
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

  const params = join(folder, 'params.json');
  writeFileSync(params, JSON.stringify(truth.blackouts.params));
  const ids = truth.blackouts.policies.map(({ policy }) => policy);
  const replay = ['replay', '--db', lab, '--spe', '1', '--kvm', '2', '--params', params, '--policy', ids.join(',')];
  const { policies } = umbraJson<{ policies: { id: string; kept: number; lost: number }[] }>(...replay);
  for (const { policy, kept, lost, windows } of truth.blackouts.policies) {
    expect(policies.find((p) => p.id === policy)).toMatchObject({ kept, lost });
    const rows = umbraJson<Record<string, unknown>[]>('windows', '--db', lab, '--run', '1', '--policy', policy);
    const text = ({ start, end, ipa, lost }: Record<string, unknown>) => [start, end, ipa ?? null, lost].join(' ');
    expect(rows.map(text)).toEqual(windows.map((w) => text({ ...w })));
  }
  expect(truth.blackouts.policies.find((p) => p.policy === 'map-on-fault')!.windows.length).toBeGreaterThan(5);
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
