/** The code that samples lie in, as a text names it: binaries and functions, and where they were mapped if it says. */
import { utf8Text } from '../event-format/text-bytes.ts';
import type { TextBinary, TextSymbol } from '../spe/text-samples.ts';
import { HEX } from './fields.ts';
import type { SideBandText } from './side-band.ts';

/** Names kept, of binaries, functions, threads: no profile has more. */
export const MAX_NAMES = 1 << 20;

/** Where samples of one binary and function, as the text names them, were found to be: remembered by whoever repeats the two. */
export class KnownPlace {
  /** Addresses [low, last] below `high` lie in `binary`, and change nothing that is known of the function. */
  high = -1;
  low = 0;
  last = 0;
  binary = -1;
}

interface SymbolName {
  readonly name: string;
  /** Bytes past the function's start; undefined if the text has no offsets. */
  readonly offset: bigint | undefined;
}

export class TextCode {
  readonly binaries: TextBinary[];
  readonly symbols: TextSymbol[];
  /** Of user space, and of the kernel. */
  readonly #binaryOf = [new Map<string, number>(), new Map<string, number>()];
  /** By binary. */
  readonly #symbolOf: Map<string, number>[] = [];
  #symbolCount = 0;
  /** A text's names, without their offsets. */
  readonly #names = new Map<string, SymbolName>();
  readonly #band: SideBandText;

  constructor(binaries: TextBinary[], symbols: TextSymbol[], band: SideBandText) {
    this.binaries = binaries;
    this.symbols = symbols;
    this.#band = band;
  }

  /** The same as `place`, for samples with an ending that occurred before. `wide[at]`: the address; `words`: its halves. */
  placeKnown(
    known: KnownPlace,
    { wide, words }: { readonly wide: BigUint64Array; readonly words: Uint32Array },
    at: number,
    thread: { tid: number; pid: number },
    file: string | undefined,
    symbol: string,
  ): number {
    const low = words[2 * at];
    const high = words[2 * at + 1];
    const maps = this.#band.maps > 0;
    if (high === known.high && low >= known.low && low <= known.last && !maps) return known.binary;
    const binary = this.place(wide[at], high, thread, file, symbol);
    if (maps) return binary;
    // Those with an offset start elsewhere if the address is another one.
    const grows = high === known.high && binary === known.binary && !symbol.includes('+0x');
    known.low = grows ? Math.min(known.low, low) : low;
    known.last = grows ? Math.max(known.last, low) : low;
    known.high = high;
    known.binary = binary;
    return binary;
  }

  /** Index of the binary that an address lies in, -1 for none. `high`: its upper half. `symbol` may have an offset. */
  place(
    pc: bigint,
    high: number,
    thread: { tid: number; pid: number },
    file: string | undefined,
    symbol: string,
  ): number {
    const named = file === '[unknown]' || file === '' ? undefined : file;
    const map = this.#band.maps ? this.#band.find(pc, thread.tid, thread.pid, named) : undefined;
    let binary: number;
    if (map) {
      if (map.index === undefined && this.binaries.length < MAX_NAMES) map.index = this.binaries.push(map.binary) - 1;
      binary = map.index ?? -1;
    } else {
      binary = named === undefined ? -1 : this.#unlocated(named, high >>> 31 === 1);
    }
    if (binary >= 0 && symbol !== '' && symbol !== '[unknown]') this.#add(binary, symbol, pc);
    return binary;
  }

  #unlocated(file: string, kernel: boolean): number {
    const known = this.#binaryOf[Number(kernel)];
    let index = known.get(file);
    if (index === undefined && known.size < MAX_NAMES) {
      index = this.binaries.push({ file: utf8Text(file), kernel }) - 1;
      known.set(file, index);
    }
    return index ?? -1;
  }

  #nameOf(text: string): SymbolName {
    const known = this.#names.get(text);
    if (known) return known;
    const plus = text.lastIndexOf('+0x');
    const digits = plus < 0 ? '' : text.slice(plus + 3);
    const offset = HEX.test(digits) ? BigInt(`0x${digits}`) : undefined;
    const name = { name: offset === undefined ? text : text.slice(0, plus), offset };
    if (this.#names.size < MAX_NAMES) this.#names.set(text, name);
    return name;
  }

  #add(binary: number, text: string, pc: bigint): void {
    const { name, offset } = this.#nameOf(text);
    const start = offset === undefined || offset > pc ? pc : pc - offset;
    // With offsets, functions of one name are distinguished; without, they are one.
    const key = offset === undefined ? name : `${name}\n${start}`;
    const known = (this.#symbolOf[binary] ??= new Map());
    const index = known.get(key);
    if (index === undefined) {
      if (this.#symbolCount >= MAX_NAMES) return;
      this.#symbolCount++;
      known.set(key, this.symbols.push({ binary, name: utf8Text(name), start, end: pc + 4n }) - 1);
      return;
    }
    const own = this.symbols[index];
    if (start < own.start) own.start = start;
    if (pc + 4n > own.end) own.end = pc + 4n;
  }
}
