/**
 * Which of a sample's numbers is which. perf prints the same columns for all samples of a capture; a latency has few decimal digits
 * in every line, an address hardly ever, and what a record doesn't have is 0.
 */
import { HEX } from './fields.ts';
import type { SampleText } from './fields.ts';

/** `addr` is data's or a branch's target: that depends on the operation. */
export type Role = 'addr' | 'weight' | 'other' | 'pc' | 'pa';

/** Places in `SampleNumbers.wide`. Addresses are 0 where the text has none, as perf prints those that a record doesn't have. */
export const Wide = { TIME: 0, ADDR: 1, PC: 2, PA: 3 } as const;

/** A sample's time (ns) and numbers; reused where lines are many. */
export class SampleNumbers {
  readonly wide = new BigUint64Array(4);
  /** The same in halves: low at 2i. */
  readonly words = new Uint32Array(this.wide.buffer);
  /** Cycles. */
  weight = 0;
  /** The symbol, without what was its own column. */
  symbol = '';
}

/** A latency never has more digits; an address hardly ever has so few. */
const LATENCY = /^\d{1,5}$/;
const KERNEL = /^ffff[0-9a-f]{12}$/;

function address(hex: string | undefined): bigint {
  return hex === undefined ? 0n : BigInt(`0x${hex}`);
}

interface Column {
  latencies: number;
  zeros: number;
  kernel: number;
}

/** What the lines of one shape (with a data source, or without) have in common. */
class Shape {
  /** Lines by how many numbers they have. */
  readonly counts: number[] = [];
  readonly columns: Column[] = [];
  lines = 0;
  symbols = 0;
  named = 0;
  trailing = 0;

  learn(fields: SampleText): void {
    const { numbers, symbol, binary } = fields;
    this.lines++;
    this.counts[numbers.length] = (this.counts[numbers.length] ?? 0) + 1;
    numbers.forEach((text, i) => {
      const column = (this.columns[i] ??= { latencies: 0, zeros: 0, kernel: 0 });
      if (text === '0') column.zeros++;
      else if (LATENCY.test(text)) column.latencies++;
      else if (KERNEL.test(text)) column.kernel++;
    });
    if (binary !== undefined) this.named++;
    if (symbol === '' || binary !== undefined) return;
    this.symbols++;
    if (HEX.test(symbol.slice(symbol.lastIndexOf(' ') + 1)) && symbol.includes(' ')) this.trailing++;
  }

  roles(hasSource: boolean): readonly Role[] {
    let n = 0;
    for (let i = 0; i < this.counts.length; i++) if ((this.counts[i] ?? 0) > (this.counts[n] ?? 0)) n = i;
    const isLatency = (i: number) => {
      const { latencies, zeros } = this.columns[i];
      return latencies > 0 && latencies + zeros >= 0.99 * this.lines;
    };
    // Latencies that perf has no values for (`ins_lat`) are 0 in all lines, as is `addr`, the first; a PC never is.
    const isZero = (i: number) => this.columns[i].zeros === this.lines;
    const before = Array.from({ length: Math.max(0, n - 1) }, (_, i) => i);
    let first = before.findIndex(isLatency);
    if (first < 0) first = before.findIndex((i) => (hasSource || i > 0) && isZero(i));
    if (first >= 0) {
      let last = first;
      while (last + 1 < n - 1 && (isLatency(last + 1) || isZero(last + 1))) last++;
      return [
        ...Array.from({ length: first }, (): Role => 'addr'),
        'weight',
        ...Array.from({ length: last - first }, (): Role => 'other'),
        ...(['pc', 'pa'] as const).slice(0, n - last - 1),
      ];
    }
    if (n === 0) return [];
    if (n === 1) return ['pc'];
    if (hasSource)
      return n === 2 ? ['pc', 'pa'] : ['weight', ...Array.from({ length: n - 3 }, (): Role => 'other'), 'pc', 'pa'];
    if (n === 2) return this.#isPcFirst() ? ['pc', 'pa'] : ['addr', 'pc'];
    return n === 3
      ? ['addr', 'pc', 'pa']
      : ['addr', 'weight', ...Array.from({ length: n - 4 }, (): Role => 'other'), 'pc', 'pa'];
  }

