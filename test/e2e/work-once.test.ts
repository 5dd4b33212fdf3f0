/** What `umbra run` does once: counted, since time means nothing on a busy machine. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, vi } from 'vitest';
import { writeReport } from '../../core/lab/reports/report-files.ts';
import { runMainJob } from '../../core/lab/reports/main-job.ts';
import { defaultParams } from '../../core/model/params.ts';
import { builtinPolicies } from '../../core/model/policies.ts';
import { pair, temporaryFolder } from './umbra.ts';

const calls = vi.hoisted(() => ({ reconstruct: 0, openTraceDat: 0, readTraceChunks: 0 }));

vi.mock('../../core/model/stage2/reconstruct.ts', async (original) => counting(await original(), 'reconstruct'));
vi.mock('../../core/formats/trace-dat/trace-dat.ts', async (original) => counting(await original(), 'openTraceDat'));
vi.mock('../../core/store/trace-store.ts', async (original) => counting(await original(), 'readTraceChunks'));

/** A module whose function `name` counts its calls. */
const counting = vi.hoisted(() => (real: object, name: 'reconstruct' | 'openTraceDat' | 'readTraceChunks') => {
  const called = (real as Record<string, (...args: unknown[]) => unknown>)[name];
  return {
    ...real,
    [name]: (...args: unknown[]) => {
      calls[name]++;
      return called(...args);
    },
  };
});

it('one run reads the trace once and reconstructs stage 2 once', () => {
  const folder = temporaryFolder();
  const lab = join(folder, 'run.umbra');
  const reportFile = join(folder, 'report.html');
  const { run } = runMainJob({
    ...{ speFile: pair.spe, kvmFile: pair.kvm, reportFile, lab, importOptions: {} },
    replay: { policies: builtinPolicies.slice(0, 3), settings: defaultParams(), command: 'umbra run', checks: [] },
  });
  expect(calls).toEqual({ reconstruct: 1, openTraceDat: 1, readTraceChunks: 0 });

  // What it had at hand is what the lab file gives.
  const again = join(folder, 'again.html');
  writeReport(lab, run.id, again);
  expect(calls).toEqual({ reconstruct: 2, openTraceDat: 1, readTraceChunks: 1 });
  expect(readFileSync(again, 'utf8')).toBe(readFileSync(reportFile, 'utf8'));
});
