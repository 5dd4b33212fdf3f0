/** Writes small ELF files: one loaded segment, a build id, a symbol table. */
export interface ElfContent {
  readonly buildId?: string;
  /** Address at which offset 0 is linked. */
  readonly vaddr: bigint | number;
  readonly symbols: readonly { readonly name: string; readonly offset: number; readonly size: number }[];
}

const HEADER = 64;
const PROGRAM = 56;
const SECTION = 64;
const SYMBOL = 24;

export function buildElf({ buildId, vaddr, symbols }: ElfContent): Uint8Array {
  const id = Uint8Array.from(buildId?.match(/../g) ?? [], (h) => parseInt(h, 16));
  const names = new TextEncoder().encode(`\0${symbols.map((s) => `${s.name}\0`).join('')}`);
  const noteAt = HEADER + PROGRAM;
  const noteSize = id.length ? 16 + id.length : 0;
  const symbolsAt = noteAt + noteSize + (-(noteAt + noteSize) & 7);
  const namesAt = symbolsAt + SYMBOL * (symbols.length + 1);
  const sectionsAt = namesAt + names.length + (-(namesAt + names.length) & 7);
  const bytes = new Uint8Array(sectionsAt + 5 * SECTION);
  const view = new DataView(bytes.buffer);
  const u64 = (at: number, value: bigint | number) => view.setBigUint64(at, BigInt(value), true);
  bytes.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  view.setUint16(16, 3, true);
  view.setUint16(18, 183, true);
  u64(32, HEADER);
  u64(40, sectionsAt);
  view.setUint16(54, PROGRAM, true);
  view.setUint16(56, 1, true);
  view.setUint16(58, SECTION, true);
  view.setUint16(60, 5, true);
  view.setUint32(HEADER, 1, true);
  u64(HEADER + 16, vaddr);
  u64(HEADER + 32, 0x4000000);
  u64(HEADER + 40, 0x4000000);
  if (noteSize) {
    view.setUint32(noteAt, 4, true);
    view.setUint32(noteAt + 4, id.length, true);
    view.setUint32(noteAt + 8, 3, true);
    bytes.set([0x47, 0x4e, 0x55, 0], noteAt + 12);
    bytes.set(id, noteAt + 16);
  }
  let nameAt = 1;
  symbols.forEach((s, i) => {
    const at = symbolsAt + SYMBOL * (i + 1);
    view.setUint32(at, nameAt, true);
    bytes[at + 4] = 0x12;
    view.setUint16(at + 6, 1, true);
    u64(at + 8, BigInt(vaddr) + BigInt(s.offset));
    u64(at + 16, s.size);
    nameAt += s.name.length + 1;
  });
  bytes.set(names, namesAt);
  /** type, flags, offset, size, link, entry size; after the null section. */
  const sections = [
    [1, 6, 0x1000, 0x3000000, 0, 0],
    [7, 2, noteAt, noteSize, 0, 0],
    [2, 0, symbolsAt, SYMBOL * (symbols.length + 1), 4, SYMBOL],
    [3, 0, namesAt, names.length, 0, 0],
  ];
  sections.forEach(([type, flags, offset, size, link, entry], i) => {
    const at = sectionsAt + SECTION * (i + 1);
    view.setUint32(at + 4, type, true);
    u64(at + 8, flags);
    u64(at + 24, offset);
    u64(at + 32, size);
    view.setUint32(at + 40, link, true);
    u64(at + 56, entry);
  });
  return bytes;
}
