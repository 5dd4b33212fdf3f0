/**
 * Corrections of time stamps that a trace.dat asks for: offsets, cycle counters to ns, guest clock to host clock.
 * trace-cmd lib/trace-cmd/trace-input.c (timestamp_calc).
 */
import { MAX_CPUS } from './limits.ts';
import type { Reader } from './reader.ts';

interface Shift {
  time: bigint;
  offset: bigint;
  scaling: bigint;
  fraction: bigint;
}

/** TRACECMD_TSYNC_FLAG_INTERPOLATE */
const INTERPOLATE = 1;

const u64 = (value: bigint): bigint => BigInt.asUintN(64, value);
const i64 = (value: bigint): bigint => BigInt.asIntN(64, value);

export class TimeCorrection {
  /** ns, added last. */
  offset = 0n;
  #multiplier = 0n;
  #shift = 0n;
  #interpolate = false;
  /** By CPU. */
  #shifts: Shift[][] = [];

  get convertsCycles(): boolean {
    return this.#multiplier !== 0n;
  }

  setMultiplier(multiplier: number, shift: number): void {
    this.#multiplier = BigInt(multiplier);
    this.#shift = BigInt(shift & 63);
  }

  /** The TIME_SHIFT option: how far a guest's clock was ahead of its host's, several times per CPU. */
  readShifts(data: Reader): void {
    const what = 'TIME_SHIFT option';
    data.u64(what);
    this.#interpolate = (data.u32(what) & INTERPOLATE) !== 0;
    const cpus = data.u32(what);
    if (cpus > MAX_CPUS) throw data.error(`${cpus} CPUs, the limit is ${MAX_CPUS}; the file is damaged`);
    const lists: Shift[][] = [];
    for (let cpu = 0; cpu < cpus; cpu++) {
      const count = data.u32(what);
      if (count * 24 > data.left) throw data.error('the TIME_SHIFT option is cut off; the file is damaged');
      const list = Array.from({ length: count }, () => ({ time: 0n, offset: 0n, scaling: 0n, fraction: 0n }));
      for (const key of ['time', 'offset', 'scaling'] as const) for (const s of list) s[key] = i64(data.u64(what));
      lists.push(list);
    }
    for (const list of lists) {
      for (const s of list) if (data.left >= 8) s.fraction = data.u64(what) & 63n;
    }
    this.#shifts = lists.map((list) => {
      list.sort((a, b) => (a.time < b.time ? -1 : a.time > b.time ? 1 : 0));
      return list.filter((s, i) => i === 0 || s.time !== list[i - 1].time);
    });
  }

  /** The correction for one CPU's time stamps; undefined if there is none. Instances have no shifts of their own. */
  forCpu(index: number, isInstance: boolean): ((time: bigint) => bigint) | undefined {
    const shifts = isInstance ? [] : (this.#shifts[index] ?? []);
    if (!shifts.length && !this.#multiplier && !this.offset) return undefined;
    return (time) => {
      let t = shifts.length ? shifted(time, shifts, this.#interpolate) : time;
      if (this.#multiplier) t = this.#scaled(t);
      return u64(t + this.offset);
    };
  }

  /** mul_u64_u32_shr as trace-cmd has it, in two halves. */
  #scaled(t: bigint): bigint {
    const low = u64((t & 0xffffffffn) * this.#multiplier) >> this.#shift;
    const high = t >> 32n;
    return high ? u64(low + u64((high * this.#multiplier) << ((32n - this.#shift) & 63n))) : low;
  }
}

function shifted(t: bigint, shifts: readonly Shift[], interpolate: boolean): bigint {
  if (shifts.length === 1) return u64(t + shifts[0].offset);
  let low = 0;
  if (shifts.length > 2 && t > u64(shifts[0].time)) {
    const last = shifts.length - 1;
    if (t >= u64(shifts[last].time)) low = last - 1;
    else while (low < last - 1 && t >= u64(shifts[low + 1].time)) low++;
  }
  const [a, b] = [shifts[low], shifts[low + 1]];
  let offset = a.offset;
  if (interpolate) {
    const span = b.time - a.time;
    const part = i64((i64(t) - a.time) * (b.offset - a.offset));
    offset = a.offset + (part + span / 2n) / span;
  }
  return u64((u64(t * a.scaling) >> a.fraction) + offset);
}
