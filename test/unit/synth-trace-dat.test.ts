import { expect, test } from 'vitest';
import { TraceColumns } from '../../core/formats/event-format/columns.ts';
import { EventPrinter } from '../../core/formats/event-format/event-printer.ts';
import { Warnings } from '../../core/formats/problems.ts';
import { memorySource } from '../../core/formats/source.ts';
import { openTraceDat } from '../../core/formats/trace-dat/trace-dat.ts';
import { KvmKind } from '../../core/model/kvm-events.ts';
import { RingBuffer } from '../../core/synth/ring-buffer.ts';
import { MemorySink } from '../../core/synth/sink.ts';
import { writeTraceDat } from '../../core/synth/trace-dat.ts';
import { TraceEvents } from '../../core/synth/trace-events.ts';
import { make, recoverStage2 } from '../property/synth-recover.ts';
import type { Made } from '../property/synth-recover.ts';

const small = { samples: 2000, ramPages: 64, bufferBytes: 8 * 4096, seed: 4 };

/** Events in time order, with the losses before each. */
function events(kvm: Uint8Array): { lines: string[]; lost: number; warnings: unknown[] } {
  const warnings = new Warnings();
  const file = openTraceDat(memorySource(kvm), warnings);
  const printer = new EventPrinter(file);
  const lines: string[] = [];
  let lost = 0;
  file.read(new TraceColumns(), (c) => {
    for (let i = 0; i < c.n; i++) {
      lines.push(printer.line(c, i));
      if (c.lostBefore[i]! > 0) lost += c.lostBefore[i]!;
    }
  });
  return { lines, lost, warnings: warnings.list() };
}

const everything = { ...small, unmaps: 1000, merges: 2000, aging: 200, memslots: 500, kvmEvents: 4000 };

test('versions 6 and 7, plain and compressed, hold the same events', () => {
  const plain = events(make(everything).kvm);
  expect(plain.warnings).toEqual([]);
  expect(plain.lines.length).toBeGreaterThan(2000);
  for (const other of [{ traceVersion: 6 }, { zstd: true }] as const)
    expect(events(make({ ...everything, ...other }).kvm).lines).toEqual(plain.lines);
});

test('the trace has as many events as were made, of every kind that was asked for', () => {
  const made = make(everything);
  const recovered = recoverStage2(made).events;
  const kinds = new Set(recovered.kind.subarray(0, recovered.n));
  for (const kind of [
    'ENTRY',
    'EXIT',
    'GUEST_FAULT',
    'MMIO',
    'USER_EXIT',
    'UNMAP',
    'SET_SPTE',
    'AGE',
    'MEMORY_CALL',
    'IOCTL',
  ] as const)
    expect([kind, kinds.has(KvmKind[kind])]).toEqual([kind, true]);
  expect(events(made.kvm).lines).toHaveLength(made.pair.kvm.events);
  expect(recovered.origin).toBe(made.pair.kvm.timeline.origin);
});

test('every vCPU enters and exits in turn, and faults only in between', () => {
  const { events: e, vm } = recoverStage2(make(everything));
  const running = new Map(vm.vcpus.map(({ tid }) => [tid, false]));
  for (let i = 0; i < e.n; i++) {
    const tid = e.tid[i]!;
    if (e.kind[i] === KvmKind.ENTRY) {
      expect(running.get(tid)).toBe(false);
      running.set(tid, true);
    } else if (e.kind[i] === KvmKind.EXIT) {
      expect(running.get(tid)).toBe(true);
      running.set(tid, false);
    } else if (e.kind[i] === KvmKind.GUEST_FAULT) expect(running.get(tid)).toBe(false);
  }
});

test.each([false, true])('lost events are marked with their count (zstd: %s)', (zstd) => {
  const made: Made = make({ ...small, kvmEvents: 20_000, lostPages: 3, zstd });
  const { losses } = made.pair.kvm;
  expect(losses).toHaveLength(3);
  const { lines, lost } = events(made.kvm);
  const gone = losses.reduce((sum, l) => sum + l.events, 0);
  expect(lost).toBe(gone);
  expect(lines).toHaveLength(made.pair.kvm.events - gone);
});

test('long pauses and long texts: time extends within a page, across pages, and at 2^32 ns', () => {
  const ring = new RingBuffer(0);
  const trace = new TraceEvents([ring]);
  const actor = { tid: 7, cpu: 0 };
  const times = [1_000, 1_000, 1_000 + 2 ** 27 - 1, 1_000 + 2 ** 28, 2 ** 32, 2 ** 40 + 123, 2 ** 52];
  for (const t of times) trace.print(t, actor, `at ${t}`);
  for (let i = 1; i < 200; i++) trace.entry(2 ** 52 + i * 2 ** 26, actor);
  const sink = new MemorySink();
  writeTraceDat(sink, { version: 7, zstd: false, comms: new Map([[7, 'it']]), cpus: [ring.finish()] });
  const file = openTraceDat(memorySource(sink.bytes()), new Warnings());
  const seen: number[] = [];
  file.read(new TraceColumns(), (c) => {
    for (let i = 0; i < c.n; i++) seen.push(Number(c.t[i]));
  });
  expect(seen).toEqual([...times, ...Array.from({ length: 199 }, (_, i) => 2 ** 52 + (i + 1) * 2 ** 26)]);
});

test('about as many events as asked for', () => {
  for (const kvmEvents of [5_000, 50_000]) {
    const n = make({ ...small, samples: 20_000, kvmEvents }).pair.kvm.events;
    expect(n).toBeGreaterThan(kvmEvents * 0.6);
    expect(n).toBeLessThan(kvmEvents * 1.5);
  }
});
