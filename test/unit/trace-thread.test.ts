import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it, test } from 'vitest';
import { TraceColumns } from '../../core/formats/event-format/columns.ts';
import type { Trace } from '../../core/formats/event-format/trace-file.ts';
import { openFtraceText } from '../../core/formats/ftrace-text/ftrace-text.ts';
import { openPerfData } from '../../core/formats/perf-data/perf-data.ts';
import { openPerfTrace } from '../../core/formats/perf-data/trace-events.ts';
import { Warnings } from '../../core/formats/problems.ts';
import { memorySource } from '../../core/formats/source.ts';
import { openTraceDat } from '../../core/formats/trace-dat/trace-dat.ts';
import { takeOut } from '../../core/lab/import/trace-batch.ts';
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

describe('batches whose memory is taken', () => {
  const file = (name: string) => readFileSync(new URL(`../fixtures/${name}`, import.meta.url));
  const source = (bytes: Uint8Array) => memorySource(new Uint8Array(bytes));
  test.each<[string, () => Trace]>([
    ['a trace.dat', open],
    ['text', () => openFtraceText(source(gunzipSync(file('stage2/madvise-lost.trace.txt.gz'))), new Warnings())],
    [
      'a perf.data',
      () => openPerfTrace(openPerfData(source(file('perf-data/kvm-zstd.perf.data')), new Warnings()), new Warnings()),
    ],
  ])('%s is read on into other memory', (_, openIt) => {
    const read = (keep: boolean) => {
      const batches: TraceColumns[] = [];
      const used: TraceColumns[] = [];
      openIt().read(new TraceColumns(50), (batch) => {
        if (!keep) batches.push(plain(batch) as TraceColumns);
        else {
          const taken = takeOut(batch, used.pop());
          batches.push(plain(taken) as TraceColumns);
          // What the next batch doesn't write is another's.
          taken.payload.fill(255);
          taken.t.fill(0n);
          used.push(taken);
        }
      });
      return batches.map(({ n, t, cpu, tid, event, comm, start, payload }) => [
        ...[n, ...[t, cpu, tid, event, comm].map((column) => column.slice(0, n))],
        payload.slice(0, start[n]),
      ]);
    };
    const lent = read(false);
    expect(lent.length).toBeGreaterThan(3);
    expect(read(true)).toEqual(lent);
  });
});
