/** Functions that samples of a capture lie in. What no sample is in isn't kept: a kernel alone has 200,000. */
import { signed, unsigned } from './captures.ts';
import type { Db } from './lab-file.ts';

export interface SymbolRow {
  /** The mapping's file; `[kernel]`; or, for generated code, `/tmp/perf-PID.map`. */
  readonly binary: string;
  readonly buildId?: string;
  /** Byte offset in the file; an address for the kernel and generated code. */
  readonly start: bigint;
  readonly bytes: number;
  /** Demangled. */
  readonly name: string;
  /** As in the binary, where that differs. */
  readonly linkageName?: string;
}

/** Replaces all that is known of these binaries. */
export function putSymbols(db: Db, capture: number, binaries: Iterable<string>, rows: Iterable<SymbolRow>): void {
  const remove = db.prepare('DELETE FROM symbol WHERE capture_id = ? AND binary = ?');
  for (const binary of binaries) remove.run(capture, binary);
  const insert = db.prepare('INSERT INTO symbol VALUES (?, ?, ?, ?, ?, ?, ?)');
  for (const r of rows) {
    insert.run(capture, r.binary, r.buildId ?? null, signed(r.start), r.bytes, r.name, r.linkageName ?? null);
  }
}

/** By binary, then start. */
export function readSymbols(db: Db, capture: number): SymbolRow[] {
  const rows = db.prepare('SELECT * FROM symbol WHERE capture_id = ? ORDER BY binary, start').all(capture);
  return (rows as Record<string, bigint | string | null>[]).map((r) => ({
    binary: r['binary'] as string,
    buildId: (r['build_id'] as string | null) ?? undefined,
    start: unsigned(r['start'])!,
    bytes: Number(r['size_bytes']),
    name: r['name'] as string,
    linkageName: (r['linkage_name'] as string | null) ?? undefined,
  }));
}

export function hasSymbols(db: Db, capture: number): boolean {
  return db.prepare('SELECT 1 FROM symbol WHERE capture_id = ? LIMIT 1').get(capture) !== undefined;
}
