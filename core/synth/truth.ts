/** `truth.json`: the truth about a pair. Field names follow the shared captures' truth files where those have one. */
import { Has } from '../formats/spe/columns.ts';
import type { RunParams } from '../model/params.ts';
import { causeClasses, stage2Kinds } from '../model/terms.ts';
import { effectOfRow } from '../model/timeline.ts';
import { NONE } from '../model/outcome.ts';
import type { PolicyTruth } from './blackouts.ts';
import type { CapturePlan, Slice } from './capture.ts';
import { HZ, TIME_CYCLES, TIME_MULT, TIME_SHIFT, TIME_ZERO, tickNs } from './clock.ts';
import { PAGE } from './guest-memory.ts';
import type { KvmTrace } from './kvm-trace.ts';
import type { SynthOptions } from './options.ts';
import { RECORD_BYTES } from './samples.ts';
import { functions, functionShares } from './workload.ts';

/** One entry per record, in stream order; null if the record has no such packet. */
const columnNames = [
  ...['stream', 'cpu', 'aux_offset', 'len', 'ts', 'time_ns', 'tid', 'phase', 'fn', 'pc', 'el', 'op', 'events'],
  ...['issue', 'total', 'xlat', 'source', 'va', 'pa', 'target'],
] as const;
type Cell = number | string | null;

const hex = (value: bigint): string => value.toString(16);

/** Counts the records, and keeps their columns if there are few enough. */
export class TruthRecords {
  readonly columns: Record<string, Cell[]> | undefined;
  readonly lanes: number[] = [];
  /** By phase, by function. */
  readonly functions: number[][];
  readonly auxRecords: { cpu: number; tid: number; offset: number; size: number; flags: number; time_ns: number }[] =
    [];
  readonly buffers: { cpu: number; tid: number; idx: number; offset: number; size: number; file_offset: number }[] = [];
  /** Per-thread: switch-in and switch-out of each lane, ns in turn. */
  readonly sessions: number[][] = [];
  readonly #plan: CapturePlan;

  constructor(plan: CapturePlan, keep: boolean) {
    this.#plan = plan;
    this.functions = plan.phases.names.map(() => new Array<number>(functions.length).fill(0));
    this.columns = keep ? Object.fromEntries(columnNames.map((name) => [name, []])) : undefined;
  }

  add(slice: Slice): void {
    const { lane, batch, auxOffset, fileOffset, auxTick, switches } = slice;
    const { n } = batch.columns;
    this.lanes[lane] = (this.lanes[lane] ?? 0) + n;
    for (let i = 0; i < n; i++) this.functions[batch.phase[i]][batch.fn[i]]++;
    const { perThread, instances } = this.#plan.setup;
    if (perThread) for (const { tick } of switches) (this.sessions[lane] ??= []).push(tickNs(tick));
    const [cpu, tid] = perThread ? [-1, instances[lane]] : [lane, -1];
    if (!this.columns) return;
    if (n > 0) {
      const size = n * RECORD_BYTES;
      this.auxRecords.push({ cpu, tid, offset: auxOffset, size, flags: 0, time_ns: tickNs(auxTick) });
      this.buffers.push({ cpu, tid, idx: lane, offset: auxOffset, size, file_offset: fileOffset });
    }
    for (let i = 0; i < n; i++) this.#row(this.columns, slice, i);
  }

  #row(columns: Record<string, Cell[]>, { lane, batch, auxOffset }: Slice, i: number): void {
    const c = batch.columns;
    const has = c.present[i];
    const row: Cell[] = [
      lane,
      c.cpu[i],
      auxOffset + i * RECORD_BYTES,
      RECORD_BYTES,
      Number(c.counter[i]),
      Number(c.t[i]),
      c.tid[i],
      batch.phase[i],
      batch.fn[i],
      hex(c.pc[i]),
      c.el[i],
      `${c.op[i] >> 8}:${(c.op[i] & 0xff).toString(16).padStart(2, '0')}`,
      Number(c.events[i]),
      c.issueLat[i],
      c.totalLat[i],
      has & Has.XLAT ? c.xlatLat[i] : null,
      has & Has.SOURCE ? c.source[i] : null,
      has & Has.VA ? hex(c.va[i]) : null,
      has & Has.PA ? hex(c.pa[i]) : null,
      has & Has.TO ? hex(c.to[i]) : null,
    ];
    columnNames.forEach((name, k) => columns[name].push(row[k]));
  }
}

export interface Truth {
  readonly about: string;
  readonly options: SynthOptions;
  readonly blackouts: {
    readonly about: string;
    readonly params: RunParams;
    /** Of the built-in ones; none in per-thread mode, and of pairs with more than TRUTH_SAMPLES records. */
    readonly policies: readonly PolicyTruth[];
  };
  readonly [other: string]: unknown;
}

export function truthOf(
  options: SynthOptions,
  plan: CapturePlan,
  kvm: KvmTrace,
  records: TruthRecords,
  blackouts: Pick<Truth['blackouts'], 'params' | 'policies'>,
  ends: { first: number; last: number },
): Truth {
  const { timeline } = kvm;
  const { columns, auxRecords, buffers, sessions } = records;
  const { n } = timeline;
  const each = <T>(cell: (i: number) => T): T[] => Array.from({ length: n }, (_, i) => cell(i));
  return {
    about: 'ground truth of a synthesised capture pair (umbra synth): not from silicon, not from a kernel',
    options,
    counter_hz: HZ,
    time_conv: { time_shift: TIME_SHIFT, time_mult: TIME_MULT, time_zero: TIME_ZERO, time_cycles: TIME_CYCLES },
    first_ns: tickNs(ends.first),
    last_ns: tickNs(ends.last),
    threads: plan.threads,
    symbols: functions.map(({ name, hi, lo, length, el }) => ({
      name,
      start: `0x${((BigInt(hi >= 0xffff0000 ? 0xffffffff0000 + (hi & 0xffff) : hi) << 32n) | BigInt(lo)).toString(16)}`,
      instructions: length,
      el,
    })),
    phases: plan.phases.names.map((name, i) => ({
      name,
      expected: functionShares(name),
      records: records.functions[i],
    })),
    counts: { records: options.samples, lanes: records.lanes, kvm_events: kvm.events },
    ...(sessions.length && { sessions }),
    lost_events: kvm.losses,
    stage2: {
      about:
        'true changes of stage 2: t in ns, pages of 4 KiB, cause = class of the next fault there; a map is in effect from the entry of the vCPU that faulted; notify = who announces an unmap or a read-only map, contents = what becomes of the bytes; an unmap of what is unmapped after contents gone: there is something to map again',
      t: each((i) => Number(timeline.origin) + timeline.t[i]),
      kind: each((i) => stage2Kinds[timeline.kind[i]]),
      ipa: each((i) => `0x${(timeline.page[i] * PAGE).toString(16)}`),
      pages: each((i) => timeline.pages[i]),
      cause: each((i) => (timeline.cause[i] === NONE ? null : causeClasses[timeline.cause[i]])),
      writable: each((i) => timeline.writable[i] === 1),
      notify: each((i) => effectOfRow(timeline, i)?.notify ?? null),
      contents: each((i) => effectOfRow(timeline, i)?.contents ?? null),
    },
    blackouts: {
      about:
        'what the built-in policies lose of the profile: the model replayed over the true changes with these parameters (umbra replay --params reads them)',
      ...blackouts,
    },
    ...(columns && { aux_records: auxRecords, buffers, columns }),
  };
}
