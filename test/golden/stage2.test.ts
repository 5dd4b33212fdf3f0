/** Real traces: the inferred timelines against the kernel's own page-table calls, recorded beside them. */
import { describe, expect, test } from 'vitest';
import { calibrate } from '../../core/model/calibration.ts';
import { measureAccuracy } from '../../core/model/stage2/accuracy.ts';
import { guestClock } from '../../core/model/stage2/guest-clock.ts';
import { reconstruct } from '../../core/model/stage2/reconstruct.ts';
import { summarise } from '../../core/model/stage2/summary.ts';
import { rowTexts } from '../unit/stage2-trace.ts';
import { compared, load } from './stage2-fixtures.ts';

describe('agreement with the kernel’s own calls, in page-time', () => {
  // Accuracy reached, rounded down: a bound that falls is a rule that got worse. `guest`: unknown by guest time.
  test.each([
    ['two-vcpu', { valid: 0.9995, ram: 0.9999, unknown: 0, guest: 0 }],
    ['madvise-lost', { valid: 0.9995, ram: 0.9999, unknown: 0.55, guest: 0.71 }],
    ['memslot', { valid: 0.995, ram: 0.9997, unknown: 0.008, guest: 0 }],
    ['memslot-probe', { valid: 0.992, ram: 0.998, unknown: 0.04, guest: 0.019 }],
    ['dirtylog-thp', { valid: 0.992, ram: 0.998, unknown: 0, guest: 0 }],
    ['ksm', { valid: 0.999, ram: 0.9998, unknown: 0, guest: 0 }],
    ['6.12-thp', { valid: 0.98, ram: 0.995, unknown: 0, guest: 0 }],
    ['6.12-eager', { valid: 0.991, ram: 0.997, unknown: 0.044, guest: 0.082 }],
    ['6.12-munmap', { valid: 0.999, ram: 0.9998, unknown: 0, guest: 0 }],
    ['6.12-16k-madvise', { valid: 0.997, ram: 0.9998, unknown: 0, guest: 0 }],
    ['7.3-madvise', { valid: 0.9997, ram: 0.9998, unknown: 0, guest: 0 }],
    ['7.3-memslot', { valid: 0.99, ram: 0.999, unknown: 0.042, guest: 0.006 }],
    ['7.3-thp', { valid: 0.998, ram: 0.999, unknown: 0, guest: 0 }],
    ['7.3-thp-madvise', { valid: 0.999, ram: 0.998, unknown: 0, guest: 0 }],
  ] as const)('%s', (name, bound) => {
    const trace = load(name);
    compared(trace).forEach(({ inferred, truth }, v) => {
      const { buffers, slots } = trace.vm.vms[v];
      const buffer = measureAccuracy(inferred, truth, buffers);
      expect(buffer.valid).toBeGreaterThanOrEqual(bound.valid);
      expect(buffer.unknown).toBeLessThanOrEqual(bound.unknown);
      const guest = guestClock(trace.events, trace.vm, v);
      expect(measureAccuracy(inferred, truth, buffers, guest).unknown).toBeLessThanOrEqual(bound.guest);
      expect(measureAccuracy(inferred, truth, slots).valid).toBeGreaterThanOrEqual(bound.ram);
    });
  });
});

test('page-table calls in the trace itself give the exact timeline', () => {
  const { vm, calls } = load('two-vcpu');
  const { timelines } = reconstruct(calls, vm);
  expect(timelines[0].exact).toBe(true);
  const { rowsByEvidence, certainty } = summarise(timelines[0], vm.vms[0].buffers);
  expect(Object.keys(rowsByEvidence).sort()).toEqual(['first-fault', 'table-call']);
  expect(certainty.observed).toBeGreaterThan(0.9);
});

test('the rows of a small trace', async () => {
  const { events, vm } = load('two-vcpu');
  const rows = rowTexts(reconstruct(events, vm).timelines[0]);
  await expect(rows.join('\n') + '\n').toMatchFileSnapshot('expected/stage2/two-vcpu.rows.txt');
});

test('latencies of a small trace, emulated', () => {
  const { mapNs, trapNs } = calibrate(load('two-vcpu').events);
  expect([mapNs?.count, trapNs?.count]).toEqual([689, 121]);
  expect([mapNs?.median, trapNs?.median]).toEqual([272176, 78800]);
});
