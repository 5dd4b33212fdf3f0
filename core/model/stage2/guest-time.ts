import { grown } from '../grown.ts';

/** When a VM's vCPUs recently ran guest code: a quiet stretch says only as much as the guest ran in it. */

/** Runs kept: bounds memory. A one-second ioctl has some thousands. */
const KEPT = 16_384;

/**
 * ns, two ticks of a host at 250 Hz: the tick ends a guest's run. In a longer one the CPU may have stood still, as an emulated one does
 * where another flushes its TLB; that the guest touched nothing in it says nothing.
 */
export const LONGEST_RUN = 8e6;

export class GuestTime {
  #start = new Float64Array(256);
  #end = new Float64Array(256);
  #n = 0;

  /** A vCPU ran from `start` to `end`, ns; in the order of their ends. */
  ran(start: number, end: number): void {
    if (this.#n === 2 * KEPT) {
      this.#start.copyWithin(0, KEPT);
      this.#end.copyWithin(0, KEPT);
      this.#n = KEPT;
    } else if (this.#n === this.#start.length) {
      this.#start = grown(this.#start);
      this.#end = grown(this.#end);
    }
    this.#start[this.#n] = start;
    this.#end[this.#n++] = end;
  }

  /** ns that vCPUs ran in [from, until], all together. */
  within(from: number, until: number): number {
    let sum = 0;
    for (let k = this.#n - 1; k >= 0 && this.#end[k] > from; k--) {
      sum += Math.max(0, Math.min(until, this.#end[k]) - Math.max(from, this.#start[k]));
    }
    return sum;
  }

  /** The runs in [from, until], latest first, as start and end in turn; none of more than `longest` ns, and none before such a run. */
  runs(from: number, until: number, longest = Infinity): Float64Array {
    const found: number[] = [];
    for (let k = this.#n - 1; k >= 0 && this.#end[k] > from && this.#end[k] - this.#start[k] <= longest; k--) {
      const [start, end] = [Math.max(from, this.#start[k]), Math.min(until, this.#end[k])];
      if (start < end) found.push(start, end);
    }
    return Float64Array.from(found);
  }
}

/** The latest moment from which the guest ran `ns` until the end; `from` if it ran less. @param runs as GuestTime's */
export function ranSince(runs: Float64Array, ns: number, from: number): number {
  let left = ns;
  for (let k = 0; k < runs.length; k += 2) {
    const length = runs[k + 1] - runs[k];
    if (length >= left) return runs[k + 1] - left;
    left -= length;
  }
  return from;
}
