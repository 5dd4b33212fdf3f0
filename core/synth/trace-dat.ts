/**
 * A trace.dat as trace-cmd 3.1 lays it out: version 7 (sections, named by options; optionally zstd) or 6 (one fixed order).
 * See trace-cmd's Documentation/trace-cmd/trace-cmd.dat.v{6,7}.5.txt.
 */
import { zstdCompressSync } from 'node:zlib';
import { Bytes } from './bytes.ts';
import { headerEvent, headerPage, traceFormats } from './kvm-formats.ts';
import type { TraceFormat } from './kvm-formats.ts';
import { PAGE_BYTES } from './ring-buffer.ts';
import type { ByteSink } from './sink.ts';

export interface TraceDatPlan {
  readonly version: 6 | 7;
  /** Version 7 only. */
  readonly zstd: boolean;
  /** tid → name. */
  readonly comms: ReadonlyMap<number, string>;
  /** Whole pages by CPU, in pieces. */
  readonly cpus: readonly (readonly Uint8Array[])[];
}

const CLOCKS = 'local global counter uptime [perf] mono mono_raw boot tai\n';
const CLOCK = 'perf';
/** What the print events' `ip` resolves to. */
export const TRACING_MARK = 0xffff8000801a0000n;

const Option = { DONE: 0, BUFFER: 3, TRACECLOCK: 4, UNAME: 5, CPUCOUNT: 8, VERSION: 9 } as const;

export function writeTraceDat(sink: ByteSink, plan: TraceDatPlan): void {
  if (plan.version === 6) version6(sink, plan);
  else version7(sink, plan);
}

function head(version: string): Bytes {
  return new Bytes().u8(0x17, 8, 0x44).text('tracing').cString(version).u8(0, 8).u32(PAGE_BYTES);
}

function formatList(list: readonly TraceFormat[]): Bytes {
  const out = new Bytes().u32(list.length);
  for (const { text } of list) out.u64(text.length).text(text);
  return out;
}

/** The sections that both versions have, by number and in their order. */
function sections(comms: ReadonlyMap<number, string>): [number, Uint8Array][] {
  const all: readonly TraceFormat[] = Object.values(traceFormats);
  const of = (system: string): TraceFormat[] => all.filter((f) => f.system === system);
  const systems = ['kvm', 'syscalls'] as const;
  const events = new Bytes().u32(systems.length);
  for (const system of systems) events.cString(system).raw(formatList(of(system)).done());
  const headers = new Bytes().cString('header_page').u64(headerPage.length).text(headerPage);
  headers.cString('header_event').u64(headerEvent.length).text(headerEvent);
  const kallsyms = `${TRACING_MARK.toString(16)} T tracing_mark_write\n`;
  const names = [...comms].map(([tid, comm]) => `${tid} ${comm}\n`).join('');
  return [
    [16, headers.done()],
    [17, formatList(of('ftrace')).done()],
    [18, events.done()],
    [19, new Bytes().u32(kallsyms.length).text(kallsyms).done()],
    [20, new Bytes().u32(0).done()],
    [21, new Bytes().u64(names.length).text(names).done()],
  ];
}

function option(id: number, data: Bytes): Uint8Array {
  return new Bytes().u16(id).u32(data.length).raw(data.done()).done();
}

const general = (): Uint8Array[] => [
  option(Option.TRACECLOCK, new Bytes().cString(CLOCKS)),
  option(Option.UNAME, new Bytes().cString('Linux umbra-synth 6.1.0-synth aarch64')),
  option(Option.VERSION, new Bytes().cString('3.1.6 umbra-synth')),
];

const sum = (pieces: readonly Uint8Array[]): number => pieces.reduce((n, p) => n + p.length, 0);

function version6(sink: ByteSink, { comms, cpus }: TraceDatPlan): void {
  const out = head('6');
  for (const [, bytes] of sections(comms)) out.raw(bytes);
  out.u32(cpus.length).cString('options  ');
  for (const bytes of general()) out.raw(bytes);
  out.u16(Option.DONE).cString('flyrecord');
  const clock = `[${CLOCK}]`;
  const tableEnd = out.length + cpus.length * 16 + 8 + clock.length + 1;
  let at = Math.ceil(tableEnd / PAGE_BYTES) * PAGE_BYTES;
  for (const pieces of cpus) {
    out.u64(at, sum(pieces));
    at += sum(pieces);
  }
  out
    .u64(clock.length + 1)
    .cString(clock)
    .align(PAGE_BYTES);
  sink.write(out.done());
  for (const pieces of cpus) for (const piece of pieces) sink.write(piece);
}

/** Pages per trace-cmd compression unit. */
const CHUNK_BYTES = 10 * PAGE_BYTES;

function version7(sink: ByteSink, { zstd, comms, cpus }: TraceDatPlan): void {
  let at = 0;
  const write = (bytes: Uint8Array): void => {
    sink.write(bytes);
    at += bytes.length;
  };
  write(
    head('7')
      .cString(zstd ? 'zstd' : 'none')
      .cString(zstd ? '1.5.4' : '')
      .done(),
  );
  const optionsPlace = at;
  write(new Bytes().u64(0).done());
  const options = new Bytes();
  for (const [id, bytes] of sections(comms)) {
    options.raw(option(id, new Bytes().u64(at)));
    const data = zstd ? compressed(bytes) : bytes;
    write(
      new Bytes()
        .u16(id)
        .u16(zstd ? 1 : 0)
        .u32(0)
        .u64(data.length)
        .raw(data)
        .done(),
    );
  }
  for (const bytes of general()) options.raw(bytes);
  options.raw(option(Option.CPUCOUNT, new Bytes().u32(cpus.length)));

  const bufferAt = at;
  write(
    new Bytes()
      .u16(Option.BUFFER)
      .u16(zstd ? 1 : 0)
      .u32(0)
      .u64(0)
      .done(),
  );
  const table = new Bytes();
  cpus.forEach((pieces, cpu) => {
    if (!zstd) write(new Uint8Array((PAGE_BYTES - (at % PAGE_BYTES)) % PAGE_BYTES));
    const start = at;
    if (zstd && pieces.length) {
      write(new Bytes().u32(pieces.reduce((n, p) => n + Math.ceil(p.length / CHUNK_BYTES), 0)).done());
      for (const piece of pieces) {
        for (let from = 0; from < piece.length; from += CHUNK_BYTES)
          write(compressed(piece.subarray(from, from + CHUNK_BYTES)));
      }
    } else for (const piece of pieces) write(piece);
    table.u32(cpu).u64(start, at - start);
  });
  sink.patch(bufferAt + 8, new Bytes().u64(at - bufferAt - 16).done());
  const buffer = new Bytes().u64(bufferAt).cString('').cString(CLOCK).u32(PAGE_BYTES, cpus.length).raw(table.done());
  options.raw(option(Option.BUFFER, buffer)).raw(option(Option.DONE, new Bytes().u64(0)));
  sink.patch(optionsPlace, new Bytes().u64(at).done());
  write(new Bytes().u16(Option.DONE).u16(0).u32(0).u64(options.length).raw(options.done()).done());
}

/** Compressed size, size, data. */
function compressed(bytes: Uint8Array): Uint8Array {
  const packed = zstdCompressSync(bytes);
  return new Bytes().u32(packed.length, bytes.length).raw(packed).done();
}
