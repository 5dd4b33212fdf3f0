/** SPE records of one lane, as columns: what the SPU of a CPU, or of the CPUs that a thread runs on, would have sampled. */
import { halves, Has, SpeColumns } from '../formats/spe/columns.ts';
import type { Random } from '../model/random.ts';
import { NS_PER_TICK, TIME_ZERO } from './clock.ts';
import { functions } from './workload.ts';
import type { Phases } from './workload.ts';

export interface Thread {
  readonly pid: number;
  readonly tid: number;
  readonly comm: string;
}

/** Records, with what only their maker knows. */
export class SampleBatch {
  readonly columns: SpeColumns;
  /** Index into the phases' names. */
  readonly phase: Uint8Array;
  /** Index into `functions`. */
  readonly fn: Uint8Array;
  readonly wide: Record<'t' | 'counter' | 'pc' | 'va' | 'pa' | 'to' | 'events', Uint32Array>;

  constructor(capacity: number) {
    const columns = new SpeColumns(capacity);
    this.columns = columns;
    this.phase = new Uint8Array(capacity);
    this.fn = new Uint8Array(capacity);
    this.wide = {
      t: halves(columns.t),
      counter: halves(columns.counter),
      pc: halves(columns.pc),
      va: halves(columns.va),
      pa: halves(columns.pa),
      to: halves(columns.to),
      events: halves(columns.events),
    };
  }
}

/** A context switch of the lane's CPU: at `tick` one thread left and (unless the task sleeps) another came. */
export interface Switch {
  readonly tick: number;
  readonly out: Thread | undefined;
  readonly in: Thread | undefined;
}

/** N1 records are padded to this. */
export const RECORD_BYTES = 64;

/** Arm's common data sources: L1D, L2, SYS_CACHE, PEER_CORE, REMOTE, DRAM; and the latency each adds, cycles. */
const SOURCE = [0x0, 0x8, 0xb, 0x9, 0xd, 0xe] as const;
const SOURCE_CYCLES = [4, 13, 40, 60, 220, 140] as const;

const Event = { RETIRED: 1, L1D: 2, L1D_REFILL: 3, TLB: 4, TLB_REFILL: 5, NOT_TAKEN: 6, MISPRED: 7, LLC: 8 } as const;
const LLC_REFILL = 9;
const REMOTE = 10;
const bit = (event: number): number => 1 << event;
const ACCESS = bit(Event.RETIRED) | bit(Event.L1D) | bit(Event.TLB);
/** Events of a load or store by index into `SOURCE`. */
const ACCESS_EVENTS = [
  ACCESS,
  ACCESS | bit(Event.L1D_REFILL),
  ACCESS | bit(Event.L1D_REFILL) | bit(Event.LLC),
  ACCESS | bit(Event.L1D_REFILL) | bit(Event.LLC),
  ACCESS | bit(Event.L1D_REFILL) | bit(Event.LLC) | bit(LLC_REFILL) | bit(REMOTE),
  ACCESS | bit(Event.L1D_REFILL) | bit(Event.LLC) | bit(LLC_REFILL),
] as const;

export const OP_LOAD = 0x100;
export const OP_STORE = 0x101;
export const OP_BRANCH = 0x201;
export const OP_OTHER = 0x000;

const COMMON = Has.PC | Has.EVENTS | Has.OP | Has.TOTAL | Has.ISSUE | Has.CONTEXT | Has.COUNTER | Has.TIME;
const THREAD = Has.TID | Has.PID;

export interface LanePlan {
  /** CPU; -1 in per-thread mode. */
  readonly cpu: number;
  /** Records. */
  readonly quota: number;
  /** Threads that take turns on the CPU; one in per-thread mode, which then sleeps between its turns. */
  readonly threads: readonly Thread[];
  readonly firstTick: number;
  readonly meanTicks: number;
}

/** Mean length of a thread's turn and of its sleep, in mean record intervals. */
const TURN = 200;
const SLEEP = 60;

export class LaneSamples {
  readonly plan: LanePlan;
  /** Switches since they were last taken. */
  switches: Switch[] = [];
  made = 0;
  readonly #random: Random;
  readonly #phases: Phases;
  readonly #least: number;
  readonly #range: number;
  #tick: number;
  #thread: Thread;
  #turnEnds: number;
  #phase = 0;
  #phaseEnds = -1;

