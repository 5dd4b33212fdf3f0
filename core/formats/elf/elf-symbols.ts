import type { Warnings } from '../problems.ts';
import { longString } from '../event-format/text-bytes.ts';
import { NAME_BYTES, STRINGS_BYTES, SYMBOL_ENTRIES, SYMBOLS } from '../symbols/limits.ts';
import { Binding, KERNEL_BASE, kernelPlace, SymbolCollector } from '../symbols/symbol-table.ts';
import type { SymbolTable } from '../symbols/symbol-table.ts';
import type { ElfFile, Section, Segment } from './elf.ts';
import { fileOffset, SectionType } from './elf.ts';

const STT_NOTYPE = 0;
const STT_FUNC = 2;
const STT_GNU_IFUNC = 10;
const SHN_UNDEF = 0;
const SHN_LORESERVE = 0xff00;
const SHN_XINDEX = 0xffff;
const SHF_EXECINSTR = 4;
const ET_REL = 1;

/** Symbols read at a time. */
const CHUNK = 1 << 14;

/** Bindings by st_info: the file's numbers are ours (STB_LOCAL 0, STB_GLOBAL 1, STB_WEAK 2), others count as global. */
const bindingOf = (info: number): number => (info >> 4 <= Binding.WEAK ? info >> 4 : Binding.GLOBAL);

/** A symbol table with its strings in memory. */
interface Table {
  readonly section: Section;
  readonly strings: Uint8Array;
}

/**
 * The functions of a binary by file offset, from .symtab and .dynsym: what perf takes for functions (tools/perf/util/symbol-elf.c,
 * elf_sym__filter), labels of assembly code included.
 *
 * @param segments those of the binary that ran: debug files keep its addresses, but not its layout
 */
export function elfSymbols(elf: ElfFile, warnings: Warnings, segments: readonly Segment[] = elf.segments): SymbolTable {
  return collect(elf, warnings, (value, section) => {
    if (elf.type === ET_REL) return section && section.offset + Number(value);
    return fileOffset(segments, value);
  });
}

/**
 * The functions of a vmlinux by address (`kernelPlace`). KASLR moved it: `text` is where the running kernel had the symbol
 * named `reference` (perf records it as the kernel mapping's pgoff).
 */
export function kernelSymbols(elf: ElfFile, warnings: Warnings, text: bigint, reference: string): SymbolTable {
  const linked = collect(elf, warnings, (value) => (value >> 63n ? kernelPlace(value) : undefined));
  const at = Array.from({ length: linked.n }, (_, i) => i).find((i) => linked.name(i) === reference);
  const slide = at === undefined ? 0 : kernelPlace(text) - linked.start[at];
  if (at === undefined) {
    const message = `no symbol ${reference} in the kernel's file: its addresses are taken as they are`;
    warnings.add('info', 'elf-no-reference', message);
  }
  return { ...linked, start: linked.start.map((s) => s + slide), end: linked.end.map((e) => e + slide) };
}

/** True for a kernel's file: it is linked for the upper half of the address space. */
export function isKernelElf(elf: ElfFile): boolean {
  return elf.type !== ET_REL && elf.segments.some((s) => s.vaddr + s.size > KERNEL_BASE);
}

/** True if the file has a full symbol table, not just what dynamic linking needs. */
export function hasSymtab(elf: ElfFile): boolean {
  return elf.sections.some((s) => s.type === SectionType.SYMTAB && s.size > 0);
}

type PlaceOf = (value: bigint, section: Section | undefined) => number | undefined;

function collect(elf: ElfFile, warnings: Warnings, placeOf: PlaceOf): SymbolTable {
  // One of each (System V ABI, chapter 4, "Sections"); an empty one counts for nothing.
  const tables = [SectionType.SYMTAB, SectionType.DYNSYM].flatMap((type) => {
    const section = elf.sections.find((s) => s.type === type && s.size > 0);
    return (section && readStrings(elf, section, warnings)) ?? [];
  });
  const nameOf = (key: number): string => {
    const { strings } = tables[Math.floor(key / 2 ** 32)];
    const at = key % 2 ** 32;
    return longString(strings, at, Math.min(strings.length, at + NAME_BYTES));
  };
  const symbols = new SymbolCollector(nameOf);
  tables.forEach((table, i) => readTable(elf, table, i * 2 ** 32, symbols, placeOf, warnings));
  return symbols.build();
}

function readStrings(elf: ElfFile, section: Section, warnings: Warnings): Table | undefined {
  const link = elf.sections[section.link];
  // Its own bytes may not be there: debug files have empty tables of the other kind.
  if (!link) return undefined;
  const strings = new Uint8Array(elf.source.read(link.offset, Math.min(link.size, STRINGS_BYTES)));
  if (strings.length < link.size) {
    const message = "an ELF string table that doesn't lie in its file: names beyond its end are lost";
    warnings.add('undecoded', 'elf-strings', message, { offset: Math.min(link.offset, elf.source.size) });
  }
  return { section, strings };
}

function readTable(
  elf: ElfFile,
  { section, strings }: Table,
  keys: number,
  symbols: SymbolCollector,
  placeOf: PlaceOf,
  warnings: Warnings,
): void {
  const least = elf.is64 ? 24 : 16;
  const entry = section.entrySize || least;
  const count = Math.floor(section.size / entry);
  const cut = (message: string) =>
    warnings.add('undecoded', 'elf-symbols', message, { offset: Math.min(section.offset, elf.source.size) });
  if (entry < least || entry > 4096) return cut('an ELF symbol table whose entries have an impossible size: skipped');
  const field = elf.is64 ? { info: 4, section: 6, value: 8, size: 16 } : { info: 12, section: 14, value: 4, size: 8 };
  for (let first = 0; first < count; first += CHUNK) {
    if (first >= SYMBOL_ENTRIES) return cut(`more than ${SYMBOL_ENTRIES} symbols: the rest is left out`);
    const n = Math.min(CHUNK, count - first);
    const bytes = elf.source.read(section.offset + first * entry, n * entry);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    for (let at = 0; at + entry <= bytes.length; at += entry) {
      const name = view.getUint32(at, true);
      const info = bytes[at + field.info];
      const type = info & 15;
      const index = view.getUint16(at + field.section, true);
      if (type !== STT_FUNC && type !== STT_NOTYPE && type !== STT_GNU_IFUNC) continue;
      if (index === SHN_UNDEF || (index >= SHN_LORESERVE && index !== SHN_XINDEX)) continue;
      if (name === 0 || name >= strings.length || strings[name] === 0) continue;
      const own = index === SHN_XINDEX ? undefined : elf.sections[index];
      if (type === STT_NOTYPE && (strings[name] === DOLLAR || !own || !(own.flags & SHF_EXECINSTR))) continue;
      const value = elf.is64
        ? view.getBigUint64(at + field.value, true)
        : BigInt(view.getUint32(at + field.value, true));
      const place = placeOf(value, own);
      if (place === undefined || place > Number.MAX_SAFE_INTEGER) continue;
      const size = view.getUint32(at + field.size, true);
      symbols.add(place, size, bindingOf(info), keys + name);
      if (symbols.n >= SYMBOLS) return cut(`more than ${SYMBOLS} functions: the rest is left out`);
    }
    if (bytes.length < n * entry)
      return cut("an ELF symbol table that doesn't lie in its file: read as far as it does");
  }
}

/** Mapping symbols (`$x`, `$d`; ELF for the Arm architecture, 5.5.5) tell code from data and name nothing. */
const DOLLAR = 0x24;
