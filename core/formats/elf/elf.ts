/**
 * ELF files, as far as symbols need them: build id, loaded segments, sections (System V ABI, chapter 4; elf.h). Little-endian,
 * 32 and 64 bits. Everything a header says is checked against the file: a damaged one gives less, with a warning, never more work.
 */
import { InputError } from '../problems.ts';
import type { Warnings } from '../problems.ts';
import type { ByteSource } from '../source.ts';
import { cString } from '../event-format/text-bytes.ts';
import { NOTES_BYTES, SECTION_NAMES_BYTES, SECTIONS, SEGMENTS } from '../symbols/limits.ts';

/** One PT_LOAD: file bytes `[offset, offset + size)` lie at `vaddr`. */
export interface Segment {
  readonly offset: number;
  readonly vaddr: bigint;
  /** Bytes in memory. */
  readonly size: bigint;
}

export interface Section {
  /** Such as `.text`; empty if the file doesn't name its sections. */
  readonly name: string;
  readonly type: number;
  readonly flags: number;
  readonly offset: number;
  readonly size: number;
  readonly link: number;
  readonly entrySize: number;
}

export interface ElfFile {
  readonly source: ByteSource;
  readonly is64: boolean;
  /** e_type: 1 relocatable, 2 executable, 3 shared object. */
  readonly type: number;
  /** Hex; undefined without an NT_GNU_BUILD_ID note. */
  readonly buildId: string | undefined;
  readonly segments: readonly Segment[];
  readonly sections: readonly Section[];
}

export const SectionType = { SYMTAB: 2, NOTE: 7, NOBITS: 8, DYNSYM: 11 } as const;
const PT_LOAD = 1;
const PT_NOTE = 4;
const NT_GNU_BUILD_ID = 3;

/** Offsets of header fields in the 64-bit and the 32-bit layout. */
const layouts = {
  64: { header: 64, phoff: 32, shoff: 40, phentsize: 54, program: 56, section: 64 },
  32: { header: 52, phoff: 28, shoff: 32, phentsize: 42, program: 32, section: 40 },
} as const;

export function isElf(head: Uint8Array): boolean {
  return head[0] === 0x7f && head[1] === 0x45 && head[2] === 0x4c && head[3] === 0x46;
}

/** Throws InputError if it isn't an ELF file, or is a big-endian one. */
export function openElf(source: ByteSource, warnings: Warnings): ElfFile {
  const head = new Uint8Array(source.read(0, 64));
  if (!isElf(head)) throw new InputError(source.name, 'no ELF file', 0);
  if (head[5] === 2) throw new InputError(source.name, 'a big-endian ELF file: only little-endian ones are read', 5);
  if ((head[4] !== 1 && head[4] !== 2) || head[5] !== 1) {
    throw new InputError(source.name, `ELF class ${head[4]}, byte order ${head[5]}: there is no such ELF file`, 4);
  }
  const is64 = head[4] === 2;
  const layout = layouts[is64 ? 64 : 32];
  if (head.length < layout.header)
    throw new InputError(source.name, 'an ELF file that ends in its header', head.length);
  const reader = new ElfReader(source, is64, warnings);
  const view = new DataView(head.buffer);
  const sections = reader.sections(
    word(view, layout.shoff, is64),
    view.getUint16(layout.phentsize + 4, true),
    view.getUint16(layout.phentsize + 6, true),
    view.getUint16(layout.phentsize + 8, true),
  );
  const programs = reader.programs(
    word(view, layout.phoff, is64),
    view.getUint16(layout.phentsize, true),
    view.getUint16(layout.phentsize + 2, true),
  );
  const notes = [...sections.filter((s) => s.type === SectionType.NOTE), ...programs.notes];
  // Real notes have some hundred bytes; many may claim the same ones.
  let left = NOTES_BYTES;
  const buildId = notes.reduce<string | undefined>((id, n) => {
    const size = Math.min(n.size, left);
    if (id === undefined) left -= size;
    return id ?? reader.buildId(n.offset, size);
  }, undefined);
  return { source, is64, type: view.getUint16(16, true), buildId, segments: programs.loads, sections };
}

/** A size or offset: exact up to 2^53; larger ones stay larger than any file. */
function word(view: DataView, at: number, is64: boolean): number {
  const low = view.getUint32(at, true);
  return is64 ? view.getUint32(at + 4, true) * 2 ** 32 + low : low;
}

class ElfReader {
  readonly #source: ByteSource;
  readonly #is64: boolean;
  readonly #warnings: Warnings;

  constructor(source: ByteSource, is64: boolean, warnings: Warnings) {
    this.#source = source;
    this.#is64 = is64;
    this.#warnings = warnings;
  }

