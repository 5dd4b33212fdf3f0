/**
 * Intervals and moments of a stretch of time, merged if they begin in one bin: start of the first, end of the last, how many, and how much
 * of it they cover. A gap wider than a bin is never hidden.
 */
import { signed } from './captures.ts';
import type { Db } from './lab-file.ts';

export interface Stretch {
  /** ns in the clock of the rows. */
  readonly start: bigint;
  readonly end: bigint;
  /** Bin, ns, 1 or more. */
  readonly width: number;
}

/** Times are ns after the requested origin. */
export type Band = readonly [
  start: number,
  end: number,
  kind: string,
  cause: string | null,
  count: number,
  covered: number,
  lost: number,
];

/** A table's names. From the code, never from a user. */
interface Source {
  readonly table: string;
  /** Columns that identify the owner; bound in order. */
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

/**
 * The bands of one owner (see `sources`) that touch the stretch, in the order of their starts. There may be tens of thousands:
 * SQLite subtracts the origin, so plain numbers come back.
 */
export function readBands(
  db: Db,
  source: keyof typeof sources,
  owner: readonly (number | string)[],
  stretch: Stretch,
  origin: bigint,
): Band[] {
  const s: Source = sources[source];
  const mine = s.owner.map((column) => `${column} = ?`).join(' AND ');
  const zero = signed(origin);
  const columns = `min(${s.start}) - ${zero} AS a, max(${s.end}) - ${zero}, ${s.kind}, min(${s.cause}), count(*),
    sum(${s.end} - (${s.start})), sum(${s.lost})`;
  const rows = (sql: string, ...bound: unknown[]) =>
    db
      .prepare(sql)
      .safeIntegers(false)
      .raw()
      .all(...owner, ...bound) as unknown as Band[];
  const from = signed(stretch.start);
  const width = BigInt(Math.max(1, Math.floor(stretch.width)));
  // An earlier interval may reach in: those of one owner are disjoint, so only the last one can.
  const before = rows(
    `SELECT ${columns} FROM (SELECT * FROM ${s.table} WHERE ${mine} AND ${s.start} < ? ORDER BY ${s.start} DESC LIMIT 1)
     WHERE ${s.end} > ? GROUP BY ${s.kind}`,
    ...[from, from],
  );
  const inside = rows(
    `SELECT ${columns} FROM ${s.table} WHERE ${mine} AND ${s.start} >= ? AND ${s.start} < ?
     GROUP BY (${s.start} - ?) / ?, ${s.kind}${s.cause === 'NULL' ? '' : `, ${s.cause}`} ORDER BY a`,
    ...[from, signed(stretch.end), from, width],
  );
  return [...before, ...inside];
}
