/** What is left of a reference, to compare with another profile: each numbers its own rows, keys match them. */
import type { KeyedLane } from './over-time.ts';
import { Reference } from './reference.ts';
import type { Losses } from './reference.ts';

export class Survivors {
  readonly reference: Reference;
  readonly losses: Losses;
  /** The key of each row of the reference. */
  readonly keyOf: Uint32Array;

  /** @param keyOf keys of the rows, where they aren't the reference's own */
  constructor(reference: Reference, losses: Losses, keyOf = reference.key) {
    this.reference = reference;
    this.losses = losses;
    this.keyOf = keyOf;
  }

  static of(lanes: readonly KeyedLane[], keyCount: number): Survivors {
    const reference = new Reference(lanes, keyCount);
    return new Survivors(reference, reference.losses(lanes.map(({ fates }) => fates)));
  }

  /** Samples that survived. */
  get total(): number {
    return this.reference.total - this.losses.lost;
  }

  get coverage(): number {
    return this.total / this.reference.total;
  }

  /** Of each key. @param keyCount keys are below it */
  counts(keyCount: number): Uint32Array {
    const counts = new Uint32Array(keyCount);
    this.keyOf.forEach((key, row) => (counts[key] += this.reference.counts[row] - this.losses.byRow[row]));
    return counts;
  }

  /** The row of each key; -1 where it has none. */
  rowsOf(keys: Uint32Array): Int32Array {
    const rows = new Map(Array.from(this.keyOf, (key, row) => [key, row]));
    return Int32Array.from(keys, (key) => rows.get(key) ?? -1);
  }
}
