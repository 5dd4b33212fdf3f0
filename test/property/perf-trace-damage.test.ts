/** Damaged tracepoints in perf.data end in events and warnings, or in one InputError. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { TraceColumns } from '../../core/formats/event-format/columns.ts';
import { EventPrinter } from '../../core/formats/event-format/event-printer.ts';
import { openPerfData } from '../../core/formats/perf-data/perf-data.ts';
import { openPerfTrace } from '../../core/formats/perf-data/trace-events.ts';
import { InputError, Warnings } from '../../core/formats/problems.ts';
import { memorySource } from '../../core/formats/source.ts';
import { kernelRecord, perfFile, words } from '../unit/perf-data.builder.ts';
import { eventNames, finishedRound, format, raw, sample, tracepoint, tracingData } from '../unit/perf-trace.builder.ts';

// IDENTIFIER, TID, TIME, CPU, READ, CALLCHAIN, RAW: all that varies in length.
const TYPE = 65536 | 2 | 4 | 128 | 16 | 32 | 1024;
const event = tracepoint(70, TYPE, [1n], 31);
const records = Array.from({ length: 40 }, (_, i) => [
  ...(i % 7 === 3 ? [kernelRecord(3, 0, words(i, i, `thread ${i}`), { time: BigInt(i) })] : []),
  ...(i % 9 === 4 ? [kernelRecord(2, 0, words(1n, 5n), { time: BigInt(i) })] : []),
  sample({ id: 1n, t: BigInt(1000 - (i % 5)), cpu: i % 3, tid: i, raw: raw(70, i, BigInt(i)) }, TYPE, 31),
  ...(i % 10 === 9 ? [finishedRound] : []),
]).flat();
const whole = perfFile(
  records,
  { 1: tracingData({ kvm: [format('kvm_entry', 70)] }), 12: eventNames([event], ['kvm:kvm_entry']) },
  [event],
);

const damage = fc.record({
  flips: fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { minLength: 1, maxLength: 12 }),
  words: fc.array(fc.tuple(fc.nat(whole.length - 4), fc.constantFrom(0, 1, 0x7fffffff, 0xffffffff)), { maxLength: 4 }),
  cut: fc.option(fc.nat(whole.length), { freq: 4 }),
});

it('never anything else, and times ascend', () => {
  fc.assert(
    fc.property(damage, ({ flips, words: put, cut }) => {
      const bytes = whole.slice(0, cut ?? whole.length);
      for (const [at, value] of flips) if (at < bytes.length) bytes[at] = value;
      const view = new DataView(bytes.buffer);
      for (const [at, value] of put) if (at + 4 <= bytes.length) view.setUint32(at, value, true);
      let last = 0n;
      try {
        const warnings = new Warnings();
        const trace = openPerfTrace(openPerfData(memorySource(bytes), warnings), warnings);
        const printer = new EventPrinter(trace);
        trace.read(new TraceColumns(16), (batch) => {
          for (let i = 0; i < batch.n; i++) {
            expect(batch.t[i]).toBeGreaterThanOrEqual(last);
            last = batch.t[i];
            printer.line(batch, i);
          }
        });
      } catch (error) {
        if (!(error instanceof InputError)) throw error;
      }
    }),
    { numRuns: 1500 },
  );
});
