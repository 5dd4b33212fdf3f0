/**
 * PERF_RECORD_TIME_CONV: how counter ticks become perf time (Documentation of `struct perf_event_mmap_page`,
 * cap_user_time_zero).
 */
export interface TimeConv {
  readonly shift: bigint;
  readonly mult: bigint;
  readonly zero: bigint;
  /**
   * cap_user_time_short: the counter is narrower than 64 bits; it was at `cycles` at some moment, and `mask` is its
   * width.
   */
  readonly short: { readonly cycles: bigint; readonly mask: bigint } | undefined;
}

/**
 * Reads the record at `at`; the 32-byte kind (perf before 5.14) has no cycles and mask. Undefined if it can't convert.
 */
export function readTimeConv(view: DataView, at: number, size: number): TimeConv | undefined {
  if (size < 32) return undefined;
  const u64 = (o: number): bigint => view.getBigUint64(at + o, true);
  const short = size >= 50 && view.getUint8(at + 49) ? { cycles: u64(32), mask: u64(40) } : undefined;
  const conv = { shift: u64(8), mult: u64(16), zero: u64(24), short };
  return conv.mult > 0n && conv.shift < 64n ? conv : undefined;
}

const MASK64 = (1n << 64n) - 1n;

/** ns for a counter value, in 64-bit arithmetic that wraps as the kernel's does. */
export function ticksToNs(conv: TimeConv, ticks: bigint): bigint {
  const { shift, mult, zero, short } = conv;
  const c = short ? (short.cycles + ((ticks - short.cycles) & short.mask)) & MASK64 : ticks;
  const rest = ((c & ((1n << shift) - 1n)) * mult) & MASK64;
  return (zero + (c >> shift) * mult + (rest >> shift)) & MASK64;
}
