/** Stage 2 state of one buffer's pages under one policy (replay-rules.md, rules 3 to 8). */
import { GONE, MAP, MAP_READ_ONLY, UNMAP, WAY_DIRTY_LOG, WAY_UNKNOWN, WRITE_PROTECT } from './page-ops.ts';
import { causeClasses, code, notifies } from './terms.ts';
import type { PinBreaker } from './terms.ts';

const MAPPED = 1;
const WRITABLE = 2;
/** The access flag; an SPU that doesn't set it faults on a page that lacks it. */
const ACCESSED = 4;
const VALID = MAPPED | WRITABLE | ACCESSED;
/** KVM's pin guards the mapping. */
const PINNED = 8;
/** KVM has a pin on the page, whether or not it guards the mapping. */
const HELD = 16;
/** There is nothing to map. */
const NOT_THERE = 32;
/** Unmapped from the start and never mapped since. */
const UNTOUCHED = 64;

/** The same for four pages. */
const FOUR_VALID = VALID * 0x01010101;
const FOUR_PINS = (PINNED | HELD) * 0x01010101;

const FIRST_TOUCH = code(causeClasses, 'first-touch');
const DIRTY_LOG = code(causeClasses, 'dirty-log');

/** What a row did to a page: bits of what `apply` returns. */
export const VALIDITY_CHANGED = 1;
export const UNMAPPED_THROUGH = 2;

export interface PageRules {
  readonly unmapped: Uint8Array;
  readonly initial: 'mapped' | 'unmapped';
  readonly unpinnedBy: readonly PinBreaker[];
  readonly spuFlagUpdates: boolean;
  /** The guest writes nothing through stage 2: all pages stay valid, but may be gone. */
  readonly immune: boolean;
}

export class BufferPages {
  readonly #state: Uint8Array;
  /** The same, four pages a word. */
  readonly #fours: Uint32Array;
  readonly #cause: Uint8Array;
  /** Bit per page: not valid. */
  readonly #invalid: Uint32Array;
  #invalidCount = 0;
  /** Bit per way. */
  readonly #breakers: number;
  readonly #spuFlagUpdates: boolean;
  readonly #immune: boolean;
  /** Pages that KVM has a pin on. */
  held = 0;
  /** Pages that are gone. */
  gone = 0;

  constructor({ unmapped, initial, unpinnedBy, spuFlagUpdates, immune }: PageRules) {
    const pages = unmapped.length;
    const ways = unpinnedBy.map((b) => (b === 'dirty-log' ? WAY_DIRTY_LOG : code(notifies, b)));
    this.#breakers = [WAY_UNKNOWN, ...ways].reduce((bits, way) => bits | (1 << way), 0);
    this.#spuFlagUpdates = spuFlagUpdates;
    this.#immune = immune;
    this.#fours = new Uint32Array(Math.ceil(pages / 4));
    this.#state = new Uint8Array(this.#fours.buffer, 0, pages).fill(VALID);
    this.#cause = new Uint8Array(pages).fill(FIRST_TOUCH);
    this.#invalid = new Uint32Array(Math.ceil(pages / 32));
    for (let slot = 0; slot < pages; slot++) if (initial === 'unmapped' || unmapped[slot]) this.#set(slot, UNTOUCHED);
  }

  get pages(): number {
    return this.#state.length;
  }

  /** Index into `causeClasses`: why a write to the page would fault at present. */
  causeOf(slot: number): number {
    return this.#cause[slot];
  }

