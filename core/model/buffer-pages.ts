/** Stage 2 state of one buffer's pages under one policy (replay.ts, rules 3 to 6). */
import { MAP, MAP_READ_ONLY, UNMAP, WRITE_PROTECT } from './page-ops.ts';
import { causeClasses, code } from './terms.ts';

const MAPPED = 1;
const WRITABLE = 2;
/** The access flag; without hardware management a page that lacks it faults. */
const ACCESSED = 4;
const VALID = MAPPED | WRITABLE | ACCESSED;
/** KVM holds a pin on it that still guards the mapping. */
const PINNED = 8;

const FIRST_TOUCH = code(causeClasses, 'first-touch');
const HOST_MM = code(causeClasses, 'host-mm');
const DIRTY_LOG = code(causeClasses, 'dirty-log');

export class BufferPages {
  readonly #state: Uint8Array;
  readonly #cause: Uint8Array;
  /** Bit per page: not valid. */
  readonly #invalid: Uint32Array;
  #invalidCount = 0;
  readonly #filter: boolean;
  readonly #hardwareAccessFlag: boolean;
  /** A page lost its pin since the buffer was pinned last. */
  pinBroken = false;

  /** @param filter pins are guarded by the notifier filter too */
  constructor(unmapped: Uint8Array, initial: 'mapped' | 'unmapped', filter: boolean, hardwareAccessFlag: boolean) {
    const pages = unmapped.length;
    this.#filter = filter;
    this.#hardwareAccessFlag = hardwareAccessFlag;
    this.#state = new Uint8Array(pages).fill(VALID);
    this.#cause = new Uint8Array(pages).fill(FIRST_TOUCH);
    this.#invalid = new Uint32Array(Math.ceil(pages / 32));
    for (let slot = 0; slot < pages; slot++) if (initial === 'unmapped' || unmapped[slot]) this.#set(slot, 0);
  }

  /** Index into `causeClasses`: why a write to the page would fault now. */
  causeOf(slot: number): number {
    return this.#cause[slot];
  }

  /** The first page that is not valid, looking from `slot` on and around the end; -1 when all are. */
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

  /** A stage 2 event of the timeline. Returns whether it made the page valid or took that away. */
  apply(op: number, slot: number, cause: number): boolean {
    const before = this.#state[slot];
    if (op === MAP) return this.#set(slot, before | VALID);
    if (before & PINNED && (cause === DIRTY_LOG || (this.#filter && cause === HOST_MM))) return false;
    if (op === MAP_READ_ONLY) return this.#break(slot, MAPPED | ACCESSED, cause);
    if (op === UNMAP)
      return (before & MAPPED) !== 0 || this.#cause[slot] !== FIRST_TOUCH ? this.#break(slot, 0, cause) : false;
    if (!(before & MAPPED)) return false;
    if (op === WRITE_PROTECT) return this.#break(slot, before & ~WRITABLE, cause);
    return this.#hardwareAccessFlag ? false : this.#break(slot, before & ~ACCESSED, cause);
  }

  /** KVM answers a fault by mapping the page. */
  map(slot: number): void {
    this.#set(slot, this.#state[slot] | VALID);
  }

  /** KVM pins the whole buffer: mapped, writable, dirty. */
  pinAll(): void {
    this.#state.fill(VALID | PINNED);
    this.#invalid.fill(0);
    this.#invalidCount = 0;
    this.pinBroken = false;
  }

  #break(slot: number, state: number, cause: number): boolean {
    if (this.#state[slot] & PINNED) this.pinBroken = true;
    this.#cause[slot] = cause;
    return this.#set(slot, state & ~PINNED);
  }

  #set(slot: number, state: number): boolean {
    const was = (this.#state[slot] & VALID) === VALID;
    const is = (state & VALID) === VALID;
    this.#state[slot] = state;
    if (was === is) return false;
    this.#invalid[slot >>> 5] ^= 1 << (slot & 31);
    this.#invalidCount += is ? -1 : 1;
    return true;
  }
}

function lowestBit(word: number): number {
  return 31 - Math.clz32(word & -word);
}
