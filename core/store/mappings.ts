/** Mappings of a capture (MMAP2 records) and thread names. A sample's `map` is an index into the mappings. */
import { signed, unsigned } from './captures.ts';
import { inserter } from './insert.ts';
import type { Db } from './lab-file.ts';

export interface Mapping {
  /** ns; 0 for mappings older than the recording. */
  readonly t: bigint;
  /** -1 for the kernel. */
  readonly pid: number;
  readonly start: bigint;
  /** Bytes. */
  readonly length: bigint;
  /** Byte offset of `start` in the file. */
  readonly pgoff: bigint;
  readonly file: string;
  readonly buildId?: string;
  readonly kernel: boolean;
}

export function addMappings(db: Db, capture: number, mappings: readonly Mapping[]): void {
  const insert = inserter(db, 'mapping', [
    ...(['capture_id', 'map', 't_ns', 'pid', 'start', 'length_bytes', 'pgoff', 'file', 'build_id', 'kernel'] as const),
  ]);
  mappings.forEach((m, i) => {
    insert({
      capture_id: capture,
      map: i,
      t_ns: signed(m.t),
      pid: m.pid,
      start: signed(m.start),
      length_bytes: signed(m.length),
      pgoff: signed(m.pgoff),
      file: m.file,
      build_id: m.buildId ?? null,
      kernel: m.kernel ? 1 : 0,
    });
  });
}

export function readMappings(db: Db, capture: number): Mapping[] {
  const rows = db.prepare('SELECT * FROM mapping WHERE capture_id = ? ORDER BY map').all(capture);
  return (rows as Record<string, bigint | string | null>[]).map((r) => ({
    t: unsigned(r['t_ns'])!,
    pid: Number(r['pid']),
    start: unsigned(r['start'])!,
    length: unsigned(r['length_bytes'])!,
    pgoff: unsigned(r['pgoff'])!,
    file: r['file'] as string,
    buildId: (r['build_id'] as string | null) ?? undefined,
    kernel: r['kernel'] === 1n,
  }));
}

export function addThreads(db: Db, capture: number, comms: ReadonlyMap<number, string>): void {
  const insert = inserter(db, 'thread', ['capture_id', 'tid', 'comm']);
  for (const [tid, comm] of comms) insert({ capture_id: capture, tid, comm });
}
