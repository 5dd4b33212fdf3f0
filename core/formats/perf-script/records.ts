/**
 * Samples that perf makes of one SPE record. It makes one for each kind that was asked for, back to back and in this order
 * (tools/perf/util/arm-spe.c, arm_spe_sample), with the same thread, CPU, time and address.
 */
import { Wide } from './layout.ts';
import type { SampleNumbers } from './layout.ts';
import type { SampleText } from './fields.ts';
import type { ScriptLine } from './script-line.ts';
import type { KnownPlace } from './text-code.ts';

const ORDER = [
  ...['l1d-miss', 'l1d-access', 'l2d-miss', 'l2d-access', 'llc-miss', 'llc-access', 'tlb-miss', 'tlb-access'],
  ...['branch-miss', 'branch', 'remote-access', 'memory', 'instructions'],
];

/** What an event's name says about its samples. */
export interface EventKind {
  /** Without modifiers. */
  readonly name: string;
  /** In perf's order; -1 for one that perf doesn't make of SPE records. */
  readonly place: number;
  readonly isBranch: boolean;
  /** Others are of events recorded beside SPE, or without it. */
  readonly isOfSpe: boolean;
  /** Data comes with these only. */
  readonly isMemory: boolean;
}

export function eventKind(name: string): EventKind {
  const isBranch = name.startsWith('branch');
  const place = ORDER.indexOf(name);
  const isOfSpe = place >= 0 || /^arm_spe|-(?:access|miss)$/.test(name);
  return { name, place, isBranch, isOfSpe, isMemory: name !== 'instructions' && !isBranch };
}

/** Bits of perf's data_src (include/uapi/linux/perf_event.h, PERF_MEM_OP_LOAD and _STORE). */
export const MEM_LOAD = 2;
export const MEM_STORE = 4;

const BRANCH_FLAG = /\b(?:br|jmp|jcc|call|return)\b/;

/** Places in `TextRecord.wide`. The addresses are 0 for none, except a target that `hasTarget`. */
export const RecordWide = { TIME: 0, PC: 1, PA: 2, VA: 3, TARGET: 4 } as const;

/** Places of low halves; the high ones follow. */
const [TIME, PC, PA, VA, TARGET] = [0, 2, 4, 6, 8];
const [SAMPLE_TIME, SAMPLE_ADDR, SAMPLE_PC, SAMPLE_PA] = [Wide.TIME, Wide.ADDR, Wide.PC, Wide.PA].map((i) => 2 * i);

/** What the samples of one record say together. Reused from record to record: texts hold millions. */
export class TextRecord {
  readonly wide = new BigUint64Array(5);
  /** The same in halves: low at 2i. */
  readonly words = new Uint32Array(this.wide.buffer);
  comm = '';
  pid = -1;
  tid = -1;
  cpu = -1;
  binary: string | undefined = undefined;
  symbol = '';
  /** Remembers where `binary` and `symbol` were found to be. */
  known: KnownPlace | undefined = undefined;
  weight = 0;
  hasTarget = false;
  /** Bits of perf's data_src. */
  operation = 0;
  branch = false;
  /** There is an `addr` that may be either. */
  unclear = false;
  /** Its last sample's place in perf's order. */
  #place = -1;
  #flags = '';
  #branchFlags = false;

  /** A new record, with its first sample. */
  start(
    sample: ScriptLine,
    event: EventKind,
    fields: SampleText,
    numbers: SampleNumbers,
    known: KnownPlace | undefined,
  ): void {
    const { words } = this;
    const from = numbers.words;
    this.comm = sample.comm;
    this.pid = sample.pid;
    this.tid = sample.tid;
    this.cpu = sample.cpu;
    words[TIME] = from[SAMPLE_TIME];
    words[TIME + 1] = from[SAMPLE_TIME + 1];
    words[PC] = from[SAMPLE_PC];
    words[PC + 1] = from[SAMPLE_PC + 1];
    words[PA] = words[PA + 1] = words[VA] = words[VA + 1] = words[TARGET] = words[TARGET + 1] = 0;
    this.binary = fields.binary;
    this.symbol = numbers.symbol;
    this.known = known;
    this.weight = 0;
    this.hasTarget = false;
    this.operation = 0;
    this.branch = false;
    this.unclear = false;
    this.add(event, fields, numbers);
  }

  /** Whether a sample is one more of this record. `chain`: its address is on another line. */
  isSame(sample: ScriptLine, { place }: EventKind, { words: from }: SampleNumbers, chain: boolean): boolean {
    const { words } = this;
    return (
      place > this.#place &&
      this.#place >= 0 &&
      words[TIME] === from[SAMPLE_TIME] &&
      words[TIME + 1] === from[SAMPLE_TIME + 1] &&
      this.tid === sample.tid &&
      this.cpu === sample.cpu &&
      (chain || (words[PC] === from[SAMPLE_PC] && words[PC + 1] === from[SAMPLE_PC + 1]))
    );
  }

  /**
   * One more sample. `addr` is where data lies, or where a branch goes: perf 6.1 prints the former for `instructions`, perf 7.2 the latter,
   * and for loads and stores 0 there. So the operation decides; if it is unknown, the address is neither.
   */
  add(event: EventKind, fields: SampleText, { words: from, weight }: SampleNumbers): void {
    const { words } = this;
    this.#place = event.place;
    if (!words[PA] && !words[PA + 1]) {
      words[PA] = from[SAMPLE_PA];
      words[PA + 1] = from[SAMPLE_PA + 1];
    }
    this.weight ||= weight;
    const { dataSource, branches, flags } = fields;
    if (dataSource !== undefined) this.operation |= parseInt(dataSource.slice(-1), 16) & (MEM_LOAD | MEM_STORE);
    let isBranch = event.isBranch || (flags !== '' && this.#hasBranchFlag(flags));
    if (branches.length) {
      const pc = this.wide[RecordWide.PC];
      const taken = branches.find((branch) => branch.from === pc && pc !== 0n);
      if (taken) {
        isBranch = true;
        if (!this.hasTarget) this.wide[RecordWide.TARGET] = taken.to;
        this.hasTarget = true;
      }
    }
    this.branch ||= isBranch;
    const low = from[SAMPLE_ADDR];
    const high = from[SAMPLE_ADDR + 1];
    if (!low && !high) return;
    if (event.isMemory || this.operation) {
      if (words[VA] || words[VA + 1]) return;
      words[VA] = low;
      words[VA + 1] = high;
      // Where there is a data source, what is neither load nor store has no data.
    } else if (this.branch || dataSource !== undefined) {
      if (this.hasTarget) return;
      words[TARGET] = low;
      words[TARGET + 1] = high;
      this.hasTarget = true;
    } else this.unclear = true;
  }

  #hasBranchFlag(flags: string): boolean {
    if (flags !== this.#flags) {
      this.#flags = flags;
      this.#branchFlags = BRANCH_FLAG.test(flags);
    }
    return this.#branchFlags;
  }
}
