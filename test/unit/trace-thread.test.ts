import { describe, expect, it } from 'vitest';
import { TraceColumns } from '../../core/formats/event-format/columns.ts';
import { Warnings } from '../../core/formats/problems.ts';
import { memorySource } from '../../core/formats/source.ts';
import { openTraceDat } from '../../core/formats/trace-dat/trace-dat.ts';
import { TraceThread } from '../../core/lab/import/trace-thread.ts';
import type { BatchMade } from '../../core/lab/import/trace-work.ts';
import { TraceWork } from '../../core/lab/import/trace-work.ts';
import { planCapture } from '../../core/synth/capture.ts';
import { writeKvmTrace } from '../../core/synth/kvm-trace.ts';
import { synthOptions } from '../../core/synth/options.ts';
import { MemorySink } from '../../core/synth/sink.ts';

const options = synthOptions({ samples: 200_000, kvmEvents: 160_000, unmaps: 100, zstd: true });
const sink = new MemorySink();
writeKvmTrace(options, planCapture(options), sink);
const bytes = sink.bytes();

const open = () => openTraceDat(memorySource(bytes), new Warnings());

/** Columns as arrays: those of a thread may be shared memory, and batches' memory is given away. */
const plain = (value: unknown): unknown =>
  ArrayBuffer.isView(value)
    ? [...(value as Uint8Array)]
    : Array.isArray(value)
      ? value.map(plain)
      : typeof value === 'object' && value !== null
        ? Object.fromEntries(Object.entries(value).map(([key, part]) => [key, plain(part)]))
        : value;

/** What a thread makes of the trace. */
function made(events: number) {
  const trace = open();
  const batches: unknown[] = [];
  const thread = new TraceThread(trace.dictionary, events, (batch: BatchMade) => batches.push(plain(batch)));
  trace.read(new TraceColumns(), (batch) => thread.put(batch));
  const rest = plain(thread.rest());
  return { batches, rest, levels: plain(thread.levels()) };
}

describe('a trace worked on in a thread of its own', () => {
  it('becomes what it becomes without one', () => {
    const here = made(0);
    expect(here.batches.length).toBeGreaterThan(2);
    expect(made(Infinity)).toEqual(here);
  });
});

describe('levels of events that wait', () => {
  it('are the same, however few may wait', () => {
    const levels = (later: number) => {
      const trace = open();
      const work = new TraceWork(trace.dictionary, later);
      trace.read(new TraceColumns(), (batch) => work.take(batch));
      work.rest();
      return plain(work.levels());
    };
    const atOnce = levels(0);
    expect(levels(1)).toEqual(atOnce);
    expect(levels(100_000)).toEqual(atOnce);
    expect(levels(Infinity)).toEqual(atOnce);
  });
});
