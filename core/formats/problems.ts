/**
 * How bad input is reported. One unreadable record never kills an import: it is skipped and counted here. Input that leaves nothing to read
 * at all is an `InputError`: one line that says where, what, and what to do.
 */

/** `info`: worth knowing; `undecoded`: bytes that hold nothing we could read; `data-loss`: the capture itself lost data. */
export type Severity = 'info' | 'undecoded' | 'data-loss';

export interface Warning {
  severity: Severity;
  /** Stable id, e.g. `spe-bad-packet`: scripts and tests rely on it. */
  kind: string;
  /** One sentence about all occurrences. */
  message: string;
  /** How often it happened. */
  count: number;
  /** Byte offset in the file of the first occurrence. */
  offset?: number;
  /** Bytes skipped, all occurrences together. */
  bytes?: number;
  /** For data loss with a known time: first and last moment, ns in the capture's clock, as decimal strings. */
  t0?: string;
  t1?: string;
}

/** Counts warnings by kind, in bounded memory: the first occurrence gives message and offset. */
export class Warnings {
  readonly #byKind = new Map<string, Warning>();

  add(
    severity: Severity,
    kind: string,
    message: string,
    at: { offset?: number; bytes?: number; t0?: bigint; t1?: bigint; count?: number } = {},
  ): void {
    const seen = this.#byKind.get(kind);
    if (!seen) {
      const { t0, t1, ...place } = at;
      const times = { ...(t0 !== undefined && { t0: String(t0) }), ...(t1 !== undefined && { t1: String(t1) }) };
      this.#byKind.set(kind, { severity, kind, message, count: 1, ...place, ...times });
      return;
    }
    seen.count += at.count ?? 1;
    if (at.bytes !== undefined) seen.bytes = (seen.bytes ?? 0) + at.bytes;
    if (at.t0 !== undefined && (seen.t0 === undefined || at.t0 < BigInt(seen.t0))) seen.t0 = String(at.t0);
    if (at.t1 !== undefined && (seen.t1 === undefined || at.t1 > BigInt(seen.t1))) seen.t1 = String(at.t1);
  }

  /** Adds what was counted elsewhere, in another thread say. */
  merge(others: readonly Warning[]): void {
    for (const { severity, kind, message, t0, t1, ...at } of others) {
      const times = { ...(t0 !== undefined && { t0: BigInt(t0) }), ...(t1 !== undefined && { t1: BigInt(t1) }) };
      this.add(severity, kind, message, { ...at, ...times });
    }
  }

  list(): Warning[] {
    return [...this.#byKind.values()];
  }
}

/** A file (or part of one) that can't be used at all. The message is complete: what, and what to do about it. */
export class InputError extends Error {
  override readonly name = 'InputError';
  readonly file: string;
  /** Byte offset in the file. */
  readonly offset: number | undefined;

  constructor(file: string, message: string, offset?: number) {
    super(offset === undefined ? `${file}: ${message}` : `${file}: byte ${offset}: ${message}`);
    this.file = file;
    this.offset = offset;
  }
}
