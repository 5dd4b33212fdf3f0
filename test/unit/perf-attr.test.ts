/** perf_event_attr and what follows from it: trailers of records, the place of raw data in samples (include/uapi/linux/perf_event.h). */
import { describe, expect, test } from 'vitest';
import { readAttr, SampleType, sampleIdLayout } from '../../core/formats/perf-data/attr.ts';
import type { PerfEvent } from '../../core/formats/perf-data/attr.ts';
import { payloadBytes } from '../../core/formats/perf-data/record.ts';
import type { RecordCursor } from '../../core/formats/perf-data/record.ts';
import { Trailer } from '../../core/formats/perf-data/trailer.ts';
import { RecordType } from '../../core/formats/perf-data/types.ts';
import { Bytes } from './trace-dat-writer.ts';

const { IP, TID, TIME, ID, CPU, STREAM_ID, IDENTIFIER } = SampleType;
const SAMPLE_ID_ALL = 1n << 18n;
const attrBytes = (size: number, sampleType = 0, flags = 0n) => {
  const bytes = new Bytes()
    .u32(7)
    .u32(size)
    .u64(0x11)
    .u64(1000)
    .u64(sampleType)
    .u64(0x1f)
    .u64(flags)
    .u64(0)
    .u64(0x22)
    .u64(0x33);
  return bytes.padTo(92).u32(-3).padTo(104).u32(5000).padTo(128).u64(0x44).u64(0x55).done();
};
const attr = (sampleType: number, flags = SAMPLE_ID_ALL) =>
  readAttr(new DataView(attrBytes(144, sampleType, flags).buffer), 0, 144);
const event = (sampleType: number, ids: bigint[] = [], flags?: bigint): PerfEvent => ({
  attr: attr(sampleType, flags),
  ids,
  name: 'e',
});

test('an attr is read by its own size, and by the room that there is', () => {
  const read = (size: number, room = 144) => readAttr(new DataView(attrBytes(size).buffer), 0, room);
  expect(read(144)).toEqual({
    ...{
      type: 7,
      size: 144,
      config: 0x11n,
      period: 1000n,
      sampleType: 0,
      readFormat: 0x1f,
      flags: 0n,
      config1: 0x22n,
      config2: 0x33n,
    },
    ...{ clockid: -3, auxWatermark: 5000, config3: 0x44n, config4: 0x55n },
  });
  expect([read(136).config3, read(136).config4, read(135).config3]).toEqual([0x44n, 0n, 0n]);
  expect([read(108).auxWatermark, read(107).auxWatermark, read(96).clockid, read(95).clockid]).toEqual([
    5000, 0, -3, 0,
  ]);
  // The first version of the ABI has no size.
  expect([read(0).size, read(0).config1, read(0).config2]).toEqual([64, 0x22n, 0n]);
  expect([read(200, 100).size, read(144, 4).type, read(144, 4).size, read(144, 3).type]).toEqual([100, 7, 4, 0]);
});

