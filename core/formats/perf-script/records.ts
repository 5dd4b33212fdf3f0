/**
 * Samples that perf makes of one SPE record. It makes one for each kind that was asked for, back to back and in this order
 * (tools/perf/util/arm-spe.c, arm_spe_sample), with the same thread, CPU, time and address.
 */
import type { SampleNumbers } from './layout.ts';
import type { SampleText } from './fields.ts';
import type { ScriptLine } from './script-line.ts';

const ORDER = [
  ...['l1d-miss', 'l1d-access', 'l2d-miss', 'l2d-access', 'llc-miss', 'llc-access', 'tlb-miss', 'tlb-access'],
  ...['branch-miss', 'branch', 'remote-access', 'memory', 'instructions'],
];
const places = new Map(ORDER.map((name, i) => [name, i]));

/** An event's place in perf's order; undefined for one that perf doesn't make of SPE records. */
export function placeOf(event: string): number | undefined {
  return places.get(event);
}

/** What the samples of one record say together. */
export interface TextRecord {
  readonly sample: ScriptLine;
  binary: string | undefined;
  pc: bigint | undefined;
  symbol: string;
  pa: bigint | undefined;
  weight: number;
  va: bigint | undefined;
  target: bigint | undefined;
  /** Bits of perf's data_src. */
  operation: number;
  branch: boolean;
  /** `addr` of a sample that doesn't say what it is the address of. */
  unclear: bigint | undefined;
  /** Its last sample's place in perf's order. */
  place: number;
  samples: number;
}

/** Bits of perf's data_src (include/uapi/linux/perf_event.h, PERF_MEM_OP_LOAD and _STORE). */
export const MEM_LOAD = 2;
export const MEM_STORE = 4;

const BRANCH_FLAG = /\b(?:br|jmp|jcc|call|return)\b/;

/** Data comes with these only. */
const isMemoryEvent = (event: string): boolean => event !== 'instructions' && !event.startsWith('branch');

export function startRecord(sample: ScriptLine, event: string, fields: SampleText, numbers: SampleNumbers): TextRecord {
  const { comm, pid, tid, cpu, time, restAt } = sample;
  const record: TextRecord = {
    sample: { comm, pid, tid, cpu, time, event: sample.event, restAt },
    binary: fields.binary,
    pc: numbers.pc,
    symbol: numbers.symbol,
    pa: undefined,
    weight: 0,
    va: undefined,
    target: undefined,
    operation: 0,
    branch: false,
    unclear: undefined,
    place: -1,
    samples: 0,
  };
  addSample(record, event, fields, numbers);
  return record;
}

/** Whether a sample is one more of the record before it. */
export function isSameRecord(record: TextRecord, sample: ScriptLine, event: string, pc: bigint | undefined): boolean {
  const { sample: first } = record;
  const place = placeOf(event);
  return (
    place !== undefined &&
    place > record.place &&
    record.place >= 0 &&
    first.time === sample.time &&
    first.tid === sample.tid &&
    first.cpu === sample.cpu &&
    record.pc === pc
  );
}

/**
 * `addr` is where data lies, or where a branch goes: perf 6.1 prints the former for `instructions`, perf 7.2 the latter, and for loads and
 * stores 0 there. So the operation decides; if it is unknown, the address is neither.
 */
export function addSample(
  record: TextRecord,
  event: string,
  fields: SampleText,
  { addr, pa, weight }: SampleNumbers,
): void {
  record.samples++;
  record.place = placeOf(event) ?? -1;
  record.pa ??= pa;
  record.weight ||= weight;
  const { dataSource } = fields;
  if (dataSource !== undefined) record.operation |= parseInt(dataSource.slice(-1), 16) & (MEM_LOAD | MEM_STORE);
  const { branches } = fields;
  const taken = branches.length ? branches.find(({ from }) => from === record.pc) : undefined;
  if (taken) record.target ??= taken.to;
  const isBranch =
    event.startsWith('branch') || (fields.flags !== '' && BRANCH_FLAG.test(fields.flags)) || taken !== undefined;
  record.branch ||= isBranch;
  if (addr === undefined) return;
  if (isMemoryEvent(event) || record.operation) record.va ??= addr;
  // Where there is a data source, what is neither load nor store has no data.
  else if (isBranch || dataSource !== undefined) record.target ??= addr;
  else if (record.branch) record.target ??= addr;
  else record.unclear ??= addr;
}
