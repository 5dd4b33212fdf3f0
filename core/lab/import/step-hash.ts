/** SHA-256 of a source, a step at a time, and the messages of the thread that computes one. */
import { createHash } from 'node:crypto';
import type { ByteSource } from '../../formats/source.ts';

/** Bytes of a step. */
export const HASH_STEP = 1 << 20;

export type HashMessage =
  | { readonly kind: 'read'; readonly bytes: number }
  | { readonly kind: 'digest'; readonly hex: string }
  | { readonly kind: 'failed'; readonly error: unknown };

export interface SourceHash {
  /** Does part of the work; returns whether there is more to do here. */
  step(): boolean;
  /** Does or awaits the rest; hex. */
  digest(): string;
  /** Must always be called. */
  close(): void;
}

/** A step at a time, in bounded memory. */
export class StepHash implements SourceHash {
  readonly #source: ByteSource;
  readonly #hash = createHash('sha256');
  #at = 0;
  #digest: string | undefined;

  constructor(source: ByteSource) {
    this.#source = source;
  }

  step(): boolean {
    const { size } = this.#source;
    if (this.#at < size) this.#hash.update(this.#source.read(this.#at, HASH_STEP));
    this.#at += HASH_STEP;
    return this.#at < size;
  }

  digest(): string {
    while (this.#at < this.#source.size) this.step();
    return (this.#digest ??= this.#hash.digest('hex'));
  }

  close(): void {
    // Nothing to release.
  }
}
