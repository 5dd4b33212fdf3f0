/**
 * Functions by place, from whatever named them. A place is a number in the space of its table: a byte offset in the binary's file, or an
 * address (see `addressPlace`); exact, since both fit 53 bits.
 */
import { firstAbove } from '../../model/terms/search.ts';

/** Which of several symbols at one place wins: perf's order (tools/perf/util/symbol.c, choose_best_symbol). */
export const Binding = { LOCAL: 0, GLOBAL: 1, WEAK: 2 } as const;

export interface SymbolTable {
  readonly n: number;
  /** Ascending, each place once. */
  readonly start: Float64Array;
  /** One past the last byte. */
  readonly end: Float64Array;
  /** The symbol that symbol `i` lies within, -1: none. */
  readonly outer: Int32Array;
  /** As the file has it, mangled. */
  readonly name: (i: number) => string;
}

/** Symbols within symbols that a look-up climbs out of: real ones nest once (labels of assembly). */
const NESTING = 16;

/** Index of the symbol that holds `place`, the innermost of several; -1 if none does. */
export function findSymbol({ n, start, end, outer }: SymbolTable, place: number): number {
  let i = firstAbove(start, place, 0, n) - 1;
  for (let depth = 0; i >= 0 && depth < NESTING; depth++) {
    if (place < end[i]) return i;
    i = outer[i];
  }
  return -1;
}

/** Symbols that end where their page does when nothing says (perf: symbols__fixup_end). */
const PAGE = 4096;

/** Collects symbols in any order, then settles aliases and unknown sizes the way perf does. */
export class SymbolCollector {
  readonly #nameOf: (key: number) => string;
  #n = 0;
  #start = new Float64Array(1024);
  #size = new Float64Array(1024);
  #binding = new Uint8Array(1024);
  #key = new Float64Array(1024);
  #group = new Uint16Array(1024);
  #last: { readonly symbol: number; readonly name: string } | undefined;

  /** @param nameOf the name for a key given to `add`: names stay where they are until asked for */
  constructor(nameOf: (key: number) => string) {
    this.#nameOf = nameOf;
  }

  get n(): number {
    return this.#n;
  }

  /** `size` 0: unknown. Symbols without size don't reach into another `group`: the gaps between kernel modules are nobody's. */
  add(start: number, size: number, binding: number, key: number, group = 0): void {
    const i = this.#n++;
    if (i === this.#start.length) this.#grow();
    this.#start[i] = start;
    this.#size[i] = size;
    this.#binding[i] = binding;
    this.#key[i] = key;
    this.#group[i] = group;
  }

  #grow(): void {
    const length = this.#start.length * 2;
    const larger = <T extends Float64Array | Uint16Array | Uint8Array>(from: T, to: T): T => {
      (to as { set(from: T): void }).set(from);
      return to;
    };
    this.#start = larger(this.#start, new Float64Array(length));
    this.#size = larger(this.#size, new Float64Array(length));
    this.#key = larger(this.#key, new Float64Array(length));
    this.#binding = larger(this.#binding, new Uint8Array(length));
    this.#group = larger(this.#group, new Uint16Array(length));
  }

  build(): SymbolTable {
    const starts = this.#start;
    const order = Uint32Array.from({ length: this.#n }, (_, i) => i).sort((a, b) => starts[a] - starts[b] || a - b);
    let n = 0;
    for (const i of order) {
      if (n > 0 && starts[order[n - 1]] === starts[i]) order[n - 1] = this.#best(order[n - 1], i);
      else order[n++] = i;
    }
    const picked = order.slice(0, n);
    const start = Float64Array.from(picked, (i) => starts[i]);
    const end = this.#ends(picked, start);
    const key = Float64Array.from(picked, (i) => this.#key[i]);
    const nameOf = this.#nameOf;
    return { n, start, end, outer: outerOf(start, end), name: (i) => nameOf(key[i]) };
  }

  #ends(picked: Uint32Array, start: Float64Array): Float64Array {
    const end = Float64Array.from(picked, (i) => this.#start[i] + this.#size[i]);
    for (let i = 0; i < end.length; i++) {
      if (end[i] > start[i]) continue;
      const page = (Math.ceil(start[i] / PAGE) + 1) * PAGE;
      const last = i + 1 === end.length || this.#group[picked[i + 1]] !== this.#group[picked[i]];
      end[i] = last ? Math.min(page, start[i + 1] ?? page) : start[i + 1];
    }
    return end;
  }

  /** perf's choose_best_symbol: has a size, isn't weak, is global, fewer leading underscores, longer name, first come. */
  #best(a: number, b: number): number {
    const told = Number(this.#size[b] > 0) - Number(this.#size[a] > 0);
    if (told) return told > 0 ? b : a;
    const of = (binding: number) => Number(this.#binding[b] === binding) - Number(this.#binding[a] === binding);
    const weak = of(Binding.WEAK);
    if (weak) return weak > 0 ? a : b;
    const global = of(Binding.GLOBAL);
    if (global) return global > 0 ? b : a;
    // `a` is the best so far of those at its place: its name isn't read again for each of them.
    if (this.#last?.symbol !== a) this.#last = { symbol: a, name: this.#nameOf(this.#key[a]) };
    const nameA = this.#last.name;
    const nameB = this.#nameOf(this.#key[b]);
    const underscores = leading(nameA) - leading(nameB);
    const better = underscores ? underscores > 0 : nameB.length > nameA.length;
    if (!better) return a;
    this.#last = { symbol: b, name: nameB };
    return b;
  }
}

function leading(name: string): number {
  let n = 0;
  while (name.charCodeAt(n) === 0x5f) n++;
  return n;
}

/** For each symbol the nearest one before it that reaches past its start: what `findSymbol` climbs. */
function outerOf(start: Float64Array, end: Float64Array): Int32Array {
  const outer = new Int32Array(start.length).fill(-1);
  for (let i = 1; i < start.length; i++) {
    let o = i - 1;
    while (o >= 0 && end[o] <= start[i]) o = outer[o];
    outer[i] = o;
  }
  return outer;
}

/** Where the upper half of the address space begins, on arm64 with 48-bit addresses: kernel addresses count from there. */
export const KERNEL_BASE = 0xffff000000000000n;

/** The place of a kernel address, or of any address in its upper half: exact down to 2^52 below `KERNEL_BASE`. */
export function kernelPlace(address: bigint): number {
  return Number(address - KERNEL_BASE);
}
