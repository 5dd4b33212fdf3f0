/**
 * Names of kernel addresses (/proc/kallsyms as recorded) and of binary printk formats (/sys/kernel/tracing/printk_formats).
 * Look-ups agree with libtraceevent's (event-parse.c, func_bcmp over a stable sort of the reversed list), down to which of
 * several symbols at one address is found.
 */

/** Symbols sorted by address; addresses as hi and lo halves. */
interface SymbolTable {
  readonly hi: Uint32Array;
  readonly lo: Uint32Array;
  readonly names: string[];
}

export interface FunctionName {
  readonly name: string;
  /** Bytes from the symbol's start. */
  readonly offset: bigint;
}

export class Symbols {
  readonly #kallsyms: string;
  readonly #printk: string;
  #table: SymbolTable | undefined;
  #formats: Map<bigint, string> | undefined;
  readonly #found = new Map<bigint, FunctionName | undefined>();

  /** Texts as recorded; parsed at the first look-up, since most readers never ask. */
  constructor(kallsyms = '', printkFormats = '') {
    this.#kallsyms = kallsyms;
    this.#printk = printkFormats;
  }

  /** The function that contains `address`. */
  functionAt(address: bigint): FunctionName | undefined {
    if (this.#found.has(address)) return this.#found.get(address);
    const found = this.#search(address);
    if (this.#found.size > 65536) this.#found.clear();
    this.#found.set(address, found);
    return found;
  }

  #search(address: bigint): FunctionName | undefined {
    const { hi, lo, names } = (this.#table ??= parseKallsyms(this.#kallsyms));
    const keyHi = Number(address >> 32n);
    const keyLo = Number(address & 0xffffffffn);
    let left = 0;
    let right = names.length;
    while (left < right) {
      const mid = (left + right) >>> 1;
      const after = keyHi > hi[mid] || (keyHi === hi[mid] && keyLo > lo[mid]);
      const same = keyHi === hi[mid] && keyLo === lo[mid];
      const last = mid + 1 === names.length;
      const beforeNext = !last && (keyHi < hi[mid + 1] || (keyHi === hi[mid + 1] && keyLo < lo[mid + 1]));
      if (same || (after && beforeNext)) {
        const start = (BigInt(hi[mid]) << 32n) | BigInt(lo[mid]);
        return { name: names[mid], offset: address - start };
      }
      if (after) left = mid + 1;
      else right = mid;
    }
    return undefined;
  }

  /** The address of a function by name; 0 if unknown. */
  addressOf(name: string): bigint {
    const { hi, lo, names } = (this.#table ??= parseKallsyms(this.#kallsyms));
    const i = names.indexOf(name);
    return i < 0 ? 0n : (BigInt(hi[i]) << 32n) | BigInt(lo[i]);
  }

  /** The printk format (or constant string) that the kernel keeps at `address`. */
  printkAt(address: bigint): string | undefined {
    return (this.#formats ??= parsePrintk(this.#printk)).get(address);
  }
}

function parseKallsyms(text: string): SymbolTable {
  const hi: number[] = [];
  const lo: number[] = [];
  const names: string[] = [];
  for (let at = 0; at < text.length;) {
    let end = text.indexOf('\n', at);
    if (end < 0) end = text.length;
    const line = text.slice(at, end);
    at = end + 1;
    if (line === '') continue;
    const m = /^\s*([0-9a-fA-F]{1,16})\s+(\S)\s*(\S+)/.exec(line);
    if (!m) break;
    // '$a', '$x': arm mapping symbols; 'a': absolute, per-CPU offsets on x86.
    if (m[3].startsWith('$') || m[2] === 'A' || m[2] === 'a') continue;
    const digits = m[1].padStart(16, '0');
    hi.push(Number.parseInt(digits.slice(0, 8), 16));
    lo.push(Number.parseInt(digits.slice(8), 16));
    names.push(m[3]);
  }
  const order = Uint32Array.from(names, (_, i) => names.length - 1 - i);
  order.sort((a, b) => hi[a] - hi[b] || lo[a] - lo[b] || b - a);
  return {
    hi: Uint32Array.from(order, (i) => hi[i]),
    lo: Uint32Array.from(order, (i) => lo[i]),
    names: Array.from(order, (i) => names[i]),
  };
}

function parsePrintk(text: string): Map<bigint, string> {
  const formats = new Map<bigint, string>();
  for (const line of text.split('\n')) {
    const m = /^\s*(?:0x)?([0-9a-fA-F]{1,16})\s*:.(.*)$/.exec(line);
    if (!m) continue;
    let format = m[2];
    if (format.startsWith('"')) format = format.slice(1);
    if (format.endsWith('"')) format = format.slice(0, -1);
    if (format.endsWith('\\n')) format = format.slice(0, -2);
    formats.set(BigInt(`0x${m[1]}`), format);
  }
  return formats;
}
