/**
 * One clock for both captures: the generic timer at 25 MHz, and perf's ns (sched_clock), 40 per tick. All times are exact in doubles. The
 * machine has been up for half an hour.
 */
export const HZ = 25_000_000;
export const NS_PER_TICK = 40;
export const TIME_SHIFT = 24;
export const TIME_MULT = NS_PER_TICK * 2 ** TIME_SHIFT;
/** perf ns at tick 0. */
export const TIME_ZERO = 71_317_033;
/** The counter when perf read the clock's parameters, and its width. */
export const TIME_CYCLES = 44_725_000_000;
export const TIME_MASK = 2n ** 56n - 1n;
/** Sampling begins here. */
export const FIRST_TICK = 44_730_000_000;
/** The VM is created this much earlier. */
export const LEAD_NS = 20_000_000;

/** perf ns of a counter value. */
export function tickNs(tick: number): number {
  return TIME_ZERO + tick * NS_PER_TICK;
}