  constructor(plan: LanePlan, phases: Phases, random: Random) {
    this.plan = plan;
    this.#phases = phases;
    this.#random = random;
    this.#least = Math.max(1, Math.floor(plan.meanTicks / 2));
    this.#range = 2 * (plan.meanTicks - this.#least) + 1;
    this.#tick = plan.firstTick + random.below(plan.meanTicks);
    this.#thread = plan.threads[0];
    this.#turnEnds = plan.firstTick + this.#spread(TURN);
    this.switches.push({ tick: plan.firstTick, out: undefined, in: this.#thread });
  }

  get done(): boolean {
    return this.made === this.plan.quota;
  }

  /** Tick of the next record. */
  get next(): number {
    return this.#tick;
  }

  #spread(intervals: number): number {
    return Math.floor(intervals * this.plan.meanTicks * (0.5 + this.#random.uniform()));
  }

  #takeTurns(): void {
    const { threads } = this.plan;
    while (this.#tick >= this.#turnEnds) {
      const tick = this.#turnEnds;
      const out = this.#thread;
      if (threads.length > 1) {
        this.#thread = threads[(threads.indexOf(out) + 1 + this.#random.below(threads.length - 1)) % threads.length];
        this.switches.push({ tick, out, in: this.#thread });
        this.#turnEnds = tick + Math.max(2, this.#spread(TURN));
      } else {
        const back = tick + Math.max(2, this.#spread(SLEEP));
        this.switches.push({ tick, out, in: undefined }, { tick: back, out: undefined, in: out });
        this.#turnEnds = back + Math.max(2, this.#spread(TURN));
        this.#tick = back + 1 + this.#random.below(this.plan.meanTicks);
      }
    }
  }

  /** Fills `batch` with the records before tick `until`, as many as it holds; returns how many. */
  fill(batch: SampleBatch, until: number): number {
    const { columns: c, wide, phase, fn: fns } = batch;
    const { capacity } = c;
    const random = this.#random;
    const { quota, cpu } = this.plan;
    let n = 0;
    while (n < capacity && this.made < quota && this.#tick < until) {
      if (this.#tick >= this.#turnEnds) {
        this.#takeTurns();
        if (this.#tick >= until) break;
      }
      const tick = this.#tick;
      if (tick >= this.#phaseEnds) {
        this.#phase = this.#phases.at(tick);
        this.#phaseEnds = this.#phases.changeAfter(tick);
      }
      const r1 = random.next();
      const r2 = random.next();
      const r3 = random.next();
      const which = this.#phases.tables[this.#phase][r1 >>> 22];
      const fn = functions[which];
      phase[n] = this.#phase;
      fns[n] = which;
      const tickHi = Math.floor(tick / 2 ** 32);
      wide.counter[2 * n] = tick;
      wide.counter[2 * n + 1] = tickHi;
      const ns = TIME_ZERO + tick * NS_PER_TICK;
      wide.t[2 * n] = ns;
      wide.t[2 * n + 1] = Math.floor(ns / 2 ** 32);
      wide.pc[2 * n] = fn.lo + 4 * (((r2 >>> 20) * fn.length) >>> 12);
      wide.pc[2 * n + 1] = fn.hi;
      c.el[n] = fn.el;
      c.context[n] = this.#thread.tid;
      c.tid[n] = this.#thread.tid;
      c.pid[n] = this.#thread.pid;
      c.cpu[n] = cpu;
      c.size[n] = RECORD_BYTES;
      wide.events[2 * n + 1] = 0;
      const issue = 2 + (r2 & 15);
      c.issueLat[n] = issue;
      const kind = (r1 >>> 18) & 15;
      const [loads, stores, branches] = fn.mix;
      if (kind < loads + stores) {
        const isLoad = kind < loads;
        let draw = (r2 >>> 4) & 255;
        let s = 0;
        while (s < 5 && draw >= fn.source[s]) draw -= fn.source[s++];
        const walk = ((r1 >>> 11) & 63) === 0;
        c.op[n] = isLoad ? OP_LOAD : OP_STORE;
        wide.events[2 * n] = ACCESS_EVENTS[s] | (walk ? bit(Event.TLB_REFILL) : 0);
        c.xlatLat[n] = walk ? 30 + (r1 & 31) : 1;
        c.totalLat[n] = issue + SOURCE_CYCLES[s] + ((r2 >>> 12) & 7) + (walk ? 40 : 0);
        wide.va[2 * n] = (0x80000000 | (r3 & 0x0ffffff8)) >>> 0;
        wide.va[2 * n + 1] = fn.el ? 0xffff0008 : 0xffff;
        // Scatters pages; the offset within the page stays.
        wide.pa[2 * n] = (Math.imul(r3 >>> 12, 0x9e3779b1) & 0x7ffff000) | (r3 & 0xff8);
        wide.pa[2 * n + 1] = 0x808;
        c.present[n] = COMMON | THREAD | Has.VA | Has.PA | Has.XLAT | (isLoad ? Has.SOURCE : 0);
        c.source[n] = SOURCE[s];
      } else if (kind < loads + stores + branches) {
        const mispredicted = ((r1 >>> 11) & 31) === 0;
        c.op[n] = OP_BRANCH;
        const notTaken = (r1 & 7) === 0;
        wide.events[2 * n] =
          bit(Event.RETIRED) | (notTaken ? bit(Event.NOT_TAKEN) : 0) | (mispredicted ? bit(Event.MISPRED) : 0);
        c.totalLat[n] = issue + 1 + (mispredicted ? 12 : 0);
        wide.to[2 * n] = notTaken ? wide.pc[2 * n] + 4 : fn.lo + 4 * (((r3 >>> 20) * fn.length) >>> 12);
        wide.to[2 * n + 1] = fn.hi;
        c.present[n] = COMMON | THREAD | Has.TO;
      } else {
        c.op[n] = OP_OTHER;
        wide.events[2 * n] = bit(Event.RETIRED);
        c.totalLat[n] = issue + 1 + ((r2 >>> 4) & 3);
        c.present[n] = COMMON | THREAD;
      }
      n++;
      this.made++;
      this.#tick = tick + this.#least + Math.floor((random.next() / 2 ** 32) * this.#range);
    }
    c.n = n;
    return n;
  }

  /** Removes and returns the switches before tick `until`. */
  takeSwitches(until: number): Switch[] {
    const taken = this.switches.filter((s) => s.tick < until);
    this.switches = this.switches.filter((s) => s.tick >= until);
    return taken;
  }
}
