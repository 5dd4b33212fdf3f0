/** A report across a campaign's pairs, from its dataset. */
import { checkReversals, factorReversals, familySize, groupsOf, standing } from '../../analysis/campaign-compare.ts';
import type { LossOf } from '../../analysis/campaign-compare.ts';
import { cellsOf, effectsOf } from '../../analysis/campaign-layout.ts';
import type { VerdictWord } from '../../model/terms.ts';
import type { CampaignPairResult, CampaignReport } from '../../report/campaign.ts';
import { baseName } from '../../report/words.ts';
import { readDatasetFacts } from './dataset.ts';
import type { DatasetFacts } from './dataset.ts';
import { flagIds, flagWords } from '../../words/pair-flags.ts';
import type { FlagId } from '../../words/pair-flags.ts';
import { queryAll } from './query.ts';
import type { DuckValue, QueryAll } from './query.ts';

/** DuckDB's, for all queries of a report. */
export const REPORT_MEMORY = '400MB';

/** A pair as listed in the campaign. */
export interface PairLine {
  readonly pair: string;
  readonly status: string;
  /** Of a failure or a repetition. */
  readonly reason?: string;
  readonly flags: readonly FlagId[];
  readonly factors: Readonly<Record<string, string>>;
}

/** What a report records of each pair, so that it can be verified. */
export interface PairDigest {
  readonly pair: string;
  readonly fingerprint: string;
  readonly digest: string;
}

export interface BuiltReport {
  readonly report: CampaignReport;
  readonly facts: DatasetFacts;
  readonly digests: readonly PairDigest[];
}

const quoted = (text: string): string => `'${text.replaceAll("'", "''")}'`;
const texts = (list: readonly string[]): string => `[${list.map(quoted).join(', ')}]::VARCHAR[]`;

/** A report's queries; one row per pair, or per pair and check, so that 10 000 pairs stay small. */
export function reportQueries({ factors, policies, leaveOut }: DatasetFacts): readonly string[] {
  const ids = texts(policies.filter((p) => !p.isReference).map((p) => p.id));
  const counted = `SELECT pair FROM pairs WHERE status = 'done' AND NOT list_has_any(string_split(flags, ','), ${texts(leaveOut)})`;
  const place = `list_position(${ids}, policy)`;
  return [
    `SELECT pair, status, reason, flags, fingerprint, digest, samples${factors.map((f) => `, "${f}"`).join('')} FROM pairs ORDER BY pair`,
    `SELECT pair, list(${place} ORDER BY ${place}), list(loss ORDER BY ${place}), list(verdict ORDER BY ${place}) FROM outcomes
     WHERE pair IN (${counted}) AND ${place} > 0 GROUP BY pair ORDER BY pair`,
    `SELECT check_id, pair, list(${place} ORDER BY ${place}), list(loss ORDER BY ${place}) FROM checks
     WHERE pair IN (${counted}) AND ${place} > 0 GROUP BY ALL ORDER BY check_id, pair`,
    `SELECT policy, check_id, verdict, count(*) FROM checks
     WHERE pair IN (${counted}) AND changes_verdict = 1 AND ${place} > 0 GROUP BY ALL ORDER BY 4 DESC, 1, 2, 3`,
  ];
}

export interface BuildOptions {
  /** Resolves when the user asks to stop. */
  readonly stopped?: Promise<void>;
  /** In its own process if left out. */
  readonly query?: QueryAll;
  /** Instead of the campaign's rule. */
  readonly leaveOut?: readonly FlagId[];
  /** DuckDB's. */
  readonly memory?: string;
}

/** @throws RequestError: there is no dataset, or DuckDB can't read it. Undefined if the user stopped it. */
export async function buildCampaignReport(
  folder: string,
  command: string,
  { stopped, query = queryAll, leaveOut, memory = REPORT_MEMORY }: BuildOptions = {},
): Promise<BuiltReport | undefined> {
  const own = readDatasetFacts(folder);
  const facts = leaveOut ? { ...own, leaveOut: [...leaveOut] } : own;
  const answers = await query(folder, reportQueries(facts), { memory, ...(stopped && { stopped }) });
  const [rows, outcomes, checked, changed] = answers.map((answer) => answer.rows);
  if (!changed) return undefined;
  return built(folder, command, facts, { rows: rows, outcomes: outcomes, checked: checked, changed });
}

type Rows = readonly (readonly DuckValue[])[];

