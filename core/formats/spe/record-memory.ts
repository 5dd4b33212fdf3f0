/** The memory that the decoder's hot loops (records.wat) share with its columns, and the loops themselves. */
import type { TimeConv } from '../perf-data/time-conv.ts';
import { LAYOUT_BYTES, MAX_LAYOUTS, places } from '../memory-map.ts';
import { wasmInstance, wasmMemory } from '../wasm-memory.ts';
import type { WasmMemory } from '../wasm-memory.ts';
import { BATCH, columnBytes, SpeColumns } from './columns.ts';
import { recordsWasm } from './records.wasm.ts';

/** Fields of one kind for all rows of a run: numbers of 4 bytes from `rows` up to `end`. See records.wat. */
type Gather = (rows: number, end: number, starts: number, offset: number, bits: number, to: number) => void;
type Read = (rows: number, end: number, starts: number, offset: number, to: number) => void;
/** Adds the address's state to `states`, `shift` bits up. */
type ReadAddress = (...to: [...Parameters<Read>, states: number, shift: number]) => void;

interface RecordsWasm {
  mark(
    pos: number,
    whole: number,
    n: number,
    capacity: number,
    root: number,
    starts: number,
    layouts: number,
    sizes: number,
  ): number;
  readonly gather64: Gather;
  readonly gather32: Gather;
  readonly gather16: Gather;
  readonly levels: Read;
  readonly operations: Read;
  readonly instructions: ReadAddress;
  readonly physical: ReadAddress;
  readonly virtual: Read;
  convert(rows: number, end: number, ticks: number, to: number): void;
  fill16(rows: number, end: number, value: number, to: number): void;
}

/** Bytes of AUX data that are decoded at a time. */
const CHUNK_BYTES = 1 << 18;
/** Fields are read 8 bytes at a time: up to 7 past the last one, and a layout 16 at a time. */
const SLACK = LAYOUT_BYTES;
const { LENGTHS, STOPPED, CLOCK, MASKS, VALUES, TREE, RECORDS_FREE: FREE } = places;

/** Columns that `decodeSpe` fills. */
export class DecodedColumns extends SpeColumns {
  readonly memory: WasmMemory;
  readonly wasm: RecordsWasm;
  /** All of the memory; addresses are places in it. */
  readonly bytes: Uint8Array;
  readonly view: DataView;
  /** Where the data to decode goes, and how many bytes fit there. */
  readonly chunk: number;
  readonly chunkBytes = CHUNK_BYTES;
  /** Per row: where its record starts, its layout (0: none), and a list of rows. */
  readonly starts: Int32Array;
  readonly layouts: Uint8Array;
  readonly rows: Int32Array;
  /** Where all of this ends; `spare` bytes from there on are for whoever asked for them. */
  readonly end: number;

  constructor(capacity = BATCH, spare = 0) {
    const rows = (4 * capacity + 15) & ~15;
    const columns = FREE + CHUNK_BYTES + SLACK;
    const starts = columns + columnBytes(capacity);
    const layouts = starts + 2 * rows;
    const end = layouts + ((capacity + 15) & ~15);
    const memory = wasmMemory(end + spare);
    super(capacity, memory.buffer, columns);
    this.memory = memory;
    this.wasm = wasmInstance(recordsWasm, memory);
    this.bytes = new Uint8Array(memory.buffer);
    this.view = new DataView(memory.buffer);
    this.chunk = FREE;
    this.starts = new Int32Array(memory.buffer, starts, capacity);
    this.rows = new Int32Array(memory.buffer, starts + rows, capacity);
    this.layouts = new Uint8Array(memory.buffer, layouts, capacity);
    this.end = end;
  }

  /** Where `mark` stopped. */
  get stopped(): number {
    return this.view.getInt32(STOPPED, true);
  }

  /** Sets the clock that `convert` uses; see ticksToNs. */
  setClock({ shift, mult, zero, short }: TimeConv): void {
    // Without cap_user_time_short: a counter of 64 bits.
    const { cycles, mask } = short ?? { cycles: 0n, mask: (1n << 64n) - 1n };
    [cycles, mask, shift, mult, zero].forEach((value, i) => this.view.setBigUint64(CLOCK + 8 * i, value, true));
  }

  /** Of layouts: the length of each, masks and values of their bytes, and the tree that finds them. */
  get layoutTables() {
    const { buffer } = this.memory;
    return {
      length: new Uint16Array(buffer, LENGTHS, MAX_LAYOUTS + 1),
      mask: new Uint8Array(buffer, MASKS, (MAX_LAYOUTS + 1) * LAYOUT_BYTES),
      value: new Uint8Array(buffer, VALUES, (MAX_LAYOUTS + 1) * LAYOUT_BYTES),
      tree: new Int32Array(buffer, TREE, (FREE - TREE) / 4),
    };
  }
}