  /** The entries of a header table that lie in the file, as one view; undefined if there are none. */
  #table(what: string, offset: number, entry: number, least: number, count: number): DataView | undefined {
    if (count === 0 || offset === 0) return undefined;
    const bytes = entry < least ? new Uint8Array(0) : new Uint8Array(this.#source.read(offset, entry * count));
    if (bytes.length < entry * count || entry < least) {
      const message = `an ELF ${what} table that doesn't lie in its file: read as far as it does`;
      this.#warnings.add('undecoded', 'elf-table', message, { offset: Math.min(offset, this.#source.size) });
    }
    return new DataView(bytes.buffer, 0, entry ? bytes.length - (bytes.length % entry) : 0);
  }

  sections(offset: number, entry: number, count: number, namesAt: number): Section[] {
    const least = layouts[this.#is64 ? 64 : 32].section;
    let n = count;
    // From 0xff00 sections on, the first one's size holds the count.
    if (n === 0 && offset > 0) {
      const first = this.#table('section', offset, entry, least, 1);
      n = first && first.byteLength >= least ? word(first, this.#is64 ? 32 : 20, this.#is64) : 0;
    }
    const view = this.#table('section', offset, entry, least, Math.min(n, SECTIONS));
    const sections: (Omit<Section, 'name'> & { nameAt: number })[] = [];
    for (let at = 0; view && at < view.byteLength; at += entry) {
      const field = (at64: number, at32: number) => word(view, at + (this.#is64 ? at64 : at32), this.#is64);
      sections.push({
        nameAt: view.getUint32(at, true),
        type: view.getUint32(at + 4, true),
        flags: view.getUint32(at + 8, true),
        offset: field(24, 16),
        size: field(32, 20),
        link: view.getUint32(at + (this.#is64 ? 40 : 24), true),
        entrySize: field(56, 36),
      });
    }
    // SHN_XINDEX: the first section's link holds it.
    const strings = sections[namesAt === 0xffff ? (sections[0]?.link ?? 0) : namesAt];
    const names = strings
      ? Uint8Array.from(this.#source.read(strings.offset, Math.min(strings.size, SECTION_NAMES_BYTES)))
      : new Uint8Array(0);
    return sections.map(({ nameAt, ...rest }) => ({
      name: cString(names, nameAt, Math.min(names.length, nameAt + 64)),
      ...rest,
    }));
  }

  programs(
    offset: number,
    entry: number,
    count: number,
  ): { loads: Segment[]; notes: { offset: number; size: number }[] } {
    const least = layouts[this.#is64 ? 64 : 32].program;
    const view = this.#table('segment', offset, entry, least, Math.min(count, SEGMENTS));
    const loads: Segment[] = [];
    const notes: { offset: number; size: number }[] = [];
    for (let at = 0; view && at < view.byteLength; at += entry) {
      const type = view.getUint32(at, true);
      const from = word(view, at + (this.#is64 ? 8 : 4), this.#is64);
      if (type === PT_NOTE) notes.push({ offset: from, size: word(view, at + (this.#is64 ? 32 : 16), this.#is64) });
      if (type !== PT_LOAD || from > Number.MAX_SAFE_INTEGER) continue;
      const wide = (at64: number, at32: number) =>
        this.#is64 ? view.getBigUint64(at + at64, true) : BigInt(view.getUint32(at + at32, true));
      loads.push({ offset: from, vaddr: wide(16, 8), size: wide(40, 20) });
    }
    return { loads, notes };
  }

  /** The id in a note section or segment: name `GNU`, type 3. */
  buildId(offset: number, size: number): string | undefined {
    const bytes = this.#source.read(offset, size);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    for (let at = 0; at + 12 <= bytes.length;) {
      const nameSize = view.getUint32(at, true);
      const idSize = view.getUint32(at + 4, true);
      const id = at + 12 + padded(nameSize);
      const isGnu = nameSize === 4 && bytes[at + 12] === 0x47 && bytes[at + 13] === 0x4e && bytes[at + 14] === 0x55;
      if (isGnu && view.getUint32(at + 8, true) === NT_GNU_BUILD_ID && idSize <= 64 && id + idSize <= bytes.length) {
        return Array.from(bytes.subarray(id, id + idSize), (b) => b.toString(16).padStart(2, '0')).join('');
      }
      at = id + padded(idSize);
    }
    return undefined;
  }
}

function padded(size: number): number {
  return Math.ceil(size / 4) * 4;
}

/**
 * File offset of a virtual address, by the segment that holds it; undefined outside all of them. Mappings are given as file offsets
 * (MMAP2's pgoff), whatever address the binary was linked for.
 */
export function fileOffset(segments: readonly Segment[], vaddr: bigint): number | undefined {
  const segment = segments.find((s) => vaddr >= s.vaddr && vaddr - s.vaddr < s.size);
  return segment && segment.offset + Number(vaddr - segment.vaddr);
}
