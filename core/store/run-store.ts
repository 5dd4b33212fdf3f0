/** Replays in the lab file: a run, a result per policy and dlDiscard variant, and its windows and stalls as plain rows. */
import { NONE } from '../model/outcome.ts';
import type { Stalls, Windows } from '../model/outcome.ts';
import { storedParams } from '../model/params.ts';
import type { ResolvedParams } from '../model/params.ts';
import { storedPolicy } from '../model/policy-file.ts';
import type { Policy } from '../model/policy.ts';
import type { DlVariant, StoredSkew, StoredSummary } from '../model/terms/results.ts';
import type { RunFacts } from '../model/terms/run-facts.ts';
import { answers, causeClasses, PAGE_SHIFT, stallKinds, windowKinds } from '../model/terms.ts';
import type { Answer } from '../model/terms.ts';
import { signed, unsigned } from './captures.ts';
import { newId } from './ids.ts';
import { jsonObject } from './json-column.ts';
import { LabFileError } from './lab-file.ts';
import { inserter } from './insert.ts';
import type { Db } from './lab-file.ts';

export type DlDiscard = DlVariant;

export function variantOf(dlDiscard: ResolvedParams['params']['dlDiscard']): DlDiscard {
  return dlDiscard === 'buffer' ? 'buffer' : 'record';
}

/** Fields of a run's facts that are read directly. */
const factKinds = { notes: 'texts', placementWarnings: 'texts', alignment: 'object', timeline: 'object' } as const;

export interface RunRow {
  readonly id: number;
  /** The user's name for it. */
  readonly name?: string;
  readonly speId: number;
  readonly kvmId: number;
  /** Version of Umbra that made it. */
  readonly umbra: string;
  readonly command: string;
  readonly params: ResolvedParams;
  readonly facts: RunFacts;
}

export function addRun(db: Db, run: Omit<RunRow, 'id' | 'params'> & { readonly params: unknown }): number {
  const insert = db.prepare(
    'INSERT INTO run (id, spe_id, kvm_id, umbra, command, params, facts) VALUES (?, ?, ?, ?, ?, ?, ?)',
  );
  const { params, facts } = run;
  const id = newId(db, 'run');
  insert.run(id, run.speId, run.kvmId, run.umbra, run.command, JSON.stringify(params), JSON.stringify(facts));
  return id;
}

/** All existing ones, by id. */
export function listRuns(db: Db): RunRow[] {
  const rows = db.prepare('SELECT * FROM run WHERE removed_ms IS NULL ORDER BY id').all() as RawRun[];
  return rows.map((row) => fromRow(db, row));
}

/** Throws a LabFileError if there is no such run. */
export function getRun(db: Db, id: number): RunRow {
  const row = db.prepare('SELECT * FROM run WHERE id = ? AND removed_ms IS NULL').get(id) as RawRun | undefined;
  if (!row) throw new LabFileError(`no run ${id} in this lab; \`umbra runs\` lists them`);
  return fromRow(db, row);
}

const paramKinds = { params: 'object', origin: 'object' } as const;

type RawRun = Record<string, bigint | string | null>;

function fromRow(db: Db, r: RawRun): RunRow {
  return {
    id: Number(r['id']),
    ...(r['name'] !== null && { name: String(r['name']) }),
    speId: Number(r['spe_id']),
    kvmId: Number(r['kvm_id']),
    umbra: String(r['umbra']),
    command: String(r['command']),
    params: storedParams(jsonObject(db, 'run.params', r['params'], paramKinds, ['params', 'origin'])),
    facts: {
      ...{ notes: [], placementWarnings: [] },
      ...jsonObject<RunFacts>(db, 'run.facts', r['facts'], factKinds),
    },
  };
}

export interface ResultRow {
  readonly policy: Policy;
  readonly dlDiscard: DlDiscard;
  readonly kept: number;
  readonly lost: number;
  readonly coverage: number;
  readonly windows: number;
  readonly blackoutNs: number;
  readonly stallNs: number;
  readonly pinnedBytesPeak: number;
  /** Everything else that the analysis counted. */
  readonly summary: StoredSummary;
}

