/** Builds perf.data files that hold tracepoints: tracing data, attrs, samples of any sample_type. */
import { type BuiltEvent, record, words } from './perf-data.builder.ts';

const bytes = (text: string): Uint8Array => Uint8Array.from(text, (c) => c.charCodeAt(0));
const block = (text: string): Uint8Array => words(BigInt(text.length), bytes(text));

const common = `	field:unsigned short common_type;	offset:0;	size:2;	signed:0;
	field:unsigned char common_flags;	offset:2;	size:1;	signed:0;
	field:unsigned char common_preempt_count;	offset:3;	size:1;	signed:0;
	field:int common_pid;	offset:4;	size:4;	signed:1;

`;

/** An event with one field, `value`. */
export function format(name: string, id: number): string {
  return `name: ${name}\nID: ${id}\nformat:\n${common}	field:unsigned long value;	offset:8;	size:8;	signed:0;\n\nprint fmt: "value=%lu", REC->value\n`;
}

/** HEADER_TRACING_DATA of perf 6.1: what a trace.dat of version 6 starts with. */
export function tracingData(systems: Readonly<Record<string, readonly string[]>>, comms = ''): Uint8Array {
  const page = '\tfield: local_t commit;\toffset:8;\tsize:8;\tsigned:1;\n';
  return words(
    Uint8Array.of(0x17, 0x08, 0x44),
    bytes('tracing0.6\0'),
    Uint8Array.of(0, 8),
    4096,
    ...[bytes('header_page\0'), block(page), bytes('header_event\0'), block('x')],
    0,
    Object.keys(systems).length,
    ...Object.entries(systems).flatMap(([system, formats]) => [
      bytes(`${system}\0`),
      formats.length,
      ...formats.map(block),
    ]),
    ...[0, 0],
    block(comms),
  );
}

/** perf_event_attr of 128 bytes of a tracepoint. */
export function tracepoint(id: number, sampleType: number, ids: readonly bigint[], readFormat = 0): BuiltEvent {
  const attr = new Uint8Array(128);
  const view = new DataView(attr.buffer);
  view.setUint32(0, 2, true);
  view.setUint32(4, 128, true);
  view.setBigUint64(8, BigInt(id), true);
  view.setBigUint64(24, BigInt(sampleType), true);
  view.setBigUint64(32, BigInt(readFormat), true);
  view.setBigUint64(40, 1n << 18n, true); // sample_id_all
  return { attr, ids };
}

/** EVENT_DESC: the names of events, in the order of the attrs. */
export function eventNames(events: readonly BuiltEvent[], names: readonly string[]): Uint8Array {
  const list = events.flatMap(({ attr, ids }, i) => {
    const name = words(names[i]);
    return [attr, ids.length, name.length, name, ...ids];
  });
  return words(events.length, 128, ...list);
}

export interface Sample {
  /** The sample's id, by ID or IDENTIFIER. */
  id: bigint;
  t: bigint;
  cpu: number;
  tid: number;
  raw: Uint8Array;
  misc?: number;
}

/** Raw data of `format`: common header, value. Padded as the kernel pads it: with its u32 of size a multiple of 8. */
export function raw(event: number, tid: number, value: bigint): Uint8Array {
  return words(event, tid, value, 0);
}

/** PERF_RECORD_SAMPLE; fields of no interest here hold what no parser should take for the next one. */
export function sample(s: Sample, sampleType: number, readFormat = 0, depth = 3): Uint8Array {
  const has = (bit: number): boolean => (sampleType & (1 << bit)) !== 0;
  const junk = 0xfedc_ba98_7654_3210n;
  const parts: (number | bigint | Uint8Array)[] = [];
  const add = (bit: number, ...what: (number | bigint | Uint8Array)[]): void => {
    if (has(bit)) parts.push(...what);
  };
  add(16, s.id);
  add(0, junk);
  add(1, s.tid, s.tid);
  add(2, s.t);
  add(3, junk);
  add(6, s.id);
  add(9, junk);
  add(7, s.cpu, 0xffff);
  add(8, junk);
  add(4, ...readValues(readFormat));
  add(5, BigInt(depth), ...Array.from({ length: depth }, () => junk));
  add(10, s.raw.length, s.raw);
  add(11, 1n, junk, junk, junk); // branch stack
  add(12, 2n, junk); // user registers
  add(13, 8n, junk, 8n); // user stack
  add(14, junk);
  add(15, junk);
  return record(9, s.misc ?? 1, words(...parts));
}

function readValues(format: number): bigint[] {
  const value = [7n, ...(format & 4 ? [8n] : []), ...(format & 16 ? [9n] : [])];
  const times = [...(format & 1 ? [10n] : []), ...(format & 2 ? [11n] : [])];
  return format & 8 ? [2n, ...times, ...value, ...value] : [value[0], ...times, ...value.slice(1)];
}

export const finishedRound = record(68, 0, new Uint8Array(0));

/** A record of the kernel's with a trailer of TID, TIME, CPU and IDENTIFIER. */
export const TRAILER_TYPE = 2 | 4 | 128 | 65536;
