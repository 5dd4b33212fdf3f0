/** A source as lines, in bounded memory. Lines come as one character per byte: their indexes are byte offsets. */
import { isAscii } from 'node:buffer';
import { latin1Text } from '../event-format/text-bytes.ts';
import type { Warnings } from '../problems.ts';
import type { ByteSource } from '../source.ts';
import { cleanLine, ENTITY, needsCleaning } from './clean-line.ts';
import type { Line } from './line.ts';

/** A text of this size lies in memory that V8 reuses; one of 128 KiB gets its own pages, which takes longer than reading it. */
const BLOCK = 64 << 10;
const NEWLINE = 10;
const RETURN = 13;
const ESCAPE = 27;
const AMPERSAND = 38;
const BACKSPACE = 8;
/** Bytes that clean-line.ts may have to take away, as it may have to in non-ASCII text. */
const SPECIAL = [ESCAPE, BACKSPACE, AMPERSAND];
const NOTHING = new Uint8Array(0);
/** Longer lines aren't trace text. */
const MAX_LINE = 1 << 20;

/**
 * May take a line by its bytes, without newline, before it becomes text: true if it did.
 * @param clean neither non-ASCII bytes nor escape sequences nor backspaces are among the bytes
 */
export type TakePlain = (bytes: Uint8Array, start: number, end: number, offset: number, clean: boolean) => boolean;

/** May take lines many at a time, of blocks without non-ASCII bytes and escape sequences. */
export interface TakeRuns {
  /** What is to come; nothing of an empty block. */
  open(block: Uint8Array): void;
  /** Takes lines from `start` on, as many as it likes, and returns how many; `offset`: of the block in the source. */
  take(start: number, offset: number): number;
  /** Where the line after them begins. */
  readonly next: number;
}

/** Calls `onLine` for each line that `plain` leaves; the line is lent until it returns, and reading ends when it returns false. */
export function forEachLine(
  source: ByteSource,
  warnings: Warnings,
  onLine: (line: Line) => boolean,
  plain?: TakePlain,
  runs?: TakeRuns,
): void {
  const line: Line = { number: 0, bytes: new Uint8Array(0), start: 0, end: 0, text: '', offset: 0 };
  let memory = new Uint8Array(Math.min(BLOCK, source.size));
  /** Bytes of an unfinished line, at the start of the memory. */
  let held = 0;
  let skipping = false;
  for (let at = 0; at < source.size;) {
    const wanted = Math.min(BLOCK, source.size - at);
    if (held + wanted > memory.length) {
      const larger = new Uint8Array(2 * (held + wanted));
      larger.set(memory.subarray(0, held));
      memory = larger;
    }
    const block = source.read(at, wanted, memory.subarray(held, held + wanted));
    if (block.length === 0) break;
    if (block.buffer !== memory.buffer) memory.set(block, held);
    const bytes = memory.subarray(0, held + block.length);
    const base = at - held;
    at += block.length;
    let searched = held;
    let text: string | undefined;
    let foreign = false;
    const buffer = asBuffer(bytes);
    const clean = plain !== undefined && isAscii(bytes) && !buffer.includes(ESCAPE) && !buffer.includes(BACKSPACE);
    // Lines that are taken as they are would keep them.
    const entities = buffer.includes(AMPERSAND) && ENTITY.test(latin1Text(bytes));
    runs?.open(clean && !entities ? bytes : NOTHING);
    let start = 0;
    for (;;) {
      if (runs && !skipping) {
        const taken = runs.take(start, base);
        if (taken) {
          line.number += taken;
          start = runs.next;
          searched = Math.max(searched, start);
        }
      }
      let end = buffer.indexOf(NEWLINE, searched);
      if (end < 0) {
        if (at < source.size) break;
        if (start === bytes.length) return;
        end = bytes.length;
      }
      if (skipping) {
        skipping = false;
      } else {
        line.number++;
        let stop = end;
        while (stop > start && bytes[stop - 1] === RETURN) stop--;
        if (entities || !plain?.(bytes, start, stop, base + start, clean)) {
          if (text === undefined) {
            text = latin1Text(bytes);
            foreign = (!isAscii(bytes) || SPECIAL.some((byte) => buffer.includes(byte))) && needsCleaning(text);
          }
          line.bytes = bytes;
          line.start = start;
          line.end = stop;
          line.text = text.slice(start, stop);
          line.offset = base + start;
          cleanLine(line, foreign);
          if (!onLine(line)) return;
        }
      }
      start = searched = end + 1;
      if (start > bytes.length) return;
    }
    held = bytes.length - start;
    memory.copyWithin(0, start, bytes.length);
    if (held > MAX_LINE || skipping) {
      warnings.add('undecoded', 'text-long-line', `lines of more than ${MAX_LINE} bytes are no trace text: skipped`, {
        offset: base + start,
        bytes: held,
      });
      held = 0;
      skipping = true;
    }
  }
}

/** A typed array's own searches look at each element; a Buffer's are as fast as memory. */
function asBuffer({ buffer, byteOffset, length }: Uint8Array): Buffer {
  return Buffer.from(buffer, byteOffset, length);
}
