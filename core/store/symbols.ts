/** Functions that a capture's samples lie in. Others aren't kept: a kernel alone has 200,000. */
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
  /** As in the binary, if different. */
  readonly linkageName?: string;
}

/** Source lines of a function. Rows ascend by offset; each holds up to the next one. */
export interface SourceLines {
  readonly files: readonly string[];
  /** Bytes from the function's start, index into `files`, line from 1 (0: code of no line). */
  readonly rows: readonly (readonly [offset: number, file: number, line: number])[];
}

/** A function's code, as far as its file was available. */
export interface SymbolCode {
  readonly code?: Uint8Array;
  readonly lines?: SourceLines;
}

/** Replaces everything known about these binaries. */
export function putSymbols(
  db: Db,
  capture: number,
  binaries: Iterable<string>,
  rows: Iterable<SymbolRow & SymbolCode>,
): void {
  const remove = db.prepare('DELETE FROM symbol WHERE capture_id = ? AND binary = ?');
  for (const binary of binaries) remove.run(capture, binary);
  const insert = db.prepare(
    `INSERT INTO symbol (capture_id, binary, build_id, start, size_bytes, name, linkage_name, code, lines)
     VALUES (@capture, @binary, @buildId, @start, @bytes, @name, @linkageName, @code, @lines)`,
  );
  for (const r of rows) {
    insert.run({
      ...{
        capture,
        binary: r.binary,
        buildId: r.buildId ?? null,
        start: signed(r.start),
        bytes: r.bytes,
        name: r.name,
      },
      ...{ linkageName: r.linkageName ?? null, code: r.code ?? null },
      lines: r.lines ? JSON.stringify(r.lines) : null,
    });
  }
}

/** The machine code and lines of the function that starts there; neither in labs before format 7. */
export function readSymbolCode(db: Db, capture: number, binary: string, start: bigint): SymbolCode {
  const row = db
    .prepare('SELECT * FROM symbol WHERE capture_id = ? AND binary = ? AND start = ?')
    .get(capture, binary, signed(start)) as { code?: Uint8Array | null; lines?: string | null } | undefined;
  return {
    ...(row?.code && { code: new Uint8Array(row.code) }),
    ...(row?.lines && { lines: JSON.parse(row.lines) as SourceLines }),
  };
}

/** By binary, then start. */
export function readSymbols(db: Db, capture: number): SymbolRow[] {
  const rows = db
    .prepare(
      `SELECT binary, build_id, start, size_bytes, name, linkage_name FROM symbol WHERE capture_id = ? ORDER BY binary, start`,
    )
    .all(capture);
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
