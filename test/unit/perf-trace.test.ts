import { describe, expect, it } from 'vitest';
import { TraceColumns } from '../../core/formats/event-format/columns.ts';
import { EventPrinter } from '../../core/formats/event-format/event-printer.ts';
import { openPerfData } from '../../core/formats/perf-data/perf-data.ts';
import { hasKvmEvents, openPerfTrace } from '../../core/formats/perf-data/trace-events.ts';
import { InputError, Warnings } from '../../core/formats/problems.ts';
import { memorySource } from '../../core/formats/source.ts';
import { type BuiltEvent, kernelRecord, perfFile, record, speAttr, words } from './perf-data.builder.ts';
import {
  eventNames,
  finishedRound,
  format,
  raw,
  type Sample,
  sample,
  TRAILER_TYPE,
  tracepoint,
  tracingData,
} from './perf-trace.builder.ts';

const RAW = 1 << 10;
const USUAL = TRAILER_TYPE | RAW;
const data = tracingData({ kvm: [format('kvm_entry', 70), format('kvm_exit', 71)] }, '300 saved\n');

function lines(bytes: Uint8Array, warnings = new Warnings(), capacity = 16384): string[] {
  const trace = openPerfTrace(openPerfData(memorySource(bytes), warnings), warnings);
  const printer = new EventPrinter(trace);
  const out: string[] = [];
  trace.read(new TraceColumns(capacity), (batch) => {
    for (let i = 0; i < batch.n; i++) out.push(printer.line(batch, i).trim().replace(/ +/g, ' '));
  });
  return out;
}

const usual = tracepoint(70, USUAL, [1n]);
const file = (records: readonly Uint8Array[], events: readonly BuiltEvent[] = [usual]): Uint8Array =>
  perfFile(
    records,
    {
      1: data,
      12: eventNames(
        events,
        events.map(() => 'kvm:kvm_entry'),
      ),
    },
    events,
  );
const entry = (t: number, cpu = 0, tid = 5, value = BigInt(t)): Sample => ({
  ...{ id: 1n, t: BigInt(t), cpu, tid },
  raw: raw(70, tid, value),
});
const times = (text: readonly string[]): number[] => text.map((line) => Number(/value=(\d+)/.exec(line)![1]));

describe('samples', () => {
  // Every bit of sample_type below RAW, those after it, and read_format with and without groups.
  const bits = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 16];
  const types = [
    ...bits.map((bit) => RAW | (1 << bit)),
    ...bits.map((bit) => RAW | bits.reduce((all, b) => (b === bit ? all : all | (1 << b)), 0)),
    0x1ffff,
    RAW,
  ];
  it.each(types)('of type 0x%i hold their raw data where the kernel puts it', (type) => {
    for (const readFormat of type & 16 ? [0, 1, 4, 7, 8, 12, 15, 16, 23, 31] : [0]) {
      const events = [tracepoint(70, type, [1n], readFormat)];
      const records = [entry(1, 3), entry(2, 3)].map((s) => sample(s, type, readFormat));
      const warnings = new Warnings();
      const text = lines(file(records, events), warnings);
      expect(times(text)).toEqual([1, 2]);
      const time = type & 4 ? '0.000000001' : '0';
      expect(text[0]).toBe(`<...>-5 [00${type & 128 ? 3 : 0}] ${time}: kvm_entry: value=1`);
      expect(warnings.list()).toEqual([]);
    }
  });

  it.each([
    ['ID', 64],
    ['IDENTIFIER', 65536],
  ])('of several events are told apart by %s', (_, idBit) => {
    const base = (TRAILER_TYPE & ~65536) | RAW | idBit;
    const types = [base, base | 32 | 256, base | (idBit === 64 ? 0 : 1)];
    const events = [
      tracepoint(70, types[0], [1n, 2n]),
      tracepoint(71, types[1], [3n]),
      tracepoint(71, types[2], [0xffff_ffff_ffffn]),
    ];
    const records = [3n, 1n, 0xffff_ffff_ffffn, 2n, 3n].map((id, i) => {
      const type = types[id === 3n ? 1 : id < 3n ? 0 : 2];
      return sample({ ...entry(i + 1), id }, type);
    });
    expect(times(lines(file(records, events)))).toEqual([1, 2, 3, 4, 5]);
  });

  it('that are no tracepoints, or not readable, are counted and left out', () => {
    const events = [usual, { attr: speAttr(BigInt(TRAILER_TYPE), 0), ids: [9n] }];
    const whole = sample(entry(2), USUAL);
    const claims = Uint8Array.from(whole);
    new DataView(claims.buffer).setUint32(40, 4000, true);
    const records = [
      sample(entry(1), USUAL),
      sample({ ...entry(2), id: 9n }, TRAILER_TYPE),
      claims,
      record(9, 1, words(1n)),
      sample({ ...entry(3), id: 77n }, USUAL),
      sample(entry(4), USUAL),
    ];
    const warnings = new Warnings();
    expect(times(lines(file(records, events), warnings))).toEqual([1, 4]);
    expect(warnings.list().map((w) => [w.kind, w.count])).toEqual([
      ['perf-other-samples', 2],
      ['perf-bad-sample', 2],
    ]);
  });
});

