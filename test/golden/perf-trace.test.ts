/** Tracepoints in perf.data print as perf script prints them: same events, same order, same text. */
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { TraceColumns } from '../../core/formats/event-format/columns.ts';
import { EventPrinter } from '../../core/formats/event-format/event-printer.ts';
import { openPerfData } from '../../core/formats/perf-data/perf-data.ts';
import { hasKvmEvents, openPerfTrace } from '../../core/formats/perf-data/trace-events.ts';
import { Warnings } from '../../core/formats/problems.ts';
import { memorySource } from '../../core/formats/source.ts';

const fixtures = new URL('../fixtures/perf-data/', import.meta.url);
const expected = new URL('expected/perf-data/', import.meta.url);

function open(name: string, warnings: Warnings) {
  const perf = openPerfData(memorySource(new Uint8Array(readFileSync(new URL(name, fixtures)))), warnings);
  expect(hasKvmEvents(perf)).toBe(true);
  return openPerfTrace(perf, warnings);
}

/** Thread, tid, CPU, time, event, text: of either tool's line. */
function umbra(line: string): string[] {
  return /^ *(.+)-(-?\d+) +\[(\d+)\] +([\d.]+): (\w+): +(.*)$/.exec(line)!.slice(1);
}

function perf(line: string): string[] {
  return /^ *(.+?) +(-?\d+) +\[(\d+)\] +([\d.]+): +\w+:(\w+): *(.*)$/.exec(line)!.slice(1);
}

describe.each(['kvm-zstd'])('%s', (name) => {
  const want = gunzipSync(readFileSync(new URL(`${name}.script.txt.gz`, expected)))
    .toString()
    .trimEnd()
    .split('\n');

  it.each([16384, 7])('in batches of %i', (capacity) => {
    const warnings = new Warnings();
    const trace = open(`${name}.perf.data`, warnings);
    const printer = new EventPrinter(trace);
    const got: string[][] = [];
    trace.read(new TraceColumns(capacity), (batch) => {
      for (let i = 0; i < batch.n; i++) got.push(umbra(printer.line(batch, i)));
    });
    // perf names the thread of a guest's sample [guest/PID]; it is the vCPU's thread, as its other samples show.
    const threads = new Map(got.map(([thread, tid]) => [tid, thread]));
    const known = want.map(perf).map(([thread, tid, ...rest]) => {
      return [thread.startsWith('[guest/') ? threads.get(tid) : thread, tid, ...rest];
    });
    expect(got).toEqual(known);
    expect(got.length).toBe(6032);
    expect(new Set(threads.values())).toContain('CPU 0/KVM');
    expect(warnings.list()).toEqual([]);
  });
});

it('tells its clock in ftrace’s words, so that an SPE capture of the same clock aligns by itself', () => {
  expect(open('kvm-zstd.perf.data', new Warnings()).facts).toMatchObject({
    format: 'perf.data',
    clock: 'mono',
    nanoseconds: true,
    cpus: 2,
    compression: 'zstd',
    recorder: 'perf 6.1.192',
  });
});
