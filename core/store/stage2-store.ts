/** Stage 2 changes as plain rows: those of a trace's whole VM, and those on a run's SPE buffers. */
import { NONE } from '../model/outcome.ts';
import { causeClasses, PAGE_SHIFT, stage2Kinds } from '../model/terms.ts';
import { effectOfRow } from '../model/timeline.ts';
import type { EventTrack, Stage2Timeline } from '../model/timeline.ts';
import { signed, unsigned } from './captures.ts';
import type { Db } from './lab-file.ts';

/** Rows between two calls of `onRows`: some ms. */
const ROWS_BETWEEN = 4096;
/** Rows per INSERT statement: an SQLite call costs as much as a row. */
const ROWS = 64;

/**
 * Replaces the stored timelines of a trace; one per VM, in the order of its description. `onRows` is called now and then.
 *
 * What rows say in words is the same few times over, and handing SQLite a value takes longer than storing it: rows name theirs by a number.
 */
export function storeStage2(
  db: Db,
  capture: number,
  timelines: readonly Stage2Timeline[],
  onRows: () => void = () => undefined,
): void {
  db.prepare('DELETE FROM stage2_change WHERE capture_id = ?').run(capture);
  db.exec('CREATE TEMP TABLE said (id INTEGER PRIMARY KEY, kind, cause, evidence, writable, notify, contents, origin)');
  const say = db.prepare(
    'INSERT INTO said (kind, cause, evidence, writable, notify, contents, origin) VALUES (?, ?, ?, ?, ?, ?, ?)',
  );
  timelines.forEach((s, vm) => {
    const insert = (rows: number) => {
      const values = Array.from({ length: rows }, () => '(?, ?, ?, ?)').join(', ');
      // CROSS JOIN: in the order of the values.
      return db.prepare(
        `INSERT INTO stage2_change (capture_id, vm, t_ns, ipa, pages,
           kind, cause, evidence, writable, notify, contents, contents_origin)
         SELECT ${capture}, ${vm}, v.column1, v.column2, v.column3,
           kind, cause, evidence, writable, notify, contents, origin
         FROM (VALUES ${values}) AS v CROSS JOIN said ON said.id = v.column4`,
      );
    };
    const many = insert(ROWS);
    const values: (number | bigint)[] = [];
    const known = new Map<number, number>();
    for (let i = 0; i < s.n; i++) {
      const code = codeOf(s, i);
      let id = known.get(code);
      if (id === undefined) {
        id = Number(say.run(...wordsOf(s, i)).lastInsertRowid);
        known.set(code, id);
      }
      values.push(timeOf(s, i), addressOf(s.page[i]), s.pages[i], id);
      if (values.length === 4 * ROWS) {
        many.run(values);
        values.length = 0;
      }
      if (i % ROWS_BETWEEN === 0) onRows();
    }
    if (values.length) insert(values.length / 4).run(values);
  });
  db.exec('DROP TABLE said');
}

/** The same for rows with the same words. */
function codeOf(s: Stage2Timeline, i: number): number {
  const effect = s.notify[i] | (s.contents[i] << 4) | (s.contentsOrigin[i] << 8) | (s.writable[i] << 12);
  return (s.kind[i] | (s.cause[i] << 8) | (s.evidence[i] << 16)) * 2 ** 16 + effect;
}

/** kind, cause, evidence, writable, notify, contents, contents_origin. */
function wordsOf(s: Stage2Timeline, i: number): readonly (string | number | null)[] {
  const kind = stage2Kinds[s.kind[i]];
  const cause = s.cause[i] === NONE ? null : causeClasses[s.cause[i]];
  return [kind, cause, s.evidences[s.evidence[i]], kind === 'map' ? s.writable[i] : null, ...effectOf(s, i)];
}

/** ns as SQLite has them; a number if it is exact: those are bound faster. */
function timeOf({ origin, t }: Stage2Timeline, i: number): number | bigint {
  const ns = Number(origin) + Math.round(t[i]);
  return ns <= Number.MAX_SAFE_INTEGER ? ns : signed(origin + BigInt(Math.round(t[i])))!;
}