describe('order', () => {
  it('is that of time across CPUs, and of the file at one time; rounds bound what is held', () => {
    const rounds = [
      [entry(10, 0), entry(30, 0), entry(20, 1), entry(25, 1)],
      [entry(40, 0), entry(30, 1, 6), entry(28, 2), entry(50, 2)],
      [entry(45, 1), entry(60, 2)],
    ];
    const records = rounds.flatMap((round) => [...round.map((s) => sample(s, USUAL)), finishedRound]);
    for (const capacity of [16384, 1]) {
      const text = lines(file(records), new Warnings(), capacity);
      expect(times(text)).toEqual([10, 20, 25, 28, 30, 30, 40, 45, 50, 60]);
      expect(text[4]).toContain('<...>-5');
      expect(text[5]).toContain('<...>-6');
    }
  });

  it('survives a round that breaks its promise: the late sample takes the time of the one before, and is reported', () => {
    const late = [...[entry(10), entry(20)].map((s) => sample(s, USUAL)), finishedRound, sample(entry(30), USUAL)];
    const records = [...late, finishedRound, finishedRound, sample(entry(5), USUAL), sample(entry(40), USUAL)];
    const warnings = new Warnings();
    const text = lines(file(records), warnings);
    expect(times(text)).toEqual([10, 20, 30, 5, 40]);
    expect(text[3]).toContain(' 0.000000030: ');
    expect(warnings.list().map((w) => [w.kind, w.count])).toEqual([['perf-late-sample', 1]]);
  });
});

describe('side band', () => {
  it('names threads as they were called then: COMM, FORK, the saved names, the idle task', () => {
    const comm = (t: number, tid: number, name: string) =>
      kernelRecord(3, 0, words(tid, tid, name), { pid: tid, tid, time: BigInt(t) });
    const fork = (t: number, tid: number, parent: number) =>
      kernelRecord(7, 0, words(tid, parent, tid, parent, BigInt(t)), { pid: parent, tid: parent, time: BigInt(t) });
    const records = [
      comm(0, 5, 'qemu'),
      sample(entry(10), USUAL),
      fork(20, 6, 5),
      sample(entry(30, 0, 6), USUAL),
      comm(40, 6, 'CPU 0/KVM'),
      sample(entry(50, 0, 6), USUAL),
      sample(entry(60, 0, 0), USUAL),
      sample(entry(70, 0, 300), USUAL),
      sample(entry(80, 0, 301), USUAL),
      sample(entry(35, 1, 6), USUAL),
    ];
    const named = lines(file(records)).map((line) => line.slice(0, line.indexOf(' [')));
    expect(named).toEqual(['qemu-5', 'qemu-6', 'qemu-6', 'CPU 0/KVM-6', '<idle>-0', 'saved-300', '<...>-301']);
  });

  it('tells losses before the next event of their CPU', () => {
    const lost = (t: number, cpu: number, n: bigint) => kernelRecord(2, 0, words(1n, n), { time: BigInt(t), cpu });
    const records = [
      ...[entry(10, 0), entry(11, 1)].map((s) => sample(s, USUAL)),
      ...[lost(12, 1, 3n), lost(13, 1, 4n)],
      ...[entry(20, 0), entry(30, 1), entry(40, 1)].map((s) => sample(s, USUAL)),
    ];
    const text = lines(file(records));
    expect(text.filter((line) => line.includes('DROPPED'))).toEqual([text[3]]);
    expect(text[3]).toMatch(/^CPU:1 \[7 EVENTS DROPPED\]\n.*value=30$/);
  });
});

describe('tracing data', () => {
  it('comes as a record in pipe mode', () => {
    const attr = record(64, 0, words(usual.attr, 1n));
    const name = record(78, 0, words(2n, 1n, 'kvm:kvm_entry'));
    const formats = new Uint8Array((data.length + 7) & ~7);
    formats.set(data);
    const pipe = words(
      new TextEncoder().encode('PERFILE2'),
      16n,
      attr,
      name,
      words(record(66, 0, words(formats.length)), formats),
      sample(entry(7), USUAL),
    );
    expect(hasKvmEvents(openPerfData(memorySource(pipe), new Warnings()))).toBe(true);
    expect(times(lines(pipe))).toEqual([7]);
  });

  it('missing or damaged: one message', () => {
    const without = perfFile([sample(entry(1), USUAL)], {}, [usual]);
    expect(() => lines(without)).toThrow(/its tracepoints have no formats .*Record it again/);
    for (const at of [2, 10, 30, 120]) {
      const cut = perfFile([sample(entry(1), USUAL)], { 1: data.subarray(0, at) }, [usual]);
      expect(() => lines(cut), `cut at ${at}`).toThrow(InputError);
    }
  });

  it('cut behind the formats: events all the same, and a warning', () => {
    const warnings = new Warnings();
    const cut = perfFile([sample(entry(1), USUAL)], { 1: data.subarray(0, data.length - 16) }, [usual]);
    expect(times(lines(cut, warnings))).toEqual([1]);
    expect(warnings.list().map((w) => w.kind)).toEqual(['perf-tracing-data']);
  });

  it('without a description of an event: listed as unknown', () => {
    const warnings = new Warnings();
    const text = lines(file([sample({ ...entry(1), raw: raw(99, 5, 1n) }, USUAL)]), warnings);
    expect(text[0]).toContain('[UNKNOWN EVENT]');
    expect(warnings.list().map((w) => w.kind)).toEqual(['trace-unknown-event']);
  });
});