export function addResult(db: Db, run: number, r: ResultRow): void {
  inserter(db, 'replay_result', [
    ...(['run_id', 'policy', 'dl_discard', 'kept', 'lost', 'coverage', 'windows', 'blackout_ns'] as const),
    ...(['stall_ns', 'pinned_bytes_peak', 'definition', 'summary'] as const),
  ])({
    run_id: run,
    policy: r.policy.id,
    dl_discard: r.dlDiscard,
    kept: r.kept,
    lost: r.lost,
    coverage: r.coverage,
    windows: r.windows,
    blackout_ns: r.blackoutNs,
    stall_ns: r.stallNs,
    pinned_bytes_peak: r.pinnedBytesPeak,
    definition: JSON.stringify(r.policy),
    summary: JSON.stringify(r.summary),
  });
}

const policyKinds = { id: 'text', title: 'text', onFault: 'object' } as const;

export function readResults(db: Db, run: number): ResultRow[] {
  const rows = db.prepare('SELECT * FROM replay_result WHERE run_id = ? ORDER BY rowid').all(run);
  return (rows as Record<string, bigint | number | string>[]).map((r) => ({
    policy: storedPolicy(jsonObject(db, 'replay_result.definition', r['definition'], policyKinds, ['id', 'title'])),
    dlDiscard: r['dl_discard'] as DlDiscard,
    kept: Number(r['kept']),
    lost: Number(r['lost']),
    coverage: Number(r['coverage']),
    windows: Number(r['windows']),
    blackoutNs: Number(r['blackout_ns']),
    stallNs: Number(r['stall_ns']),
    pinnedBytesPeak: Number(r['pinned_bytes_peak']),
    summary: jsonObject<StoredSummary>(db, 'replay_result.summary', r['summary'], { summary: 'object' }, ['summary']),
  }));
}

/** `origin`: the run's zero, ns in the clock of the SPE capture; rows hold that clock's times. */
export function addWindows(
  db: Db,
  run: number,
  policy: string,
  dlDiscard: DlDiscard,
  origin: bigint,
  w: Windows,
): void {
  const insert = inserter(db, 'blackout_window', [
    ...(['run_id', 'policy', 'dl_discard', 'lane', 'start_ns', 'end_ns', 'kind', 'cause', 'ipa'] as const),
    ...(['action', 'lost'] as const),
  ]);
  for (let i = 0; i < w.n; i++) {
    insert({
      run_id: run,
      policy,
      dl_discard: dlDiscard,
      lane: w.lane[i],
      start_ns: signed(origin + BigInt(w.start[i])),
      end_ns: signed(origin + BigInt(w.end[i])),
      kind: windowKinds[w.kind[i]],
      cause: w.cause[i] === NONE ? null : causeClasses[w.cause[i]],
      ipa: w.page[i] < 0 ? null : BigInt(w.page[i]) << BigInt(PAGE_SHIFT),
      action: w.action[i] === NONE ? null : answers[w.action[i]],
      lost: w.lost[i],
    });
  }
}

export function addStalls(db: Db, run: number, policy: string, origin: bigint, s: Stalls): void {
  const insert = inserter(db, 'stall', ['run_id', 'policy', 'lane', 't_ns', 'duration_ns', 'kind']);
  for (let i = 0; i < s.n; i++) {
    insert({
      run_id: run,
      policy,
      lane: s.lane[i],
      t_ns: signed(origin + BigInt(s.t[i])),
      duration_ns: BigInt(Math.round(s.ns[i])),
      kind: stallKinds[s.kind[i]],
    });
  }
}

export interface StallRow {
  readonly lane: number;
  readonly t: bigint;
  readonly ns: bigint;
  readonly kind: string;
}

/** In time order; those of the run's own dlDiscard, as the other one changes no stall. */
export function* readStalls(db: Db, run: number, policy: string): Generator<StallRow> {
  const query = db.prepare('SELECT * FROM stall WHERE run_id = ? AND policy = ? ORDER BY rowid');
  for (const row of query.iterate(run, policy) as Iterable<Record<string, bigint | string>>) {
    yield {
      lane: Number(row['lane']),
      t: unsigned(row['t_ns'])!,
      ns: row['duration_ns'] as bigint,
      kind: row['kind'] as string,
    };
  }
}

export interface WindowRow {
  readonly lane: number;
  readonly start: bigint;
  readonly end: bigint;
  readonly kind: string;
  readonly cause: string | null;
  /** Hex. */
  readonly ipa: string | null;
  readonly action: Answer | null;
  readonly lost: number;
}

