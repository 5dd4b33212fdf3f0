/** Replays a stored run: the same inputs, parameters and seed must give the same rows. */
import { isDeepStrictEqual } from 'node:util';
import type { Summary } from '../../analysis/summary.ts';
import { NONE } from '../../model/outcome.ts';
import type { PolicyOutcome } from '../../model/outcome.ts';
import { answers, causeClasses, stallKinds, windowKinds } from '../../model/terms.ts';
import { readLab } from '../../store/lab-file.ts';
import type { Db } from '../../store/lab-file.ts';
import { getRun, readResults, readSkew, readStalls, readWindows } from '../../store/run-store.ts';
import type { ResultRow, StallRow, WindowRow } from '../../store/run-store.ts';
import { version } from '../version.ts';
import { placeKinds } from '../symbols/keys.ts';
import { policyResults, resultRow, skewRows } from './replay.ts';
import type { OnStep } from './replay.ts';
import { ipaOf, isFirstEdition } from './run-facts.ts';
import { loadRunInputs } from './run-inputs.ts';

export interface RunCheck {
  readonly run: number;
  /** The Umbra that stored it, and this one. */
  readonly madeBy: string;
  readonly umbra: string;
  readonly identical: boolean;
  /** Rows compared. */
  readonly rows: {
    readonly results: number;
    readonly windows: number;
    readonly stalls: number;
    readonly skews: number;
  };
  /** One sentence per table of each result that differs: the first difference. */
  readonly differences: readonly string[];
}

/** Nothing is stored. @throws LabFileError (no such run), RequestError, ModelError */
export function checkRun(lab: string, id: number, onStep: OnStep = () => undefined): RunCheck {
  return readLab(lab, (db) => compareRun(db, id, onStep));
}

const FIRST_EDITION =
  "does not reproduce: replayed by the model's first edition, in which no unmap lost what lay in a page, no record was torn, a guest " +
  'did not write its buffer before the SPU did, and DL=1 alone made a guest discard (docs/design/model.md says what changed)';

/** `lost 7 (irq-latency 7), now 256 (wiped 256)`: by kind of window, so the difference explains itself. */
function lostThenAndNow(before: ResultRow, now: Summary): string {
  const text = (lost: number, byKind: Readonly<Record<string, number>>): string => {
    const kinds = Object.entries(byKind).filter(([, n]) => n > 0);
    return kinds.length ? `${lost} (${kinds.map(([kind, n]) => `${kind} ${n}`).join(', ')})` : String(lost);
  };
  const { summary } = before.summary as { summary: Pick<Summary, 'lostByKind'> };
  return `lost ${text(before.lost, summary.lostByKind)}, now ${text(now.lost, now.lostByKind)}`;
}

function compareRun(db: Db, id: number, onStep: OnStep): RunCheck {
  const run = getRun(db, id);
  const { scenario, checks } = run.facts;
  const inputs = loadRunInputs(db, run.speId, run.kvmId, run.params, scenario);
  const stored = readResults(db, id);
  const skews = readSkew(db, id);
  const policies = stored.map((r) => r.policy).filter((p, i, all) => all.findIndex((q) => q.id === p.id) === i);
  const kinds = placeKinds.filter((kind) => skews.some((s) => s.key === kind));
  const { origin } = inputs.reference;
  const rows = { results: 0, windows: 0, stalls: 0, skews: 0 };
  const differences: string[] = [];
  const first = isFirstEdition(run);
  if (first) differences.push(FIRST_EDITION);

  for (const result of policyResults(db, inputs, policies, kinds, onStep, checks)) {
    const { policy, dlDiscard, outcome } = result;
    const name = `${policy.id} (dlDiscard ${dlDiscard})`;
    const before = stored.find((r) => r.policy.id === policy.id && r.dlDiscard === dlDiscard);
    if (!before) continue;
    if (first) differences.push(`${name}: ${lostThenAndNow(before, result.summary)}`);
    const compare = <T>(table: keyof typeof rows, old: Iterable<T>, now: Iterable<T>): void => {
      const [a, b] = [[...old], [...now]];
      rows[table] += a.length;
      const at = Array.from({ length: Math.max(a.length, b.length) }, (_, i) => i).find((i) => !same(a[i], b[i]));
      if (at !== undefined) differences.push(`${name}: ${difference(table, at, a, b)}`);
    };
    compare('results', [before], [asStored(before, resultRow(result))]);
    compare('windows', readWindows(db, id, policy.id, dlDiscard), windowRows(outcome, origin));
    compare('stalls', readStalls(db, id, policy.id), stallRows(outcome, origin));
    const mine = skews.filter((s) => s.policy === policy.id && s.dlDiscard === dlDiscard);
    const fresh = skewRows(result);
    compare(
      'skews',
      mine,
      mine.map(({ key }) => fresh.find((s) => s.key === key)),
    );
  }
  return { run: id, madeBy: run.umbra, umbra: version, identical: !differences.length, rows, differences };
}

/** Without what runs lacked when this one was stored. */
function asStored({ summary: stored }: ResultRow, { summary, ...row }: ResultRow): ResultRow {
  const { restsOn, ...rest } = summary;
  return { ...row, summary: 'restsOn' in stored ? { ...rest, restsOn } : rest };
}

/** After a round trip through JSON, as stored rows have been. */
function same(a: unknown, b: unknown): boolean {
  return isDeepStrictEqual(plain(a), plain(b));
}

function plain(value: unknown): unknown {
  if (value === undefined) return undefined;
  const text = JSON.stringify(value, (_, v: unknown) => (typeof v === 'bigint' ? String(v) : v));
  return JSON.parse(text) as unknown;
}

function difference<T>(table: string, at: number, old: readonly T[], now: readonly T[]): string {
  if (old.length !== now.length) return `${table}: ${old.length} rows were stored, ${now.length} in a replay now`;
  const [a, b] = [old[at], now[at]].map((row) => plain(row) as Record<string, unknown>);
  const field = Object.keys(a).find((key) => !isDeepStrictEqual(a[key], b[key])) ?? 'a field';
  const text = (value: unknown) => {
    const json = JSON.stringify(value) ?? 'nothing';
    return json.length > 60 ? `${json.slice(0, 57)}…` : json;
  };
  return `${table}, row ${at}: ${field} was ${text(a[field])}, is ${text(b[field])}`;
}

function* windowRows({ windows: w }: PolicyOutcome, origin: bigint): Generator<WindowRow> {
  for (let i = 0; i < w.n; i++) {
    yield {
      lane: w.lane[i],
      start: origin + BigInt(w.start[i]),
      end: origin + BigInt(w.end[i]),
      kind: windowKinds[w.kind[i]],
      cause: w.cause[i] === NONE ? null : causeClasses[w.cause[i]],
      ipa: w.page[i] < 0 ? null : ipaOf(w.page[i]),
      action: w.action[i] === NONE ? null : answers[w.action[i]],
      lost: w.lost[i],
    };
  }
}

function* stallRows({ stalls: s }: PolicyOutcome, origin: bigint): Generator<StallRow> {
  for (let i = 0; i < s.n; i++) {
    yield {
      lane: s.lane[i],
      t: origin + BigInt(s.t[i]),
      ns: BigInt(Math.round(s.ns[i])),
      kind: stallKinds[s.kind[i]],
    };
  }
}
