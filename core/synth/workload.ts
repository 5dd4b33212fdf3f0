/**
 * The profiled program: a key-value benchmark. What it executes depends on its phase (load a snapshot, scan, probe,
 * compact the log), by exactly known function weights: so the expected shares of any key are known, too.
 */
import { SynthError } from './options.ts';
import type { PhaseShare } from './options.ts';

export interface Mapping {
  readonly name: string;
  readonly start: number;
  readonly length: number;
  readonly pgoff: number;
  readonly kernel: boolean;
}

/** Addresses below 2^48 or in the kernel's half, as high and low words. */
export interface Function {
  readonly name: string;
  /** High word of its addresses; 0xffff8000 is the kernel's. */
  readonly hi: number;
  readonly lo: number;
  /** Instructions. */
  readonly length: number;
  /** 0, or 2: a VHE host's kernel. */
  readonly el: number;
  /** Of 16 operations: loads, stores, branches; the rest are others. */
  readonly mix: readonly [number, number, number];
  /** Of 256 loads: L1D, L2, SYS_CACHE, PEER_CORE, REMOTE; the rest come from DRAM. */
  readonly source: readonly [number, number, number, number, number];
}

const BINARY = 0xc3f40000;
const LIBC = 0x8b000000;
const KERNEL = 0x80080000;

const near = [236, 16, 3, 1, 0] as const;
const mid = [190, 40, 16, 2, 1] as const;
const far = [120, 50, 40, 4, 2] as const;
const wild = [80, 40, 50, 10, 8] as const;

function user(name: string, at: number, length: number, mix: Function['mix'], source: Function['source']): Function {
  return { name, hi: 0xaaaa, lo: BINARY + at, length, el: 0, mix, source };
}

export const functions: readonly Function[] = [
  user('main', 0x1040, 72, [5, 3, 5], near),
  user('load_snapshot', 0x1200, 240, [6, 5, 2], mid),
  user('scan_table', 0x1600, 160, [9, 1, 3], far),
  user('hash_probe', 0x1a00, 200, [8, 1, 4], wild),
  user('list_walk', 0x1e00, 60, [10, 0, 4], wild),
  user('compact_log', 0x2200, 320, [5, 6, 2], far),
  user('dot_f32', 0x2800, 48, [7, 1, 2], near),
  user('spin_acquire', 0x2a00, 24, [5, 2, 6], mid),
  { name: 'memcpy', hi: 0xffff, lo: LIBC + 0x9c100, length: 120, el: 0, mix: [7, 7, 2], source: mid },
  { name: 'malloc', hi: 0xffff, lo: LIBC + 0x8d200, length: 180, el: 0, mix: [6, 3, 4], source: near },
  { name: 'copy_to_user', hi: 0xffff8000, lo: KERNEL + 0x63000, length: 90, el: 2, mix: [6, 6, 2], source: mid },
  { name: 'clear_page', hi: 0xffff8000, lo: KERNEL + 0x71000, length: 16, el: 2, mix: [0, 13, 2], source: near },
  { name: 'el0_svc', hi: 0xffff8000, lo: KERNEL + 0x11000, length: 110, el: 2, mix: [5, 4, 4], source: near },
  { name: 'finish_task_switch', hi: 0xffff8000, lo: KERNEL + 0x2b000, length: 100, el: 2, mix: [5, 3, 4], source: mid },
];

export const mappings: readonly Mapping[] = [
  { name: '/opt/demo/bin/kvbench', start: 0xaaaa * 2 ** 32 + BINARY, length: 0x20000, pgoff: 0, kernel: false },
  {
    name: '/usr/lib/aarch64-linux-gnu/libc.so.6',
    start: 0xffff * 2 ** 32 + LIBC,
    length: 0x190000,
    pgoff: 0,
    kernel: false,
  },
];
/** The kernel's text, which perf calls [kernel.kallsyms]_text. */
export const kernelText = { start: 0xffff_8000_8000_0000n, length: 0x1400000 };

/** Weights of `functions` by phase; each row's sum is 1024. */
const weights: Readonly<Record<string, readonly number[]>> = {
  load: [24, 430, 10, 30, 20, 10, 8, 20, 180, 70, 90, 90, 26, 16],
  scan: [24, 10, 560, 60, 40, 10, 140, 20, 60, 20, 40, 8, 20, 12],
  probe: [24, 8, 40, 400, 260, 10, 20, 60, 60, 50, 40, 8, 28, 16],
  compact: [24, 10, 30, 30, 40, 460, 10, 80, 150, 70, 50, 30, 24, 16],
};
const WEIGHT_SUM = 1024;

/** The program's phases over time. */
export class Phases {
  /** Names, each once. */
  readonly names: readonly string[];
  /** Length of a round of all phases, ticks. */
  readonly #round: number;
  readonly #first: number;
  readonly #ends: readonly number[];
  readonly #index: readonly number[];
  /** Per name: function by 10 random bits. */
  readonly tables: readonly Uint8Array[];

  /** @param first, length ticks @throws SynthError for a phase that this workload doesn't have */
  constructor(phases: readonly PhaseShare[], rounds: number, first: number, length: number) {
    this.names = [...new Set(phases.map((p) => p.name))];
    this.tables = this.names.map(functionTable);
    this.#first = first;
    this.#round = Math.max(1, Math.ceil(length / rounds));
    const sum = phases.reduce((s, p) => s + p.share, 0);
    let end = 0;
    this.#ends = phases.map((p) => (end += (p.share / sum) * this.#round));
    this.#index = phases.map((p) => this.names.indexOf(p.name));
  }

  /** Index into `names` at a tick; before the first phase it is the first. */
  at(tick: number): number {
    const into = Math.max(0, tick - this.#first) % this.#round;
    let i = 0;
    while (i < this.#ends.length - 1 && into >= this.#ends[i]) i++;
    return this.#index[i];
  }

  /** The first tick from which `at` may change. */
  changeAfter(tick: number): number {
    const into = Math.max(0, tick - this.#first) % this.#round;
    const end = this.#ends.find((e) => e > into) ?? this.#round;
    return Math.max(tick, this.#first) + Math.max(1, Math.ceil(end - into));
  }
}

function functionTable(phase: string): Uint8Array {
  const row = weights[phase];
  if (!row) throw new SynthError(`phases: the workload has ${Object.keys(weights).join(', ')}, not ${phase}`);
  const table = new Uint8Array(WEIGHT_SUM);
  let at = 0;
  row.forEach((weight, fn) => {
    table.fill(fn, at, at + weight);
    at += weight;
  });
  return table;
}

/** Expected share of each function in a phase. */
export function functionShares(phase: string): readonly number[] {
  return weights[phase].map((w) => w / WEIGHT_SUM);
}
