/** Real traces: the inferred timelines against the kernel's own page-table calls, recorded beside them. */
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { openFtraceText } from '../../core/formats/ftrace-text/ftrace-text.ts';
import { Warnings } from '../../core/formats/problems.ts';
import { memorySource } from '../../core/formats/source.ts';
import { readKvmEvents } from '../../core/lab/captures/kvm-events.ts';
import { calibrate } from '../../core/model/calibration.ts';
import type { KvmEvents } from '../../core/model/kvm-events.ts';
import { measureAccuracy } from '../../core/model/stage2/accuracy.ts';
import { exactTimelines } from '../../core/model/stage2/exact.ts';
import { reconstruct } from '../../core/model/stage2/reconstruct.ts';
import { parseTableCalls } from '../../core/model/stage2/reference.ts';
import { summarise } from '../../core/model/stage2/summary.ts';
import { parseVmDescription } from '../../core/model/vm.ts';
import type { VmDescription } from '../../core/model/vm.ts';
import { rowTexts } from '../unit/stage2-trace.ts';

const fixture = (name: string): URL => new URL(`../fixtures/stage2/${name}`, import.meta.url);
const text = (name: string): Uint8Array => gunzipSync(readFileSync(fixture(name)));

function load(name: string): { events: KvmEvents; vm: VmDescription; calls: KvmEvents } {
  const trace = openFtraceText(memorySource(text(`${name}.trace.txt.gz`), name), new Warnings());
  const calls = parseTableCalls(
    Buffer.from(text(`${name}.stage2.txt.gz`))
      .toString()
      .split('\n'),
  );
  return {
    events: readKvmEvents(trace),
    vm: parseVmDescription(readFileSync(fixture(`${name}.vm.json`), 'utf8')),
    calls,
  };
}

describe('agreement with the kernel’s own calls, in page-time', () => {
  // What is reached, rounded down: a bound that falls is a rule that got worse.
  test.each([
    ['two-vcpu', { valid: 0.9995, ram: 0.9999, unknown: 0 }],
    ['madvise-lost', { valid: 0.9995, ram: 0.9999, unknown: 0.55 }],
    ['memslot', { valid: 0.987, ram: 0.999, unknown: 0 }],
    ['memslot-probe', { valid: 0.973, ram: 0.998, unknown: 0 }],
    ['dirtylog-thp', { valid: 0.992, ram: 0.998, unknown: 0 }],
    ['ksm', { valid: 0.999, ram: 0.9998, unknown: 0 }],
  ])('%s', (name, bound) => {
    const { events, vm, calls } = load(name);
    const { timelines } = reconstruct(events, vm);
    const truth = exactTimelines(calls, vm);
    vm.vms.forEach(({ buffers, slots }, v) => {
      const buffer = measureAccuracy(timelines[v], truth[v], buffers);
      expect(buffer.valid).toBeGreaterThanOrEqual(bound.valid);
      expect(buffer.unknown).toBeLessThanOrEqual(bound.unknown);
      expect(measureAccuracy(timelines[v], truth[v], slots).valid).toBeGreaterThanOrEqual(bound.ram);
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
