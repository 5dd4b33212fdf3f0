/** A campaign as the lab's page shows it: loss by factor and policy, reversals, pairs. From the dataset, with DuckDB. */
import { existsSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { familySize, groupsOf, standing } from '../../analysis/campaign-compare.ts';
import { quantile } from '../../analysis/numbers.ts';
import type {
  CampaignOverview,
  CampaignPairs,
  CampaignParams,
  CampaignReversals,
  CampaignUncollected,
  MatrixCell,
  MatrixRow,
} from '../../contract/campaign.ts';
import { pairStatuses } from '../../contract/campaign.ts';
import type { Progress } from '../../contract/contract.ts';
import { verdicts } from '../../model/terms.ts';
import type { CampaignPairResult } from '../../report/campaign.ts';
import { campaignFinding, methodText, reversalSentence } from '../../report/campaign-words.ts';
import { baseName } from '../../report/words.ts';
import { flagIds } from '../../words/pair-flags.ts';
import { DATASET, FACTS, readDatasetFacts } from './dataset.ts';
import type { DatasetFacts } from './dataset.ts';
import { readCampaign } from './file.ts';
import { campaignPairs } from './pairs.ts';
import { queryAllHere } from './query.ts';
import { buildCampaignReport, pairResults, reportQueries } from './report.ts';
import type { PairResults } from './report.ts';
import { resultIds } from './result.ts';

type Tell = (progress: Progress) => void;

/** DuckDB's, in a process that holds the answers, too. */
const MEMORY = '200MB';
/** Losses that a matrix draws individually: in all cells together, and in one. */
const MOST_DRAWN = 20_000;
const MOST_IN_CELL = 60;
/** Most reversals, changed verdicts and missing pairs listed. */
const MOST_LISTED = 200;

interface Loaded extends PairResults {
  readonly facts: DatasetFacts;
}

/** The last one read is cached: the next request is often about the same campaign. */
export class CampaignViews {
  #last: { readonly key: string; readonly loaded: Loaded } | undefined;
  #reversals: { readonly key: string; readonly answer: CampaignReversals } | undefined;

  /** @throws RequestError: no campaign there, or a dataset that DuckDB can't read */
  async overview(
    { folder, leaveOut, by }: CampaignParams<'campaign'>,
    tell: Tell,
  ): Promise<CampaignUncollected | CampaignOverview> {
    const own = resolve(folder);
    if (!existsSync(join(own, DATASET))) return uncollected(own);
    const { facts, lines, pairs, compared, names, alike, policies } = await this.#load(own, leaveOut, tell);
    const rule = readDatasetFacts(own).leaveOut;
    const done = lines.filter(({ status }) => status === 'done');
    const of = (status: string): number => lines.filter((line) => line.status === status).length;
    const titles = new Map(facts.policies.map(({ id, title }) => [id, title]));
    const factor = by !== undefined && names.includes(by) ? by : names.includes(facts.unit) ? facts.unit : names[0];
    const changed = changedSince(own);
    return {
      collected: true,
      ...{ folder: own, title: facts.title ?? `Campaign ${baseName(own)}`, umbra: facts.umbra },
      ...{ unit: facts.unit, repetition: facts.repetition, factors: names },
      counts: {
        ...{ pairs: lines.length, done: done.length, failed: of('failed'), pending: of('pending') },
        ...{ repeated: of('repeated'), counted: pairs.length, leftOut: done.length - pairs.length },
      },
      flags: flagIds.map((id) => ({
        ...{ id, out: facts.leaveOut.includes(id) },
        pairs: done.filter((line) => line.flags.includes(id)).length,
      })),
      ...{ rule, knownStage2: facts.knownStage2, checks: facts.checks.length },
      policies: policies.map((p) => ({
        ...{ id: compared[p], title: titles.get(compared[p]) ?? compared[p] },
        same: compared.filter((_, q) => alike[q] === p),
      })),
      ...(changed && { changed }),
      matrix: matrix({ pairs, policies, names, unit: facts.unit }, factor),
    };
  }

  /** The part of a report that compares all policies pairwise everywhere: slow. */
  async reversals({ folder, leaveOut }: CampaignParams<'campaignReversals'>, tell: Tell): Promise<CampaignReversals> {
    const own = resolve(folder);
    const key = keyOf(own, leaveOut);
    if (this.#reversals?.key === key) return this.#reversals.answer;
    this.#reversals = undefined;
    const query = queryAllHere((done) => tell({ phase: 'reading losses under each check', done, unit: 'steps' }));
    const options = { query, memory: MEMORY, ...(leaveOut && { leaveOut }) };
    const built = (await buildCampaignReport(own, '', options))!;
    const { report } = built;
    const all = [...report.factorReversals, ...report.checkReversals];
    const titles = new Map(report.checks.map(({ id, title }) => [id, title]));
    const answer: CampaignReversals = {
      finding: campaignFinding(report),
      total: all.length,
      reversals: all.slice(0, MOST_LISTED).map((r) => ({
        policies: [report.policies[r.a], report.policies[r.b]],
        on: 'check' in r.on ? { check: titles.get(r.on.check) ?? r.on.check } : { factor: r.on.factor },
        sentence: reversalSentence(report, r),
      })),
      changes: report.changes.slice(0, MOST_LISTED).map(({ policy, check, to, pairs }) => ({
        ...{ policy: report.policies[policy], check: titles.get(check) ?? check, to, pairs },
      })),
      method: report.pairs.length ? methodText(report) : '',
    };
    this.#reversals = { key, answer };
    return answer;
  }

  async pairs({ folder, leaveOut, policy }: CampaignParams<'campaignPairs'>, tell: Tell): Promise<CampaignPairs> {
    const { facts, lines, pairs, compared } = await this.#load(resolve(folder), leaveOut, tell);
    const place = compared.indexOf(policy);
    const found = new Map(pairs.map((pair) => [pair.key, pair]));
    const own = lines.map(({ pair }) => (place < 0 ? undefined : found.get(pair)));
    return {
      pair: lines.map(({ pair }) => pair),
      status: Uint8Array.from(lines, ({ status }) => code(pairStatuses, status)),
      flags: Uint8Array.from(lines, ({ flags }) =>
        flagIds.reduce((bits, id, i) => bits | (+flags.includes(id) << i), 0),
      ),
      loss: Float64Array.from(own, (pair) => pair?.loss[place] ?? NaN),
      verdict: Uint8Array.from(own, (pair) => (pair ? code(verdicts, pair.verdicts[place]) : NONE)),
      factors: facts.factors.map((name) => {
        const values = [...new Set(lines.flatMap(({ factors }) => factors[name] ?? []))];
        const places = new Map(values.map((value, i) => [value, i]));
        return { name, values, code: Int32Array.from(lines, ({ factors }) => places.get(factors[name]) ?? -1) };
      }),
      reasons: lines.flatMap(({ reason }, i) => (reason === undefined ? [] : [[i, reason] as const])),
    };
  }

  async #load(folder: string, leaveOut: CampaignParams<'campaign'>['leaveOut'], tell: Tell): Promise<Loaded> {
    const key = keyOf(folder, leaveOut);
    if (this.#last?.key === key) return this.#last.loaded;
    this.#last = undefined;
    const stored = readDatasetFacts(folder);
    const facts = leaveOut ? { ...stored, leaveOut: [...leaveOut] } : stored;
    const total = 2;
    const query = queryAllHere((done) => tell({ phase: 'reading the dataset', done, total, unit: 'steps' }));
    const [rows, outcomes] = await query(folder, reportQueries(facts).slice(0, total), { memory: MEMORY });
    const loaded = { facts, ...pairResults(facts, rows.rows, outcomes.rows) };
    this.#last = { key, loaded };
    return loaded;
  }
}

const NONE = 255;

function code<T extends string>(of: readonly T[], word: string): number {
  const place = of.findIndex((one) => one === word);
  return place < 0 ? NONE : place;
}

/** A dataset is replaced as a whole: a new one has a new file here. */
function keyOf(folder: string, leaveOut: readonly string[] | undefined): string {
  const { ino, mtimeMs } = statSync(join(folder, DATASET, FACTS), { throwIfNoEntry: false }) ?? {};
  return JSON.stringify([folder, ino, mtimeMs, leaveOut]);
}

/** Results are added and removed by name, so their folder's mtime shows changes. */
function changedSince(folder: string): CampaignOverview['changed'] {
  const time = (path: string): number => statSync(join(folder, path), { throwIfNoEntry: false })?.mtimeMs ?? 0;
  const then = time(join(DATASET, FACTS));
  if (Math.max(time('campaign.toml'), time('campaign.json')) > then) return 'campaign';
  return time('results') > then ? 'results' : undefined;
}

function uncollected(folder: string): CampaignUncollected {
  const campaign = readCampaign(folder);
  const { pairs } = campaignPairs(campaign);
  const { done, failed } = resultIds(folder);
  return {
    collected: false,
    ...{ folder, title: campaign.file.title ?? `Campaign ${baseName(folder)}` },
    ...{ pairs: pairs.length, results: done.size + failed.size },
    missing: pairs
      .flatMap(({ key, missing }) => (missing === undefined ? [] : [{ pair: key, reason: missing }]))
      .slice(0, MOST_LISTED),
  };
}

interface Compared {
  readonly pairs: readonly CampaignPairResult[];
  readonly policies: readonly number[];
  readonly names: readonly string[];
  readonly unit: string;
}

function matrix({ pairs, policies, names, unit }: Compared, by: string | undefined): CampaignOverview['matrix'] {
  const groups = pairs.length ? groupsOf(pairs, names) : [];
  const family = familySize(policies.length, groups.length);
  const [all, ...others] = groups;
  const inOrder = new Intl.Collator('en', { numeric: true }).compare;
  const shown = others.filter(({ factor }) => factor === by).sort((a, b) => inOrder(a.value!, b.value!));
  const rows = policies.length && groups.length ? [all, ...shown] : [];
  const drawn = pairs.length * policies.length * 2 <= MOST_DRAWN;
  let least = 1;
  for (const { loss } of pairs) for (const p of policies) if (loss[p] > 0) least = Math.min(least, loss[p]);
  return {
    ...(by !== undefined && { by }),
    ...{ least, family },
    rows: rows.map((group): MatrixRow => {
      const { word, best } = standing(group, policies, family);
      const own = pairs.filter(({ factors }) => group.factor === undefined || factors[group.factor] === group.value);
      return {
        ...(group.value !== undefined && { value: group.value }),
        pairs: own.length,
        units: new Set(own.flatMap(({ factors }) => factors[unit] ?? [])).size,
        ...{ word, best: best.map((p) => policies.indexOf(p)).sort((a, b) => a - b) },
        cells: policies.map((p) => cell(own, p, drawn)),
      };
    }),
  };
}

function cell(own: readonly CampaignPairResult[], policy: number, drawn: boolean): MatrixCell {
  const losses = Float64Array.from(own, ({ loss }) => loss[policy]).sort();
  return {
    ...{ median: quantile(losses, 0.5), low: quantile(losses, 0.25), high: quantile(losses, 0.75) },
    ...{ least: losses[0], most: losses[losses.length - 1] },
    ...(drawn && losses.length <= MOST_IN_CELL && { losses }),
    verdicts: verdicts.map((word) => own.filter((pair) => pair.verdicts[policy] === word).length),
  };
}