function built(
  folder: string,
  command: string,
  facts: DatasetFacts,
  { rows, outcomes, checked, changed }: Readonly<Record<'rows' | 'outcomes' | 'checked' | 'changed', Rows>>,
): BuiltReport {
  const { compared, names, pairs, alike, policies } = pairResults(facts, rows, outcomes);
  const checks = checkLosses(pairs, facts, checked);
  const groups = pairs.length ? groupsOf(pairs, names) : [];
  const cells = cellsOf(pairs, names);
  const families = {
    comparisons: familySize(policies.length, groups.length),
    checked: familySize(policies.length, groups.length * (1 + checks.length)),
    effects: Math.max(
      1,
      policies.length * names.reduce((n, name) => n + new Set(cells.map((c) => c.factors[name])).size, 0),
    ),
  };
  const status = (word: string) => rows.filter((row) => row[1] === word);
  const flagged = (id: string): number => status('done').filter((row) => String(row[3]).split(',').includes(id)).length;
  const report: CampaignReport = {
    ...{ umbra: facts.umbra, command, title: facts.title ?? `Campaign ${baseName(folder)}` },
    ...{
      unit: facts.unit,
      factors: names,
      repetition: facts.repetition,
      policies: compared,
      alike,
      checks: facts.checks,
      pairs,
    },
    counts: {
      ...{ pairs: rows.length, failed: status('failed').length },
      ...{ pending: status('pending').length, repeated: status('repeated').length },
    },
    flags: flagIds.map((id) => ({ id, words: flagWords[id], pairs: flagged(id), out: facts.leaveOut.includes(id) })),
    leftOut: status('done').length - pairs.length,
    failures: status('failed').map((row) => ({ pair: String(row[0]), reason: String(row[2] ?? '') })),
    standings: policies.length ? groups.map((group) => standing(group, policies, families.comparisons)) : [],
    factorReversals: factorReversals(groups, policies, families.comparisons),
    checkReversals: checkReversals(groups, policies, checks, families.checked),
    effects: policies.map((policy) => ({
      policy,
      factors: names.map((name) => effectsOf(cells, name, ({ loss }) => loss[policy], families.effects)),
    })),
    families,
    changes: changed.flatMap(([policy, check, to, n]) => {
      const place = compared.indexOf(String(policy));
      return policies.includes(place)
        ? [{ policy: place, check: String(check), to: to === null ? 'no verdict' : String(to), pairs: Number(n) }]
        : [];
    }),
    params: facts.params,
  };
  const digests = status('done').map((row) => ({
    pair: String(row[0]),
    fingerprint: String(row[4]),
    digest: String(row[5]),
  }));
  return { report, facts, digests };
}

/** Results of the first two queries, for all pairs and for those that count. */
export interface PairResults {
  /** Ids of the policies that are compared. */
  readonly compared: readonly string[];
  /** Factors except the repetition. */
  readonly names: readonly string[];
  /** Every pair of the campaign. */
  readonly lines: readonly PairLine[];
  readonly pairs: readonly CampaignPairResult[];
  /** Policies that lose the same as an earlier one in every pair; indices into `compared`. */
  readonly alike: readonly (number | undefined)[];
  /** The others. */
  readonly policies: readonly number[];
}

export function pairResults(facts: DatasetFacts, rows: Rows, outcomes: Rows): PairResults {
  const compared = facts.policies.filter((p) => !p.isReference).map((p) => p.id);
  const names = facts.factors.filter((name) => name !== facts.repetition);
  const factorsOf = new Map(
    rows.map((row) => [
      String(row[0]),
      {
        samples: Number(row[6] ?? 0),
        factors: Object.fromEntries(
          facts.factors.flatMap((f, i) => (row[7 + i] === null ? [] : [[f, String(row[7 + i])]])),
        ),
      },
    ]),
  );
  const pairs = outcomes.map((row): CampaignPairResult => {
    const [key, places, losses, words] = row as [string, number[], number[], VerdictWord[]];
    const loss = compared.map(() => NaN);
    const own = compared.map((): VerdictWord => 'no samples');
    places.forEach((place, i) => {
      loss[place - 1] = losses[i]!;
      own[place - 1] = words[i]!;
    });
    return { key, ...factorsOf.get(key)!, loss, verdicts: own, checked: [] };
  });
  const alike = compared.map((_, p) => {
    const first = compared.findIndex((__, q) => pairs.every(({ loss }) => loss[q] === loss[p]));
    return pairs.length && first >= 0 && first < p ? first : undefined;
  });
  const policies = compared.flatMap((_, p) => (alike[p] === undefined ? [p] : []));
  const lines = rows.map((row) => pairLine(row, factorsOf.get(String(row[0]))!.factors));
  return { compared, names, lines, pairs, alike, policies };
}

function pairLine(row: Rows[number], factors: PairLine['factors']): PairLine {
  const flags = String(row[3] ?? '').split(',');
  return {
    pair: String(row[0]),
    status: String(row[1]),
    ...(row[2] !== null && { reason: String(row[2]) }),
    flags: flagIds.filter((id) => flags.includes(id)),
    factors,
  };
}

/** The loss under each check; the assumed loss where a policy never reads what the check varies. */
function checkLosses(
  pairs: readonly CampaignPairResult[],
  { checks }: DatasetFacts,
  rows: Rows,
): { readonly id: string; readonly loss: LossOf }[] {
  const places = new Map(checks.map(({ id }, i) => [id, i]));
  const byKey = new Map(pairs.map((pair) => [pair.key, pair]));
  for (const [check, key, policies, losses] of rows as [string, string, number[], number[]][]) {
    const place = places.get(check);
    const pair = byKey.get(key)!;
    if (place === undefined) continue;
    const loss = [...pair.loss];
    policies.forEach((policy, i) => (loss[policy - 1] = losses[i]!));
    pair.checked[place] = loss;
  }
  return checks.map(({ id }, i) => ({ id, loss: ({ checked, loss }, policy) => (checked[i] ?? loss)[policy] }));
}
