/**
 * DWARF line tables (.debug_line; DWARF 5 section 6.2, and versions 2 to 4): which source line each stretch of machine code came from. A
 * parse error ends its own table, with a warning; no file makes more work than its size.
 */
import { inflateSync } from 'node:zlib';
import type { Warnings } from '../problems.ts';
import { LINE_BYTES, LINE_FILES, LINE_STEPS, PATH_BYTES, PATHS_BYTES } from '../symbols/limits.ts';
import type { ElfFile, Section } from './elf.ts';
import { longString } from '../event-format/text-bytes.ts';

/** Called for each stretch: virtual addresses [from, to), its file as an index into the result, line from 1 (0: none). */
export type OnLines = (from: bigint, to: bigint, file: number, line: number) => void;

/** True if the file has a line table at all. */
export function hasLines(elf: ElfFile): boolean {
  return elf.sections.some((s) => s.name === '.debug_line' && s.size > 0 && s.type !== NOBITS);
}

/** Walks all line tables of a file; returns the paths of its source files, resolved by its compilation directories. */
export function readLines(elf: ElfFile, warnings: Warnings, onLines: OnLines): string[] {
  const bytes = sectionBytes(elf, '.debug_line', warnings);
  if (!bytes) return [];
  const strings = {
    line: sectionBytes(elf, '.debug_line_str', warnings) ?? new Uint8Array(0),
    info: sectionBytes(elf, '.debug_str', warnings) ?? new Uint8Array(0),
  };
  const files = new Files();
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  for (let at = 0; at + 4 <= bytes.length;) {
    const wide = view.getUint32(at, true) === 0xffffffff;
    const length = wide
      ? Number(view.getBigUint64(Math.min(at + 4, bytes.length - 8), true))
      : view.getUint32(at, true);
    const start = at + (wide ? 12 : 4);
    const end = start + length;
    try {
      if (end > bytes.length) throw new RangeError('ends early');
      new LineProgram(new Reader(view, start, end, wide), strings, files).run(onLines);
    } catch (error) {
      if (error instanceof Enough) {
        warnings.add('info', 'elf-lines-much', error.message, { offset: at });
        break;
      }
      if (!(error instanceof RangeError)) throw error;
      warnings.add('undecoded', 'elf-lines', 'a DWARF line table that can’t be read: its source lines are left out', {
        offset: at,
      });
    }
    if (!(end > at)) break;
    at = end;
  }
  return files.list;
}

const NOBITS = 8;
const SHF_COMPRESSED = 1 << 11;
const ELFCOMPRESS_ZLIB = 1;

function sectionBytes(elf: ElfFile, name: string, warnings: Warnings): Uint8Array | undefined {
  const section = elf.sections.find((s) => s.name === name && s.type !== NOBITS);
  if (!section || section.size === 0) return undefined;
  const tooLarge = (what: string): undefined => {
    const message = `${name} is ${what} than ${LINE_BYTES >> 20} MiB: no source lines are read`;
    warnings.add('info', `elf-lines ${name}`, message);
  };
  if (section.size > LINE_BYTES) return tooLarge('larger');
  const bytes = Uint8Array.from(elf.source.read(section.offset, section.size));
  if (!(section.flags & SHF_COMPRESSED)) return bytes;
  return inflated(bytes, section, elf.is64) ?? tooLarge('packed in a way that isn’t known, or larger');
}

/** Elf64_Chdr, Elf32_Chdr. */
function inflated(bytes: Uint8Array, _: Section, is64: boolean): Uint8Array | undefined {
  const header = is64 ? 24 : 12;
  if (bytes.length < header || new DataView(bytes.buffer).getUint32(0, true) !== ELFCOMPRESS_ZLIB) return undefined;
  try {
    return inflateSync(bytes.subarray(header), { maxOutputLength: LINE_BYTES });
  } catch {
    return undefined;
  }
}

/** Thrown when a file's tables make more work than any real one's. */
class Enough extends Error {}

/** Paths, each once; and how much work the tables of a file have made. */
class Files {
  readonly list: string[] = [];
  readonly #byPath = new Map<string, number>();
  #steps = 0;
  #bytes = 0;