function addressOf(page: number): number | bigint {
  const address = page * 2 ** PAGE_SHIFT;
  return address <= Number.MAX_SAFE_INTEGER ? address : signed(BigInt(page) << BigInt(PAGE_SHIFT))!;
}

/** notify, contents, contents_origin; nulls for rows that don't say. */
function effectOf(track: Parameters<typeof effectOfRow>[0], i: number): readonly (string | null)[] {
  const effect = effectOfRow(track, i);
  return [effect?.notify ?? null, effect?.contents ?? null, effect?.origin ?? null];
}

/** What happened to the buffer of a run's lane. `t`: ns after `origin`, the run's zero. */
export function addBufferChanges(db: Db, run: number, lane: number, origin: bigint, track: EventTrack): void {
  const insert = db.prepare(
    `INSERT INTO buffer_change (run_id, lane, t_ns, kind, cause, notify, contents, contents_origin)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
  );
  for (let i = 0; i < track.t.length; i++) {
    const cause = track.cause[i] === NONE ? null : causeClasses[track.cause[i]];
    const t = signed(origin + BigInt(Math.round(track.t[i])));
    insert.run(run, lane, t, stage2Kinds[track.kind[i]], cause, ...effectOf(track, i));
  }
}

export interface ChangeRow {
  /** ns in the trace's clock. */
  readonly t: bigint;
  readonly kind: string;
  readonly cause: string | null;
  readonly evidence: string;
  /** Unmaps and read-only maps; else null. */
  readonly notify: string | null;
  readonly contents: string | null;
  readonly contentsOrigin: string | null;
  readonly pages: number;
}

const CHANGE = 't_ns, kind, cause, evidence, notify, contents, contents_origin, pages';

/** Changes of all VMs in [start, end), in time order; undefined if there are more than `limit`. */
export function readChanges(
  db: Db,
  capture: number,
  start: bigint,
  end: bigint,
  limit: number,
): ChangeRow[] | undefined {
  const rows = db
    .prepare(
      `SELECT ${CHANGE} FROM stage2_change
       WHERE capture_id = ? AND vm IN (SELECT DISTINCT vm FROM stage2_change WHERE capture_id = ?) AND t_ns >= ? AND t_ns < ?
       LIMIT ?`,
    )
    .all(capture, capture, signed(start), signed(end), limit + 1);
  return rows.length > limit ? undefined : (rows as Raw[]).map(fromRow);
}

/** Changes of the page at `ipa`, the latest up to `t` first. */
export function changesOfPage(db: Db, capture: number, vm: number, ipa: bigint, t: bigint, limit: number): ChangeRow[] {
  const rows = db
    .prepare(
      `SELECT ${CHANGE} FROM stage2_change
       WHERE capture_id = ? AND vm = ? AND t_ns <= ? AND ipa <= ? AND ipa + pages * 4096 > ? ORDER BY t_ns DESC LIMIT ?`,
    )
    .all(capture, vm, signed(t), signed(ipa), signed(ipa), limit);
  return (rows as Raw[]).map(fromRow);
}

/** The first change of the page at `ipa` from `t` on that took its contents. */
export function contentsLostOf(db: Db, capture: number, vm: number, ipa: bigint, t: bigint): ChangeRow | undefined {
  const row = db
    .prepare<unknown[], Raw>(
      `SELECT ${CHANGE} FROM stage2_change
       WHERE capture_id = ? AND vm = ? AND t_ns >= ? AND ipa <= ? AND ipa + pages * 4096 > ?
         AND contents IN ('dropped', 'gone') ORDER BY t_ns LIMIT 1`,
    )
    .get(capture, vm, signed(t), signed(ipa), signed(ipa));
  return row && fromRow(row);
}

type Raw = Record<string, bigint | string | null>;

function fromRow(r: Raw): ChangeRow {
  return {
    t: unsigned(r['t_ns'])!,
    kind: r['kind'] as string,
    cause: r['cause'] as string | null,
    evidence: r['evidence'] as string,
    notify: r['notify'] as string | null,
    contents: r['contents'] as string | null,
    contentsOrigin: r['contents_origin'] as string | null,
    pages: Number(r['pages']),
  };
}
