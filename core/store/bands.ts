/**
 * Intervals and moments of a stretch of time, those that begin in one bin of it as one: start of the first, end of the last, how
 * many, and how much of it they cover. A gap wider than a bin is never covered up.
 */
import { signed, unsigned } from './captures.ts';
import type { Db } from './lab-file.ts';

export interface Stretch {
  /** ns in the clock of the rows. */
  readonly start: bigint;
  readonly end: bigint;
  /** Bin, ns, 1 or more. */
  readonly width: number;
}

export interface Band {
  readonly start: bigint;
  readonly end: bigint;
  readonly kind: string;
  readonly cause: string | null;
  readonly count: number;
  readonly covered: number;
  readonly lost: number;
}

/** What a table calls what. Words of the code, never of a user. */
interface Source {
  readonly table: string;
  /** Columns that say whose rows; bound in order. */
  readonly owner: readonly string[];
  readonly start: string;
  /** Expression of the end; moments end where they start. */
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

/** The bands of one owner (see `sources`) that touch the stretch, in the order of their starts. */
export function readBands(
  db: Db,
  source: keyof typeof sources,
  owner: readonly (number | string)[],
  stretch: Stretch,
): Band[] {
  const s: Source = sources[source];
  const mine = s.owner.map((column) => `${column} = ?`).join(' AND ');
  const columns = `min(${s.start}) AS a, max(${s.end}) AS b, ${s.kind} AS kind,
    min(${s.cause}) AS cause,
    count(*) AS n, sum(${s.end} - (${s.start})) AS covered, sum(${s.lost}) AS lost`;
  const from = signed(stretch.start);
  const width = BigInt(Math.max(1, Math.floor(stretch.width)));
  // What began before reaches in: intervals of one owner are disjoint, so only the last one can.
  const before = db
    .prepare(
      `SELECT ${columns} FROM (SELECT * FROM ${s.table} WHERE ${mine} AND ${s.start} < ? ORDER BY ${s.start} DESC LIMIT 1)
       WHERE ${s.end} > ? GROUP BY ${s.kind}`,
    )
    .all(...owner, from, from);
  const inside = db
    .prepare(
      `SELECT ${columns} FROM ${s.table} WHERE ${mine} AND ${s.start} >= ? AND ${s.start} < ?
       GROUP BY (${s.start} - ?) / ?, ${s.kind}${s.cause === 'NULL' ? '' : `, ${s.cause}`} ORDER BY a`,
    )
    .all(...owner, from, signed(stretch.end), from, width);
  return ([...before, ...inside] as Record<string, bigint | string | null>[]).map((r) => ({
    start: unsigned(r['a'])!,
    end: unsigned(r['b'])!,
    kind: r['kind'] as string,
    cause: r['cause'] as string | null,
    count: Number(r['n']),
    covered: Number(r['covered']),
    lost: Number(r['lost']),
  }));
}
