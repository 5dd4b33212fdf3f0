/** The code that samples lie in, as a text names it: binaries and functions, and where they were mapped if it tells. */
import type { TextBinary, TextSymbol } from '../spe/text-samples.ts';
import { HEX } from './fields.ts';
import type { SideBandText } from './side-band.ts';

/** Names that are kept: of binaries, functions, threads. More is no profile. */
export const MAX_NAMES = 1 << 20;

export class TextCode {
  readonly binaries: TextBinary[];
  readonly symbols: TextSymbol[];
  readonly #binaryOf = new Map<string, number>();
  readonly #symbolOf = new Map<string, number>();
  readonly #band: SideBandText;

  constructor(binaries: TextBinary[], symbols: TextSymbol[], band: SideBandText) {
    this.binaries = binaries;
    this.symbols = symbols;
    this.#band = band;
  }

  /** Index of the binary that an address lies in, -1 for none. `symbol` may have an offset. */
  place(pc: bigint, thread: { tid: number; pid: number }, file: string | undefined, symbol: string): number {
    const named = file === '[unknown]' || file === '' ? undefined : file;
    const map = this.#band.find(pc, thread.tid, thread.pid, named);
    let binary: number;
    if (map) {
      if (map.index === undefined && this.binaries.length < MAX_NAMES) map.index = this.binaries.push(map.binary) - 1;
      binary = map.index ?? -1;
    } else {
      binary = named === undefined ? -1 : this.#unlocated(named, pc >> 63n === 1n);
    }
    if (binary >= 0 && symbol !== '' && symbol !== '[unknown]') this.#add(binary, symbol, pc);
    return binary;
  }

  #unlocated(file: string, kernel: boolean): number {
    const key = `${kernel ? 'k' : 'u'}${file}`;
    let index = this.#binaryOf.get(key);
    if (index === undefined && this.#binaryOf.size < MAX_NAMES) {
      index = this.binaries.push({ file, kernel }) - 1;
      this.#binaryOf.set(key, index);
    }
    return index ?? -1;
  }

  #add(binary: number, text: string, pc: bigint): void {
    const plus = text.lastIndexOf('+0x');
    const digits = plus < 0 ? '' : text.slice(plus + 3);
    const offset = HEX.test(digits) ? BigInt(`0x${digits}`) : undefined;
    const name = offset === undefined ? text : text.slice(0, plus);
    const start = offset === undefined || offset > pc ? pc : pc - offset;
    // With offsets functions of one name are told apart; without, they are one.
    const key = offset === undefined ? `${binary} ${name}` : `${binary} ${name} ${start}`;
    const index = this.#symbolOf.get(key);
    if (index === undefined) {
      if (this.#symbolOf.size >= MAX_NAMES) return;
      this.#symbolOf.set(key, this.symbols.push({ binary, name, start, end: pc + 4n }) - 1);
      return;
    }
    const own = this.symbols[index];
    if (start < own.start) own.start = start;
    if (pc + 4n > own.end) own.end = pc + 4n;
  }
}