  /** `ip phys_addr` beside `addr ip`: a physical address is 0 for most records and never the kernel's, a PC hardly ever 0. */
  #isPcFirst(): boolean {
    const [a, b] = this.columns;
    return this.symbols + this.named === 0 && a.zeros === 0 && b.kernel === 0 && b.zeros > 0;
  }

  /**
   * Whether what stands in the PC's place can't be one: a PC is hardly ever 0, addresses of data and targets often; it never is as short as
   * a latency.
   */
  isWithoutPc(roles: readonly Role[]): boolean {
    const pc = roles.indexOf('pc');
    if (pc < 0 || this.symbols + this.named > 0 || this.lines < 5) return false;
    const { zeros, latencies } = this.columns[pc];
    return zeros > 0.2 * this.lines || zeros + latencies > 0.9 * this.lines;
  }

  /** `symbol phys_addr`, without a binary in between. */
  hasTrailing(): boolean {
    return this.trailing > 0 && this.trailing >= 0.95 * this.symbols;
  }
}

export class Layout {
  readonly #plain = new Shape();
  readonly #sourced = new Shape();
  /** Some line has an address before its data source. */
  #addressed = false;
  #roles: { plain: readonly Role[]; sourced: readonly Role[] } | undefined;

  learn(fields: SampleText): void {
    (fields.dataSource === undefined ? this.#plain : this.#sourced).learn(fields);
    this.#roles = undefined;
    this.#addressed ||= fields.before.length > 0;
  }

  get roles() {
    return (this.#roles ??= { plain: this.#plain.roles(false), sourced: this.#sourced.roles(true) });
  }

  /** Whether a physical address may follow a function's name. */
  get hasTrailing(): boolean {
    return this.#plain.hasTrailing() || this.#sourced.hasTrailing();
  }

  /** Whether lines without function and binary have addresses, but none of their instruction. */
  get isWithoutPc(): boolean {
    const { plain, sourced } = this.roles;
    return this.#plain.isWithoutPc(plain) || this.#sourced.isWithoutPc(sourced);
  }

  /** Columns that some line has. */
  get has() {
    const { plain, sourced } = this.roles;
    const any = (role: Role) => plain.includes(role) || sourced.includes(role);
    return {
      pc: any('pc'),
      addr: any('addr') || this.#addressed,
      data_src: this.#sourced.lines > 0,
      weight: any('weight'),
      /** Functions, but no binaries. */
      bareSymbols: this.#plain.named + this.#sourced.named === 0 && this.#plain.symbols + this.#sourced.symbols > 0,
      binary: this.#plain.named + this.#sourced.named > 0,
    };
  }

  /** Undefined if the line has other numbers than the rest. The time is left to the caller. */
  assign(fields: SampleText): SampleNumbers | undefined {
    const hasSource = fields.dataSource !== undefined;
    const roles = hasSource ? this.roles.sourced : this.roles.plain;
    const shape = hasSource ? this.#sourced : this.#plain;
    const { numbers, before, behind } = fields;
    if (numbers.length < roles.length) return undefined;
    const found = {
      ...{ addr: before[0] as string | undefined, pc: undefined as string | undefined, pa: behind },
      ...{ weight: 0, symbol: fields.symbol },
    };
    for (let i = 0; i < roles.length; i++) {
      const role = roles[i];
      if (role === 'weight') found.weight = LATENCY.test(numbers[i]) ? Number(numbers[i]) : 0;
      else if (role !== 'other') found[role] = numbers[i];
    }
    // A function may be called `add`.
    if (numbers.length > roles.length) {
      const more = numbers.slice(roles.length);
      if (!found.symbol && more.length === 1 && fields.binary === undefined) found.pa ??= more.pop();
      found.symbol = [...more, found.symbol].join(' ').trim();
    }
    if (fields.binary === undefined && shape.hasTrailing()) {
      const blank = found.symbol.lastIndexOf(' ');
      const last = found.symbol.slice(blank + 1);
      if (HEX.test(last)) [found.pa, found.symbol] = [last, found.symbol.slice(0, Math.max(0, blank))];
    }
    const assigned = new SampleNumbers();
    assigned.wide[Wide.ADDR] = address(found.addr);
    assigned.wide[Wide.PC] = address(found.pc);
    assigned.wide[Wide.PA] = address(found.pa);
    assigned.weight = found.weight;
    assigned.symbol = found.symbol;
    return assigned;
  }
}