  step(): void {
    if (++this.#steps > LINE_STEPS) throw new Enough(`more than ${LINE_STEPS} source lines: the rest is left out`);
  }

  /** Passes on what was read or joined. */
  text(text: string): string {
    this.#bytes += text.length;
    if (this.#bytes > PATHS_BYTES)
      throw new Enough(`more than ${PATHS_BYTES} bytes of source files' names: the rest is left out`);
    return text;
  }

  of(path: string): number {
    let index = this.#byPath.get(path);
    if (index === undefined) {
      if (this.list.length >= LINE_FILES) throw new RangeError('too many files');
      index = this.list.push(path) - 1;
      this.#byPath.set(path, index);
    }
    return index;
  }
}

/** Reads past the end of a table throw RangeError, as DataView's own do. */
class Reader {
  readonly view: DataView;
  readonly wide: boolean;
  readonly end: number;
  at: number;

  constructor(view: DataView, start: number, end: number, wide: boolean) {
    this.view = view;
    this.at = start;
    this.end = end;
    this.wide = wide;
  }

  #take(bytes: number): number {
    const at = this.at;
    if (at + bytes > this.end) throw new RangeError('ends early');
    this.at = at + bytes;
    return at;
  }

  u8 = (): number => this.view.getUint8(this.#take(1));
  i8 = (): number => this.view.getInt8(this.#take(1));
  u16 = (): number => this.view.getUint16(this.#take(2), true);
  u32 = (): number => this.view.getUint32(this.#take(4), true);
  u64 = (): bigint => this.view.getBigUint64(this.#take(8), true);
  /** A length or an offset in a section, of the table's own width. */
  word = (): number => (this.wide ? Number(this.u64()) : this.u32());

  skip(bytes: number): void {
    this.#take(bytes);
  }

  /** ULEB128; numbers beyond 2^53 mean nothing here. */
  uleb(): number {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = this.u8();
      value += (byte & 127) * scale;
      if (!(byte & 128)) return value;
      if (scale > 2 ** 56) throw new RangeError('too large');
    }
  }

  sleb(): number {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = this.u8();
      value += (byte & 127) * scale;
      if (!(byte & 128)) return byte & 64 ? value - scale * 128 : value;
      if (scale > 2 ** 56) throw new RangeError('too large');
    }
  }

  string(): string {
    const bytes = new Uint8Array(this.view.buffer, this.view.byteOffset, this.end);
    const text = longString(bytes, this.at, Math.min(this.end, this.at + PATH_BYTES));
    const zero = bytes.indexOf(0, this.at);
    if (zero < 0) throw new RangeError('ends early');
    this.at = zero + 1;
    return text;
  }
}

interface Strings {
  readonly line: Uint8Array;
  readonly info: Uint8Array;
}

/** DW_LNS_*, DW_LNE_*, DW_LNCT_*, DW_FORM_* (DWARF 5, sections 7.22 and 7.5.6). */
const Op = { COPY: 1, ADVANCE_PC: 2, ADVANCE_LINE: 3, SET_FILE: 4, CONST_ADD_PC: 8, FIXED_ADVANCE_PC: 9 } as const;
const Extended = { END_SEQUENCE: 1, SET_ADDRESS: 2, DEFINE_FILE: 3 } as const;
const Content = { PATH: 1, DIRECTORY: 2 } as const;

class LineProgram {
  readonly #in: Reader;
  readonly #strings: Strings;
  readonly #files: Files;
  readonly #version: number;
  readonly #program: number;
  readonly #minimum: number;
  readonly #lineBase: number;
  readonly #lineRange: number;
  readonly #opcodeBase: number;
  readonly #operands: number[] = [];
  /** The table's own file numbers → index into `Files`. */
  readonly #own: number[] = [];

  constructor(reader: Reader, strings: Strings, files: Files) {
    this.#in = reader;
    this.#strings = strings;
    this.#files = files;
    this.#version = reader.u16();
    if (this.#version < 2 || this.#version > 5) throw new RangeError('unknown version');
    if (this.#version === 5) reader.skip(2); // address_size, segment_selector_size
    const header = reader.word();
    this.#program = reader.at + header;
    this.#minimum = reader.u8();
    if (this.#version >= 4) reader.skip(1); // maximum_operations_per_instruction: VLIW only
    reader.skip(1); // default_is_stmt: every row counts
    this.#lineBase = reader.i8();
    this.#lineRange = reader.u8();
    this.#opcodeBase = reader.u8();
    if (this.#lineRange === 0 || this.#opcodeBase === 0) throw new RangeError('impossible header');
    for (let op = 1; op < this.#opcodeBase; op++) this.#operands[op] = reader.u8();
    if (this.#version === 5) this.#entries5();
    else this.#entries();
    reader.at = this.#program;
  }

  run(onLines: OnLines): void {
    const reader = this.#in;
    let [address, file, line] = [0n, 1, 1];
    let last: { address: bigint; file: number; line: number } | undefined;
    const row = (): void => {
      if (last && address > last.address) onLines(last.address, address, this.#own[last.file] ?? -1, last.line);
      last = { address, file, line };
    };
    const advance = (operations: number): void => {
      address += BigInt(operations * this.#minimum);
    };
    while (reader.at < reader.end) {
      this.#files.step();
      const op = reader.u8();
      if (op >= this.#opcodeBase) {
        const special = op - this.#opcodeBase;
        advance(Math.floor(special / this.#lineRange));
        line += this.#lineBase + (special % this.#lineRange);
        row();
      } else if (op === 0) {
        const next = reader.uleb() + reader.at;
        const extended = reader.u8();
        if (extended === Extended.END_SEQUENCE) {
          row();
          [address, file, line, last] = [0n, 1, 1, undefined];
        } else if (extended === Extended.SET_ADDRESS) {
          address = next - reader.at === 8 ? reader.u64() : BigInt(reader.u32());
        } else if (extended === Extended.DEFINE_FILE) this.#define();
        reader.at = next;
      } else if (op === Op.COPY) row();
      else if (op === Op.ADVANCE_PC) advance(reader.uleb());
      else if (op === Op.ADVANCE_LINE) line += reader.sleb();
      else if (op === Op.SET_FILE) file = reader.uleb();
      else if (op === Op.CONST_ADD_PC) advance(Math.floor((255 - this.#opcodeBase) / this.#lineRange));
      else if (op === Op.FIXED_ADVANCE_PC) address += BigInt(reader.u16());
      else for (let k = this.#operands[op]; k > 0; k--) reader.uleb();
    }
  }

  /** Versions 2 to 4: zero-terminated lists; directory 0 is the compilation's, which is stored elsewhere. */
  #entries(): void {
    const reader = this.#in;
    this.#directories.push('');
    for (let name = reader.string(); name; name = reader.string()) this.#directories.push(name);
    this.#own.push(-1);
    for (let name = reader.string(); name; name = reader.string()) {
      const directory = reader.uleb();
      reader.uleb();
      reader.uleb();
      this.#own.push(this.#files.of(this.#path(name, directory)));
    }
  }

  #define(): void {
    const name = this.#in.string();
    this.#own.push(this.#files.of(this.#path(name, this.#in.uleb())));
  }

  readonly #directories: string[] = [];

  /** Version 5: entries describe their own format. */
  #entries5(): void {
    for (const [name] of this.#table5()) this.#directories.push(name);
    for (const [name, directory] of this.#table5()) this.#own.push(this.#files.of(this.#path(name, directory)));
  }

  #table5(): [name: string, directory: number][] {
    const reader = this.#in;
    const formats = Array.from({ length: reader.u8() }, () => [reader.uleb(), reader.uleb()] as const);
    const n = reader.uleb();
    if (!formats.length && n > 0) throw new RangeError('entries of nothing');
    if (n > LINE_FILES) throw new RangeError('too many files');
    return Array.from({ length: n }, () => {
      this.#files.step();
      let [name, directory] = ['', 0];
      for (const [content, form] of formats) {
        const value = this.#form(form);
        if (content === Content.PATH && typeof value === 'string') name = value;
        else if (content === Content.DIRECTORY && typeof value === 'number') directory = value;
      }
      return [name, directory];
    });
  }

  #form(form: number): string | number | undefined {
    const reader = this.#in;
    switch (form) {
      case 0x08:
        return reader.string();
      case 0x1f:
        return this.#stringAt(this.#strings.line, reader.word());
      case 0x0e:
        return this.#stringAt(this.#strings.info, reader.word());
      case 0x0f:
        return reader.uleb();
      case 0x0b:
        return reader.u8();
      case 0x05:
        return reader.u16();
      case 0x06:
        return reader.u32();
      case 0x07:
        return Number(reader.u64());
      case 0x1e:
        return void reader.skip(16);
      case 0x09:
        return void reader.skip(reader.uleb());
      default:
        throw new RangeError('unknown form');
    }
  }

  #stringAt(bytes: Uint8Array, at: number): string {
    return at < bytes.length ? this.#files.text(longString(bytes, at, Math.min(bytes.length, at + PATH_BYTES))) : '';
  }

  #path(name: string, directory: number): string {
    const folder = this.#directories[directory] ?? '';
    if (name.startsWith('/') || !folder) return name;
    const base = this.#directories[0];
    const whole = folder.startsWith('/') || directory === 0 || !base ? folder : `${base}/${folder}`;
    return this.#files.text(`${whole}/${name}`);
  }
}
