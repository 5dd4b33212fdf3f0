/**
 * Packets that no column holds. The decoder meets each layout of records packet by packet once, and thus each kind of these: an import
 * says that they are there, not how many.
 */
import type { Warnings } from '../problems.ts';
import { Address, Counter, extendedIndex, Kind } from './packets.ts';

const told = {
  'spe-alt-issue': 'alternate clock domain issue latencies (counter 4): not kept',
  'spe-two-contexts':
    'records with CONTEXTIDR_EL1 and CONTEXTIDR_EL2: the later one is kept, and threads are told by it',
  'spe-realm-addresses': 'addresses with NSE=1, of the Realm or the Root state: the address is kept, its state is not',
} as const;

export class Unkept {
  readonly #found = new Set<keyof typeof told>();
  /** Bit i: a CONTEXT packet of index i in the record being put together. */
  #contexts = 0;

  record(): void {
    this.#contexts = 0;
  }

  /** @param first, last header bytes @param top the payload's last byte */
  packet(kind: number, first: number, last: number, top: number): void {
    const index = first === last ? first & 7 : extendedIndex(first, last);
    if (kind === Kind.COUNTER && index === Counter.ALT_ISSUE) this.#found.add('spe-alt-issue');
    // A data virtual address has its tag there.
    if (kind === Kind.ADDRESS && index <= Address.PREVIOUS_TARGET && index !== Address.VA && top & 0x10)
      this.#found.add('spe-realm-addresses');
    if (kind !== Kind.CONTEXT) return;
    this.#contexts |= 1 << (first & 3);
    if (this.#contexts & (this.#contexts - 1)) this.#found.add('spe-two-contexts');
  }

  warn(warnings: Warnings): void {
    for (const kind of this.#found) warnings.add('info', kind, told[kind]);
  }
}