  isGone(slot: number): boolean {
    return (this.#state[slot] & NOT_THERE) !== 0;
  }

  /** The first page that is not valid, searching from `slot` and wrapping around; -1 when all are. */
  nextInvalid(slot: number): number {
    if (this.#invalidCount === 0) return -1;
    const words = this.#invalid.length;
    const first = slot >>> 5;
    const ahead = this.#invalid[first] & (-1 << (slot & 31));
    if (ahead) return first * 32 + lowestBit(ahead);
    for (let i = 1; i <= words; i++) {
      const w = first + i < words ? first + i : first + i - words;
      if (this.#invalid[w]) return w * 32 + lowestBit(this.#invalid[w]);
    }
    return -1;
  }

  /** Whether a row other than a writable map leaves the page alone because a pin guards against that way. */
  withstands(slot: number, way: number): boolean {
    return (this.#state[slot] & PINNED) !== 0 && (this.#breakers & (1 << way)) === 0;
  }

  /** A row of the timeline. Returns VALIDITY_CHANGED and UNMAPPED_THROUGH, or neither. */
  apply(op: number, slot: number, cause: number, way: number, contents: number): number {
    const before = this.#state[slot];
    if (op === MAP) return this.#set(slot, (before | VALID) & ~(NOT_THERE | UNTOUCHED));
    if (this.withstands(slot, way)) return 0;
    if (op === UNMAP) return this.#unmap(slot, before, cause, contents);
    const keepsPin = cause === DIRTY_LOG ? before & (PINNED | HELD) : before & HELD;
    if (op === MAP_READ_ONLY) {
      this.#cause[slot] = cause;
      return this.#set(slot, MAPPED | ACCESSED | keepsPin);
    }
    if (!(before & MAPPED) || this.#immune) return 0;
    if (op === WRITE_PROTECT) {
      this.#cause[slot] = cause;
      return this.#set(slot, before & ~WRITABLE);
    }
    if (this.#spuFlagUpdates) return 0;
    this.#cause[slot] = cause;
    return this.#set(slot, before & ~ACCESSED);
  }

  #unmap(slot: number, before: number, cause: number, contents: number): number {
    if (!(before & UNTOUCHED)) this.#cause[slot] = cause;
    const keepsPin = cause === DIRTY_LOG ? before & (PINNED | HELD) : before & HELD;
    const gone = contents === GONE ? NOT_THERE : 0;
    return this.#set(slot, keepsPin | gone | (before & UNTOUCHED)) | UNMAPPED_THROUGH;
  }

  /** KVM or the VMM resolves a fault on the page; what is gone stays gone. */
  map(slot: number): void {
    const before = this.#state[slot];
    if (!(before & NOT_THERE)) this.#set(slot, (before | VALID) & ~UNTOUCHED);
  }

  /** The guest has written every page: all that exist are valid. */
  touchAll(): void {
    for (let slot = 0; slot < this.#state.length; slot++) this.map(slot);
  }

  /** How many pages of [first, end) a pin would take, release and leave held. @param cached intact pins are left alone */
  planPin(first: number, end: number, cached: boolean): { pins: number; releases: number; held: number } {
    if (!cached && this.gone === 0) return { pins: end - first, releases: this.held, held: end - first };
    let pins = 0;
    let ofThoseHeld = 0;
    for (let slot = first; slot < end; slot++) {
      if (!this.#isToPin(this.#state[slot], cached)) continue;
      pins++;
      if (this.#state[slot] & HELD) ofThoseHeld++;
    }
    const releases = cached ? ofThoseHeld : this.held;
    return { pins, releases, held: this.held - releases + pins };
  }

  /** Pins pages of [first, end), as planned: mapped, writable, dirty. */
  pin(first: number, end: number, cached: boolean): void {
    if (!cached && this.held) {
      for (let w = 0; w < this.#fours.length; w++) this.#fours[w] &= ~FOUR_PINS;
      this.held = 0;
    }
    for (let slot = first; slot < end; slot++) {
      if ((slot & 3) === 0 && slot + 4 <= end && this.#fours[slot >>> 2] === FOUR_VALID) {
        // Most pages are valid and free: no need to check each.
        this.#fours[slot >>> 2] = FOUR_VALID | FOUR_PINS;
        this.held += 4;
        slot += 3;
        continue;
      }
      const before = this.#state[slot];
      if (!this.#isToPin(before, cached)) continue;
      if (!(before & HELD)) this.held++;
      this.#set(slot, VALID | PINNED | HELD);
    }
  }

  #isToPin(state: number, cached: boolean): boolean {
    if (state & NOT_THERE) return false;
    return !cached || (state & (VALID | PINNED)) !== (VALID | PINNED);
  }

  #set(slot: number, to: number): number {
    const before = this.#state[slot];
    const state = this.#immune ? to | VALID : to;
    this.#state[slot] = state;
    this.gone += ((state & NOT_THERE) - (before & NOT_THERE)) / NOT_THERE;
    const is = (state & VALID) === VALID;
    if (((before & VALID) === VALID) === is) return 0;
    this.#invalid[slot >>> 5] ^= 1 << (slot & 31);
    this.#invalidCount += is ? -1 : 1;
    return VALIDITY_CHANGED;
  }
}

function lowestBit(word: number): number {
  return 31 - Math.clz32(word & -word);
}
