/**
 * Blackout windows, stalls, buffer changes and sessions as columns. A timeline requests them at every zoom, and reading rows takes a hundred
 * times as long as going through columns: so what was read is kept while the lab file stays as it is.
 */
import { statSync } from 'node:fs';
import { causeClasses, stage2Kinds, stallKinds, windowKinds } from '../model/terms.ts';
import { firstAtLeast } from '../model/terms/search.ts';
import { signed } from './captures.ts';
import type { Db } from './lab-file.ts';

/** In the order of their starts, and disjoint: in the order of their ends, too. */
export interface Intervals {
  readonly n: number;
  /** ns after the requested origin; a moment ends where it starts. */
  readonly start: Float64Array;
  readonly end: Float64Array;
  /** Place in `intervalKinds` of the source; 255: none of them. */
  readonly kind: Uint8Array;
  /** Place in `causeClasses`; 255: none. */
  readonly cause: Uint8Array;
  /** Samples. */
  readonly lost: Float64Array;
}

/** A table's names. From the code, never from a user. */
interface Source {
  readonly table: string;
  /** Columns that identify the owner; bound in order. */
  readonly owner: readonly string[];
  readonly start: string;
  readonly end: string;
  readonly kind: string;
  readonly cause: string;
  readonly lost: string;
}

const sources = {
  windows: {
    ...{ table: 'blackout_window', owner: ['run_id', 'policy', 'dl_discard', 'lane'], start: 'start_ns' },
    ...{ end: 'end_ns', kind: 'kind', cause: 'cause', lost: 'lost' },
  },
  stalls: {
    ...{ table: 'stall', owner: ['run_id', 'policy', 'lane'], start: 't_ns' },
    ...{ end: 't_ns + duration_ns', kind: 'kind', cause: 'NULL', lost: '0' },
  },
  buffer: {
    ...{ table: 'buffer_change', owner: ['run_id', 'lane'], start: 't_ns' },
    ...{ end: 't_ns', kind: 'kind', cause: 'cause', lost: '0' },
  },
  sessions: {
    ...{ table: 'spe_session', owner: ['capture_id', 'lane'], start: 'start_ns' },
    ...{ end: 'end_ns', kind: "'session'", cause: 'NULL', lost: '0' },
  },
} as const satisfies Record<string, Source>;

export type IntervalSource = keyof typeof sources;

export const intervalKinds = {
  windows: windowKinds,
  stalls: stallKinds,
  buffer: stage2Kinds,
  sessions: ['session'],
} as const satisfies Record<IntervalSource, readonly string[]>;

/** All intervals of one owner: see `sources`. */
export type ReadIntervals = (
  db: Db,
  source: IntervalSource,
  owner: readonly (number | string)[],
  origin: bigint,
) => Intervals;

export const readIntervals: ReadIntervals = (db, source, owner, origin) => {
  const { table, owner: columns, start, end, kind, cause, lost }: Source = sources[source];
  const zero = signed(origin);
  const wanted = [
    ...[`${start} - ${zero}`, `${end} - ${zero}`],
    ...[placeIn(intervalKinds[source], kind), placeIn(causeClasses, cause), lost],
  ];
  const mine = columns.map((column) => `${column} = ?`).join(' AND ');
  // All at once: going from row to row takes half as long again as the rows themselves.
  const rows = db
    .prepare(`SELECT ${wanted.join()} FROM ${table} WHERE ${mine} ORDER BY ${start}`)
    .safeIntegers(false)
    .raw()
    .all(...owner) as [number, number, number, number, number][];
  const n = rows.length;
  const out = {
    n,
    start: new Float64Array(n),
    end: new Float64Array(n),
    kind: new Uint8Array(n),
    cause: new Uint8Array(n),
    lost: new Float64Array(n),
  };
  for (let i = 0; i < n; i++) [out.start[i], out.end[i], out.kind[i], out.cause[i], out.lost[i]] = rows[i];
  return out;
};

/** SQL for the place of `value` among `words`, 255 if it is none of them: SQLite finds it in less time than it takes to hand over a string. */
function placeIn(words: readonly string[], value: string): string {
  return `CASE ${value} ${words.map((word, i) => `WHEN '${word}' THEN ${i}`).join(' ')} ELSE 255 END`;
}

/** The part that touches `[start, end)`, ns, `to` excluded. */
export function intervalsIn({ n, start, end }: Intervals, from: number, until: number): readonly [number, number] {
  const first = firstAtLeast(start, from, 0, n);
  // Those before are disjoint: only the last of them can reach in.
  return [first > 0 && end[first - 1] > from ? first - 1 : first, firstAtLeast(start, until, first, n)];
}

const BYTES_EACH = 26;
/** Of what is kept, about 2.5 million intervals; the ones not used for longest go first. */
const MAX_BYTES = 64 << 20;

export interface IntervalCache {
  readonly read: ReadIntervals;
  /** Forgets everything if the file changed. Call before a connection's first read: what it sees is then no older than what is kept. */
  refresh(): void;
}

export function createIntervalCache(file: string, read = readIntervals, maxBytes = MAX_BYTES): IntervalCache {
  const kept = new Map<string, Intervals>();
  let bytes = 0;
  let seen = '';
  return {
    read(db, source, owner, origin) {
      const key = JSON.stringify([source, owner, String(origin)]);
      let found = kept.get(key);
      if (found) kept.delete(key);
      else {
        found = read(db, source, owner, origin);
        bytes += found.n * BYTES_EACH;
      }
      kept.set(key, found);
      for (const [oldest, { n }] of kept) {
        if (bytes <= maxBytes || oldest === key) break;
        kept.delete(oldest);
        bytes -= n * BYTES_EACH;
      }
      return found;
    },
    refresh() {
      const now = fileState(file);
      if (now === seen) return;
      seen = now;
      kept.clear();
      bytes = 0;
    },
  };
}

/** Differs after each change of a lab file, or of SQLite's log beside it. */
export function fileState(file: string): string {
  return [file, `${file}-wal`]
    .map((f) => statSync(f, { throwIfNoEntry: false }))
    .map((s) => (s ? `${s.ino} ${s.size} ${s.mtimeMs}` : '-'))
    .join();
}
