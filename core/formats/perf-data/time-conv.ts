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

/**
 * The same for hot loops: halves in, halves out, no allocation. What changes only every 2^shift ticks is computed with
 * BigInt and kept; the rest fits doubles exactly when `mult` has 32 bits, as it does in every kernel.
 */
export class TickConverter {
  readonly #conv: TimeConv;
  readonly #fast: boolean;
  readonly #shift: number;
  /** Powers of two that shift exactly: 2^(32 - shift), 2^(16 - shift), and 2^shift - 1. */
  readonly #up: number;
  readonly #down: number;
  readonly #restMask: number;
  readonly #multHi: number;
  readonly #multLo: number;
  readonly #short: boolean;
  readonly #cyclesLo: number = 0;
  readonly #cyclesHi: number = 0;
  readonly #maskLo: number = 0;
  readonly #maskHi: number = 0;
  #quotient = -1;
  #baseLo = 0;
  #baseHi = 0;

  constructor(conv: TimeConv) {
    this.#conv = conv;
    this.#shift = Number(conv.shift);
    this.#up = 2 ** (32 - this.#shift);
    this.#down = 2 ** (16 - this.#shift);
    this.#restMask = 2 ** this.#shift - 1;
    // Below 16 the split would lose bits; above 32 the remainder would not fit the products.
    this.#fast = conv.mult < 1n << 32n && this.#shift >= 16 && this.#shift <= 32;
    this.#multHi = Number(conv.mult >> 16n);
    this.#multLo = Number(conv.mult & 0xffffn);
    this.#short = conv.short !== undefined;
    if (conv.short) {
      this.#cyclesLo = Number(conv.short.cycles & 0xffffffffn);
      this.#cyclesHi = Number(conv.short.cycles >> 32n);
      this.#maskLo = Number(conv.short.mask & 0xffffffffn);
      this.#maskHi = Number(conv.short.mask >> 32n);
    }
  }

  /** Makes ns of the counter values of `rows[from, to)`; both columns in halves, the lower at 2i. */
  convertRows(ticks: Uint32Array, ns: Uint32Array, rows: Int32Array, from: number, to: number): void {
    if (!this.#fast) {
      for (let k = from; k < to; k++) this.#slow(ticks, ns, rows[k]);
      return;
    }
    const shift = this.#shift;
    const wide = shift === 32;
    const up = this.#up;
    const down = this.#down;
    const restMask = this.#restMask;
    const multHi = this.#multHi;
    const multLo = this.#multLo;
    let baseLo = this.#baseLo;
    let baseHi = this.#baseHi;
    for (let k = from; k < to; k++) {
      const i = 2 * rows[k];
      let lo = ticks[i];
      let hi = ticks[i + 1];
      if (this.#short) {
        const borrow = lo < this.#cyclesLo ? 1 : 0;
        const dLo = ((lo - this.#cyclesLo) & this.#maskLo) >>> 0;
        const dHi = ((hi - this.#cyclesHi - borrow) & this.#maskHi) >>> 0;
        const sum = this.#cyclesLo + dLo;
        lo = sum >>> 0;
        hi = (this.#cyclesHi + dHi + (sum > 0xffffffff ? 1 : 0)) >>> 0;
      }
      // c = quotient * 2^shift + rest; quotient has at most 48 bits.
      const quotient = wide ? hi : hi * up + (lo >>> shift);
      const rest = wide ? lo : lo & restMask;
      if (quotient !== this.#quotient) {
        this.#rebase(quotient);
        baseLo = this.#baseLo;
        baseHi = this.#baseHi;
      }
      // rest * mult >> shift, the lowest 16 bits of the product dropped in between: floor of a floor is the floor.
      const product = rest * multHi + Math.floor((rest * multLo) / 65536);
      const sum = baseLo + Math.floor(product * down);
      ns[i] = sum;
      ns[i + 1] = baseHi + (sum > 0xffffffff ? 1 : 0);
    }
  }

  #rebase(quotient: number): void {
    const base = (this.#conv.zero + BigInt(quotient) * this.#conv.mult) & MASK64;
    this.#quotient = quotient;
    this.#baseLo = Number(base & 0xffffffffn);
    this.#baseHi = Number(base >> 32n);
  }

  #slow(ticks: Uint32Array, ns: Uint32Array, row: number): void {
    const t = ticksToNs(this.#conv, (BigInt(ticks[2 * row + 1]) << 32n) | BigInt(ticks[2 * row]));
    ns[2 * row] = Number(t & 0xffffffffn);
    ns[2 * row + 1] = Number(t >> 32n);
  }
}