export function* readWindows(db: Db, run: number, policy: string, dlDiscard: DlDiscard): Generator<WindowRow> {
  const query = db.prepare(
    'SELECT * FROM blackout_window WHERE run_id = ? AND policy = ? AND dl_discard = ? ORDER BY lane, start_ns',
  );
  for (const row of query.iterate(run, policy, dlDiscard) as Iterable<Record<string, bigint | string | null>>) {
    yield windowRow(row);
  }
}

/**
 * One window of a lane: the one that starts at `at` (ns, the SPE capture's clock), the first after it, the last before it, or the
 * longest of all.
 */
export function seekWindow(
  db: Db,
  of: { readonly run: number; readonly policy: string; readonly dlDiscard: DlDiscard; readonly lane: number },
  which: 'at' | 'next' | 'previous' | 'longest',
  at: bigint,
): WindowRow | undefined {
  const tail = {
    at: 'AND start_ns = ?',
    next: 'AND start_ns > ? ORDER BY start_ns LIMIT 1',
    previous: 'AND start_ns < ? ORDER BY start_ns DESC LIMIT 1',
    longest: 'AND ? IS NOT NULL ORDER BY end_ns - start_ns DESC LIMIT 1',
  }[which];
  const row = db
    .prepare(`SELECT * FROM blackout_window WHERE run_id = ? AND policy = ? AND dl_discard = ? AND lane = ? ${tail}`)
    .get(of.run, of.policy, of.dlDiscard, of.lane, signed(at));
  return row === undefined ? undefined : windowRow(row as Record<string, bigint | string | null>);
}

function windowRow(row: Record<string, bigint | string | null>): WindowRow {
  return {
    lane: Number(row['lane']),
    start: unsigned(row['start_ns'])!,
    end: unsigned(row['end_ns'])!,
    kind: row['kind'] as string,
    cause: row['cause'] as string | null,
    ipa: row['ipa'] === null ? null : `0x${unsigned(row['ipa'])!.toString(16)}`,
    action: row['action'] as Answer | null,
    lost: Number(row['lost']),
  };
}

export interface SkewRow {
  readonly policy: string;
  readonly dlDiscard: DlDiscard;
  /** What was counted: `pc`, `page`, … */
  readonly key: string;
  /** The measures are null when nothing survived. */
  readonly tvd: number | null;
  readonly nullMean: number | null;
  readonly nullP95: number | null;
  readonly pValue: number | null;
  readonly excess: number | null;
  readonly verdict: string;
  /** The whole result, as the analysis gave it. */
  readonly detail: StoredSkew;
}

export function addSkew(db: Db, run: number, s: SkewRow): void {
  const columns = [
    ...(['run_id', 'policy', 'dl_discard', 'key', 'tvd', 'null_mean', 'null_p95', 'p_value'] as const),
    ...(['excess', 'verdict', 'detail'] as const),
  ];
  inserter(
    db,
    'skew_result',
    columns,
    'INSERT OR REPLACE',
  )({
    run_id: run,
    policy: s.policy,
    dl_discard: s.dlDiscard,
    key: s.key,
    tvd: s.tvd,
    null_mean: s.nullMean,
    null_p95: s.nullP95,
    p_value: s.pValue,
    excess: s.excess,
    verdict: s.verdict,
    detail: JSON.stringify(s.detail),
  });
}

export function readSkew(db: Db, run: number): SkewRow[] {
  const rows = db.prepare('SELECT * FROM skew_result WHERE run_id = ? ORDER BY rowid').all(run);
  const measure = (value: bigint | number | string | null) => (value === null ? null : Number(value));
  return (rows as Record<string, bigint | number | string | null>[]).map((r) => ({
    policy: r['policy'] as string,
    dlDiscard: r['dl_discard'] as DlDiscard,
    key: r['key'] as string,
    tvd: measure(r['tvd']),
    nullMean: measure(r['null_mean']),
    nullP95: measure(r['null_p95']),
    pValue: measure(r['p_value']),
    excess: measure(r['excess']),
    verdict: r['verdict'] as string,
    detail: jsonObject(db, 'skew_result.detail', r['detail'], { verdict: 'object' }, [
      'verdict',
    ]) as unknown as StoredSkew,
  }));
}
