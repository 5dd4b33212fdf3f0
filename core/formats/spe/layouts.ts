/**
 * Records of the same packets at the same places share a layout, and a core writes a few dozen of those. So for most records a few header
 * bytes leave only one possible layout, and one comparison of all header bytes proves it. Packets aren't looked at one by one, and each
 * kind of packet is read for all records of a layout in one loop.
 */
import { Field, fieldExtra, fieldPresence } from './fields.ts';
import type { FieldReader } from './fields.ts';
import { LAYOUT_BYTES, MAX_LAYOUTS } from '../memory-map.ts';
import type { DecodedColumns } from './record-memory.ts';

/** The field of a packet in a record that has CONTEXTIDR_EL2. */
export function besideEl2(field: number): number {
  return field === Field.CONTEXT_EL1 ? Field.CONTEXT_BESIDE : field;
}

/** An entry of the table that leads to a layout, not to a further byte: its complement. Layout 0 means none. */
const NONE = ~0;

/** A record's packets as they come by, in order. */
export class Trail {
  n = 0;
  /** Bytes of the header, where each header lies past the record's start, bytes of header and payload. */
  readonly headerBytes = new Uint8Array(LAYOUT_BYTES);
  readonly at = new Uint16Array(LAYOUT_BYTES);
  readonly bytes = new Uint8Array(LAYOUT_BYTES);
  readonly field = new Uint8Array(LAYOUT_BYTES);
  /** The record can have a layout: it was seen whole, and all of it is packets and padding. */
  whole = false;

  start(): void {
    this.n = 0;
    this.whole = true;
  }

  /** @param at bytes past the record's start */
  add(headerBytes: number, at: number, bytes: number, field: number): void {
    if (this.n === LAYOUT_BYTES || at + bytes > LAYOUT_BYTES) {
      this.whole = false;
      return;
    }
    const i = this.n++;
    this.headerBytes[i] = headerBytes;
    this.at[i] = at;
    this.bytes[i] = bytes;
    this.field[i] = field;
  }
}

interface Layout {
  /** Fields and where their payloads lie past the record's start, in order. */
  readonly fields: readonly number[];
  readonly offsets: readonly number[];
  readonly present: number;
  readonly extra: number;
}

/** What follows the header bytes and padding seen so far: the byte to look at next, or the layout that they make up. */
interface Node {
  readonly offset: number;
  readonly children: Map<number, Node>;
  readonly layout: number;
}

/**
 * The layouts of records seen so far, at most 255 of up to 256 bytes (a record has 64 on most cores): further ones are decoded packet
 * by packet. `mark` (records.wat) finds them by their tree.
 */
export class Layouts {
  /**
   * How to find a layout: `entry = root`, and while an entry is 0 or more, the record's byte at `entry & 0xff` leads to the next one, at
   * `(entry & ~0xff) | byte` of the tree's table. Then `~entry` is the only layout that it can be.
   */
  root = NONE;
  /** Bytes that must be there to find one. */
  reach = 4;
  readonly #columns: DecodedColumns;
  readonly #tables;
  readonly #layouts: Layout[] = [{ fields: [], offsets: [], present: 0, extra: 0 }];
  readonly #tree: Node = { offset: 0, children: new Map(), layout: 0 };
  readonly #counts = new Int32Array(MAX_LAYOUTS + 2);

  constructor(columns: DecodedColumns) {
    this.#columns = columns;
    this.#tables = columns.layoutTables;
    this.#tables.mask.fill(0);
    this.#tables.value.fill(0);
  }

  /** Keeps the layout of a record of `length` bytes, whose bytes start at `from`. */
  learn(trail: Trail, length: number, bytes: Uint8Array, from: number): void {
    const layout = this.#layouts.length;
    if (!trail.whole || length > LAYOUT_BYTES || layout > MAX_LAYOUTS) return;
    const { n, headerBytes, at, field } = trail;
    // Headers and padding; the payloads between them can be anything.
    const fixed: number[] = [];
    for (let i = 0, done = 0; i < n; i++) {
      for (; done < at[i] + headerBytes[i]; done++) fixed.push(done);
      done = at[i] + trail.bytes[i];
    }
    if (!this.#insert(fixed, bytes, from, layout)) return;
    const { mask, value } = this.#tables;
    for (const offset of fixed) {
      mask[layout * LAYOUT_BYTES + offset] = 0xff;
      value[layout * LAYOUT_BYTES + offset] = bytes[from + offset];
    }
    const packets = Array.from({ length: n }, (_, i) => i).filter((i) => field[i]);
    const fields = packets.map((i) => field[i]);
    this.#layouts.push({
      fields: fields.includes(Field.CONTEXT_EL2) ? fields.map(besideEl2) : fields,
      offsets: packets.map((i) => at[i] + headerBytes[i]),
      present: fields.reduce((bits, f) => bits | fieldPresence[f], 0),
      extra: fields.reduce((bits, f) => bits | fieldExtra[f], 0),
    });
    this.#tables.length[layout] = length;
    this.reach = Math.max(this.reach, (length + 3) & ~3);
    const rows: number[] = [];
    this.root = this.#compile(this.#tree, rows);
    this.#tables.tree.set(rows);
  }

  /** False if such a record is already known: it was only too close to the end of the data to be recognised. */
  #insert(fixed: readonly number[], bytes: Uint8Array, from: number, layout: number): boolean {
    let node = this.#tree;
    for (let i = 0; i < fixed.length; i++) {
      const byte = bytes[from + fixed[i]];
      let child = node.children.get(byte);
      if (!child) {
        const last = i + 1 === fixed.length;
        child = { offset: last ? 0 : fixed[i + 1], children: new Map(), layout: last ? layout : 0 };
        node.children.set(byte, child);
      } else if (child.layout) return false;
      node = child;
    }
    return true;
  }

  /** The entry for a node; only nodes where paths fork get a row of the table. */
  #compile(from: Node, rows: number[]): number {
    let node = from;
    while (node.children.size === 1) [node] = node.children.values();
    if (!node.children.size) return ~node.layout;
    const row = rows.length;
    for (let byte = 0; byte < 256; byte++) rows.push(NONE);
    for (const [byte, child] of node.children) rows[row + byte] = this.#compile(child, rows);
    return row | node.offset;
  }

  /** Reads the rows [from, to) that have a layout, and sets their `present`, except for what packets don't say. */
  read(reader: FieldReader, from: number, to: number): void {
    const layouts = this.#layouts;
    const { wasm, rows, present, extra, layouts: layoutOf } = this.#columns;
    // Where each layout's rows start: counted, summed up, filled from the end.
    const starts = this.#counts.fill(0);
    for (let i = from; i < to; i++) starts[layoutOf[i]]++;
    for (let k = 1; k <= layouts.length; k++) starts[k] += starts[k - 1];
    for (let i = to - 1; i >= from; i--) rows[--starts[layoutOf[i]]] = i;
    for (let k = 1; k < layouts.length; k++) {
      if (starts[k] === starts[k + 1]) continue;
      const { fields, offsets, present: bits, extra: extraBits } = layouts[k];
      const at = rows.byteOffset;
      wasm.fill16(at + 4 * starts[k], at + 4 * starts[k + 1], bits, present.byteOffset);
      wasm.fill16(at + 4 * starts[k], at + 4 * starts[k + 1], extraBits, extra.byteOffset);
      for (let f = 0; f < fields.length; f++) reader.read(fields[f], starts[k], starts[k + 1], offsets[f]);
    }
  }
}
