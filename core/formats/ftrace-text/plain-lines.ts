/**
 * Lines of trace text read many at a time, in WebAssembly (plain-lines.wat): those of a thread and an event that a line was read of before,
 * which nearly all are. plain-event.ts reads the first of each kind and all that aren't sure to mean the same.
 */
import { BLOCK_BYTES, KNOWN_BYTES, linePlaces, MAX_LINES, MAX_NEEDS, NEED_BYTES } from '../memory-map.ts';
import { wasmInstance, wasmMemory } from '../wasm-memory.ts';
import type { PlainEvent } from './plain-event.ts';
import { plainLinesWasm } from './plain-lines.wasm.ts';

const { NEXT, TASKS, EVENTS, TASK_TEXTS, EVENT_TEXTS, NEEDS, BLOCK, TEXTS, LINES_END } = linePlaces;
const SLOT_BYTES = 16;
/** Where a need's text is in its slot; and its most bytes. */
const NEED_TEXT = 16;
const COLON = 58;

interface Exports {
  take(at: number, end: number, room: number): number;
  taskSlot(bracket: number): number;
  eventSlot(name: number, colon: number): number;
}

export class PlainLines {
  readonly #memory = wasmMemory(LINES_END);
  readonly #wasm = wasmInstance<Exports>(plainLinesWasm, this.#memory);
  readonly #bytes = new Uint8Array(this.#memory.buffer);
  readonly #words = new Uint32Array(this.#memory.buffer);
  /** Columns of the lines taken last: halves of times, ns; where lines begin in the block; where texts end in `texts`. */
  readonly times = this.#column(linePlaces.TIMES, 2);
  readonly starts = this.#column(linePlaces.STARTS);
  readonly cpus = this.#column(linePlaces.CPUS);
  readonly tids = this.#column(linePlaces.TIDS);
  readonly comms = this.#column(linePlaces.COMMS);
  readonly events = this.#column(linePlaces.KINDS);
  readonly ends = this.#column(linePlaces.ENDS);
  readonly texts = this.#bytes.subarray(TEXTS);
  #length = 0;

  /** Takes lines of these bytes from now on; of none if they are too many. */
  open(block: Uint8Array): void {
    this.#length = block.length <= BLOCK_BYTES ? block.length : 0;
    if (this.#length) this.#bytes.set(block, BLOCK);
  }

  close(): void {
    this.#length = 0;
  }

  /** Takes lines of the block from `start` on, `room` at most. Returns how many. */
  take(start: number, room: number): number {
    if (start >= this.#length) return 0;
    return this.#wasm.take(BLOCK + start, BLOCK + this.#length, Math.min(room, MAX_LINES));
  }

  /** Where the line after those taken begins. */
  get next(): number {
    return this.#words[NEXT / 4] - BLOCK;
  }

  /** Learns from a line of the block that begins at `start`: whatever begins the same means the same. */
  learn(start: number, { taskEnd, nameAt, textAt, comm, event, pid }: PlainEvent): void {
    const task = taskEnd - start;
    const name = textAt - nameAt;
    // System calls whose name is part of their text have none.
    if (textAt >= this.#length || task > KNOWN_BYTES || name > KNOWN_BYTES || name < 1) return;
    const { needs } = event;
    if (needs.length > MAX_NEEDS || needs.some(({ bytes }) => bytes.length > NEED_BYTES - NEED_TEXT)) return;
    const taskSlot = this.#wasm.taskSlot(BLOCK + taskEnd);
    this.#words.set([task, comm.index, pid], (TASKS + SLOT_BYTES * taskSlot) / 4);
    this.#copy(start, taskEnd, TASK_TEXTS + KNOWN_BYTES * taskSlot);
    const colon = this.#bytes.indexOf(COLON, BLOCK + nameAt);
    const slot = this.#wasm.eventSlot(BLOCK + nameAt, colon);
    this.#words.set([name, event.index, needs.length], (EVENTS + SLOT_BYTES * slot) / 4);
    this.#copy(nameAt, textAt, EVENT_TEXTS + KNOWN_BYTES * slot);
    needs.forEach(({ bytes, digits }, i) => {
      const at = NEEDS + NEED_BYTES * (MAX_NEEDS * slot + i);
      this.#words.set([bytes.length, 0, digits], at / 4);
      this.#bytes.set(bytes, at + NEED_TEXT);
    });
  }

  #copy(start: number, end: number, to: number): void {
    this.#bytes.copyWithin(to, BLOCK + start, BLOCK + end);
  }

  #column(at: number, words = 1): Uint32Array {
    return new Uint32Array(this.#memory.buffer, at, words * MAX_LINES);
  }
}
