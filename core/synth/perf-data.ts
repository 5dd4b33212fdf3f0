/** A perf.data with SPE data, front to back: header, attrs, records as they come, features (tools/perf/util/header.c). */
import { Bytes } from './bytes.ts';
import { tickNs } from './clock.ts';
import * as records from './perf-records.ts';
import type { EventSetup } from './perf-records.ts';
import type { Switch, Thread } from './samples.ts';
import type { ByteSink } from './sink.ts';

const HEADER_BYTES = 104;
/** Feature bits. */
const F = {
  HOSTNAME: 3,
  OSRELEASE: 4,
  VERSION: 5,
  ARCH: 6,
  NRCPUS: 7,
  CPUDESC: 8,
  CPUID: 9,
  TOTAL_MEM: 10,
  CMDLINE: 11,
  EVENT_DESC: 12,
  PMU_MAPPINGS: 16,
  AUXTRACE: 18,
  SAMPLE_TIME: 21,
  CLOCKID: 23,
} as const;

export interface PerfDataPlan {
  readonly setup: EventSetup;
  readonly cpus: number;
  readonly threads: readonly Thread[];
  readonly auxtraceInfo: 1 | 2;
}

export class PerfDataWriter {
  readonly #sink: ByteSink;
  readonly #plan: PerfDataPlan;
  readonly #dataAt: number;
  #at = 0;
  /** AUX stream length by queue. */
  readonly #auxLength: number[] = [];
  /** AUXTRACE records: offset in the file, and bytes without the payload (what perf compares with `header.size`). */
  readonly #auxtraces: number[] = [];

  constructor(sink: ByteSink, plan: PerfDataPlan) {
    this.#sink = sink;
    this.#plan = plan;
    const { setup } = plan;
    const ids = new Bytes();
    const attrs = new Bytes();
    const idBytes = setup.instances.length * 8;
    for (const event of [0, 1]) {
      setup.instances.forEach((_, i) => ids.u64(records.sampleId(setup, event, i)));
      attrs.raw(records.attr(setup, event)).u64(HEADER_BYTES + event * idBytes, idBytes);
    }
    this.#write(new Bytes().zeros(HEADER_BYTES).done());
    this.#write(ids.done());
    this.#write(attrs.done());
    this.#dataAt = this.#at;
    for (const bytes of records.openingRecords(setup, plan.auxtraceInfo, plan.cpus, plan.threads)) this.#write(bytes);
  }

  #write(bytes: Uint8Array): void {
    this.#sink.write(bytes);
    this.#at += bytes.length;
  }

  /** Profiling starts on a lane. */
  start(lane: number, thread: Thread, tick: number, cpu: number): void {
    const { setup } = this.#plan;
    this.#write(records.itraceStart(setup, thread, { thread, tick, cpu, id: records.sampleId(setup, 0, lane) }));
  }

  switch(lane: number, change: Switch, cpu: number): void {
    const { setup } = this.#plan;
    if (setup.perThread && !setup.times) return;
    const id = records.sampleId(setup, 1, lane);
    for (const bytes of records.switchRecords(setup, change, cpu, id)) this.#write(bytes);
  }

  /** The kernel hands out the lane's next records: the AUX record. Their data follows by `auxtrace`. */
  aux(lane: number, bytes: number, thread: Thread, tick: number, cpu: number): void {
    const { setup } = this.#plan;
    const id = records.sampleId(setup, 0, lane);
    this.#write(records.auxRecord(setup, this.#auxLength[lane] ?? 0, bytes, { thread, tick, cpu, id }));
  }

  /** @returns the payload's place in the file */
  auxtrace(lane: number, payload: Uint8Array): { offset: number; size: number; fileOffset: number } {
    const { setup } = this.#plan;
    const offset = this.#auxLength[lane] ?? 0;
    const instance = setup.instances[lane];
    const [tid, cpu] = setup.perThread ? [instance, -1] : [-1, instance];
    const head = records.auxtraceHead(payload.length, offset, lane, tid, cpu);
    this.#auxtraces.push(this.#at, head.length);
    this.#write(head);
    const fileOffset = this.#at;
    this.#write(payload);
    this.#auxLength[lane] = offset + payload.length;
    return { offset, size: payload.length, fileOffset };
  }

  /** All records before now are older than those after the next call. */
  round(): void {
    this.#write(records.finishedRound());
  }

  /** @param first, last ticks of the first and the last record */
  finish(first: number, last: number): void {
    const dataEnd = this.#at;
    const sections = this.#features(first, last);
    let at = dataEnd + sections.length * 16;
    const table = new Bytes();
    for (const [, bytes] of sections) {
      table.u64(at, bytes.length);
      at += bytes.length;
    }
    this.#write(table.done());
    for (const [, bytes] of sections) this.#write(bytes);
    const bits = sections.reduce((all, [bit]) => all | (1n << BigInt(bit)), 0n);
    const attrBytes = records.ATTR_BYTES + 16;
    const attrsAt = HEADER_BYTES + 2 * this.#plan.setup.instances.length * 8;
    const header = new Bytes().text('PERFILE2').u64(HEADER_BYTES, attrBytes, attrsAt, 2 * attrBytes);
    header.u64(this.#dataAt, dataEnd - this.#dataAt, 0, 0).u64(bits, 0, 0, 0);
    this.#sink.patch(0, header.done());
  }

  #features(first: number, last: number): [number, Uint8Array][] {
    const { setup, cpus } = this.#plan;
    const events = new Bytes().u32(2, records.ATTR_BYTES);
    records.eventNames.forEach((name, event) => {
      events.raw(records.attr(setup, event)).u32(setup.instances.length);
      string(events, name);
      setup.instances.forEach((_, i) => events.u64(records.sampleId(setup, event, i)));
    });
    const words = records.commandLine(setup.perThread, setup.times);
    const pmus = new Bytes().u32(4);
    for (const [type, name] of [
      [1, 'software'],
      [2, 'tracepoint'],
      [8, 'armv8_pmuv3_0'],
      [records.SPE_PMU, 'arm_spe_0'],
    ] as const)
      string(pmus.u32(type), name);
    const index = new Bytes().u64(this.#auxtraces.length / 2);
    for (const word of this.#auxtraces) index.u64(word);
    return [
      [F.HOSTNAME, string(new Bytes(), 'umbra-synth').done()],
      [F.OSRELEASE, string(new Bytes(), '6.1.0-synth').done()],
      [F.VERSION, string(new Bytes(), '6.1.55').done()],
      [F.ARCH, string(new Bytes(), 'aarch64').done()],
      [F.NRCPUS, new Bytes().u32(cpus, cpus).done()],
      [F.CPUDESC, string(new Bytes(), 'Neoverse-N1').done()],
      [F.CPUID, string(new Bytes(), `0x${records.MIDR.toString(16).padStart(16, '0')}`).done()],
      [F.TOTAL_MEM, new Bytes().u64(16 << 20).done()],
      [F.CMDLINE, words.reduce(string, new Bytes().u32(words.length)).done()],
      [F.EVENT_DESC, events.done()],
      [F.PMU_MAPPINGS, pmus.done()],
      [F.AUXTRACE, index.done()],
      [F.SAMPLE_TIME, new Bytes().u64(tickNs(first), tickNs(last)).done()],
      [F.CLOCKID, new Bytes().u64(1).done()],
    ];
  }
}

/** A string of a feature section: its length, then the text, zero-padded to 64 bytes. */
function string(out: Bytes, text: string): Bytes {
  const padded = (text.length + 1 + 63) & ~63;
  return out
    .u32(padded)
    .text(text)
    .zeros(padded - text.length);
}