describe('the trailer of a record', () => {
  test('has its fields in the kernel’s order, counted from the end', () => {
    const layout = (type: number, flags?: bigint) => sampleIdLayout(attr(type, flags));
    expect(layout(TID | TIME | ID | STREAM_ID | CPU | IDENTIFIER | IP)).toEqual({
      size: 48,
      tid: 48,
      time: 40,
      id: 8,
      cpu: 16,
    });
    expect(layout(TID | TIME | ID | CPU)).toEqual({ size: 32, tid: 32, time: 24, id: 16, cpu: 8 });
    expect(layout(TIME)).toEqual({ size: 8, tid: 0, time: 8, id: 0, cpu: 0 });
    expect(layout(TID | TIME, 0n)).toEqual({ size: 0, tid: 0, time: 0, id: 0, cpu: 0 });
  });

  /** A record of 8 bytes and this trailer. */
  const record = (type: number, trailer: Bytes): RecordCursor => {
    const bytes = new Bytes().u64(0).raw(trailer.done()).done();
    return { type, misc: 0, size: bytes.length, at: 0, bytes, view: new DataView(bytes.buffer), offset: 0, payload: 0 };
  };
  const told = (trailer: Trailer, r: RecordCursor) => {
    trailer.read(r);
    return [trailer.pid, trailer.tid, trailer.t, trailer.cpu, trailer.id];
  };
  const none = [-1, -1, 0n, -1, 0n];

  test('says who, when and where; samples and perf’s own records have none', () => {
    const full = new Bytes().u32(10).u32(11).u64(99).u32(3).u32(0).u64(5);
    const trailer = new Trailer([event(TID | TIME | CPU | IDENTIFIER, [5n])]);
    expect(told(trailer, record(RecordType.SAMPLE, full))).toEqual(none);
    expect(told(trailer, record(64, full))).toEqual(none);
    expect(told(trailer, record(63, full))).toEqual([10, 11, 99n, 3, 5n]);
    expect([trailer.size, trailer.eventOf(5n)?.name, trailer.eventOf(6n)]).toEqual([32, 'e', undefined]);
    // Too short for one: only the id's place counts from the end.
    expect(told(trailer, record(1, new Bytes().u64(7)))).toEqual([-1, -1, 0n, -1, 7n]);
    expect(told(trailer, record(1, new Bytes()))).toEqual(none);
    expect(told(new Trailer([]), record(1, full))).toEqual(none);
  });

  test('of events that differ is found by their id', () => {
    const [long, short] = [event(TID | TIME | IDENTIFIER, [1n]), event(TIME | IDENTIFIER, [2n])];
    const trailer = new Trailer([long, short]);
    const of = (id: number) => new Bytes().u32(10).u32(11).u64(99).u64(id);
    expect(told(trailer, record(1, of(1)))).toEqual([10, 11, 99n, -1, 1n]);
    expect(told(trailer, record(1, of(2)))).toEqual([-1, -1, 99n, -1, 2n]);
    // An id of nobody's: as the first event has it.
    expect(told(trailer, record(1, of(3)))).toEqual([10, 11, 99n, -1, 3n]);
    // Each field counts: same size, other fields.
    for (const [a, b] of [
      [TID | IDENTIFIER, TIME | IDENTIFIER],
      [CPU | IDENTIFIER, TIME | IDENTIFIER],
      [TID | IDENTIFIER, CPU | IDENTIFIER],
    ]) {
      const two = new Trailer([event(a, [1n]), event(b, [2n])]);
      const first = told(two, record(1, new Bytes().u64(6).u64(1)));
      expect(told(two, record(1, new Bytes().u64(6).u64(2))).slice(0, 4)).not.toEqual(first.slice(0, 4));
    }
  });

  test('of an event without one, learnt first, doesn’t hide that of another', () => {
    const trailer = new Trailer([event(TIME, [1n]), event(TIME, [2n])]);
    trailer.learn(event(TIME, [3n]));
    expect([told(trailer, record(1, new Bytes().u64(42))), trailer.eventOf(3n)?.ids]).toEqual([
      [-1, -1, 42n, -1, 0n],
      [3n],
    ]);
  });
});

test('bytes that follow a record: of AUXTRACE by its 64-bit size, of tracing data by its 32-bit one', () => {
  const view = new DataView(new Bytes().u64(0).u64(0x1_0000_0010n).padTo(48).done().buffer);
  const { AUXTRACE, HEADER_TRACING_DATA } = RecordType;
  const of = (type: number, size: number) => payloadBytes(type, size, view, 0);
  expect([
    of(AUXTRACE, 48),
    of(AUXTRACE, 47),
    of(HEADER_TRACING_DATA, 12),
    of(HEADER_TRACING_DATA, 11),
    of(1, 48),
  ]).toEqual([...[0x1_0000_0010, 0, 0x10, 0, 0]]);
});
