/**
 * Records of the same packets at the same places share a layout. A core writes a few dozen of them, so most records are known by
 * their header bytes alone: a walk through a tree of those, without a look at what a packet is.
 */
import type { SpeColumns } from './columns.ts';
import { fieldPresence } from './fields.ts';
import type { FieldReader } from './fields.ts';

/** Bytes of the longest record that has a layout: a record has 64 on most cores. */
export const LAYOUT_BYTES = 256;
/** More header bytes than that are not kept: records of other layouts are decoded packet by packet. */
const MAX_NODES = 4096;
/** See `Layouts.next`. */
export const CHECK = 1 << 15;
export const OFFSET = CHECK - 1;
export const NODE_SHIFT = 16;

/** A record's packets as they come by, in order. */
export class Trail {
  n = 0;
  /** Header bytes, and where each lies behind the record's start. */
  readonly header = new Uint8Array(LAYOUT_BYTES);
  readonly at = new Uint16Array(LAYOUT_BYTES);
  /** Bytes that belong to the packet from there on: 1 for the first byte of an extended header. */
  readonly bytes = new Uint8Array(LAYOUT_BYTES);
  readonly field = new Uint8Array(LAYOUT_BYTES);
  /** The record can have a layout: it was seen whole, and all of it is packets and padding. */
  whole = false;

  start(): void {
    this.n = 0;
    this.whole = true;
  }

  /** @param at bytes behind the record's start */
  add(header: number, at: number, bytes: number, field: number): void {
    if (this.n === LAYOUT_BYTES || at + bytes > LAYOUT_BYTES) {
      this.whole = false;
      return;
    }
    const i = this.n++;
    this.header[i] = header;
    this.at[i] = at;
    this.bytes[i] = bytes;
    this.field[i] = field;
  }
}

interface Layout {
  /** Fields and where their payloads lie behind the record's start, in order. */
  readonly fields: readonly number[];
  readonly offsets: readonly number[];
  readonly present: number;
}

export class Layouts {
  /**
   * By node << 8 | header byte (0: padding): what follows, 0 if that isn't known. Node 0 is a record's start. In one word, since each
   * step waits for the one before: the next node << 16, `CHECK` if there is padding to look at or the record ends, and where the
   * next header lies behind the record's start (of a record that ends: its length).
   */
  readonly next = new Uint32Array(MAX_NODES << 8);
  /** By node: bytes of padding that lie before the next header. */
  readonly padding = new Uint8Array(MAX_NODES);
  /** By node: one more than the layout of a record that ends there, 0 if it doesn't. */
  readonly leaf = new Uint16Array(MAX_NODES);
  #nodes = 1;
  readonly #layouts: Layout[] = [];
  #counts = new Int32Array(0);
  #rows = new Int32Array(0);

  /** Keeps the layout of a record of `length` bytes. */
  learn(trail: Trail, length: number): void {
    const { n, header, at, bytes, field } = trail;
    if (!trail.whole || length > LAYOUT_BYTES) return;
    let node = 0;
    let place = 0;
    for (let i = 0; i < n && node >= 0; i++) {
      const end = at[i] + bytes[i];
      const gap = (i + 1 < n ? at[i + 1] : length) - end;
      place = (node << 8) | header[i];
      node = this.#step(place, end, 0);
      if (gap && node >= 0) node = this.#step((place = node << 8), end + gap, gap);
    }
    if (node < 0 || this.leaf[node]) return;
    const packets = Array.from({ length: n }, (_, i) => i).filter((i) => field[i]);
    const fields = packets.map((i) => field[i]);
    this.#layouts.push({
      fields,
      // A header is one byte before its payload.
      offsets: packets.map((i) => at[i] + 1),
      present: fields.reduce((bits, f) => bits | fieldPresence[f], 0),
    });
    this.leaf[node] = this.#layouts.length;
    this.next[place] |= CHECK;
  }

  /** The node at a place of `next`, made if there is none; -1 if there can't be one. */
  #step(place: number, offset: number, padding: number): number {
    const known = this.next[place];
    // Padding of another length at the same place: the first one seen has it.
    if (known) return (known & OFFSET) === offset ? known >>> NODE_SHIFT : -1;
    if (this.#nodes === MAX_NODES) return -1;
    const made = this.#nodes++;
    this.next[place] = (made << NODE_SHIFT) | (padding ? CHECK : 0) | offset;
    this.padding[made] = padding;
    return made;
  }

  /**
   * Reads the rows [from, to) whose layouts are `layoutOf` (one more than their index; 0: a row that was read already), and sets
   * their `present`, but for what isn't told by packets.
   */
  read(
    reader: FieldReader,
    columns: SpeColumns,
    view: DataView,
    start: Int32Array,
    layoutOf: Uint16Array,
    from: number,
    to: number,
  ): void {
    const layouts = this.#layouts;
    if (this.#counts.length <= layouts.length) this.#counts = new Int32Array(2 * layouts.length + 1);
    if (this.#rows.length < to - from) this.#rows = new Int32Array(columns.capacity);
    const ends = this.#counts.fill(0);
    const rows = this.#rows;
    for (let i = from; i < to; i++) ends[layoutOf[i]]++;
    for (let k = 1, sum = ends[0]; k <= layouts.length; k++) sum = ends[k] += sum;
    for (let i = to - 1; i >= from; i--) rows[--ends[layoutOf[i]]] = i;
    // `ends` are the starts now.
    for (let k = 1; k <= layouts.length; k++) {
      const run = { rows, from: ends[k], to: k < layouts.length ? ends[k + 1] : to - from, start };
      if (run.from === run.to) continue;
      const { fields, offsets, present } = layouts[k - 1];
      for (let at = run.from; at < run.to; at++) columns.present[rows[at]] = present;
      for (let f = 0; f < fields.length; f++) reader.read(fields[f], view, run, offsets[f]);
    }
  }
}
