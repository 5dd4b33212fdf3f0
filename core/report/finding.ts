/** The report's first screen: what is lost under which policy, how far the profile moved, what that depends on, and what was measured. */
import { contentsFates, contentsOrigins, stage2Kinds, verdicts } from '../model/terms.ts';
import type { Contents } from '../model/terms.ts';
import { grouped } from '../words/checks.ts';
import { list, range } from '../words/lists.ts';
import { count, duration, percent, significant } from '../words/numbers.ts';
import { windowSigns } from '../words/signs.ts';
import { rotatedWords } from './cause-words.ts';
import type { PolicyReport, Report, ReportedOutcome } from './model.ts';
import { baseName, compared } from './words.ts';

export interface Finding {
  /** One paragraph. */
  readonly lead: string;
  /** Label and sentences, in the order a reader asks. */
  readonly points: readonly FindingPoint[];
}

export interface FindingPoint {
  readonly label: string;
  readonly text: string;
}

/** Policies named one by one in a sentence. */
const NAMED = 4;
/** The same if they were named before. */
const BRIEF = 2;

export function finding(report: Report): Finding {
  const all = compared(report);
  if (all.length === 0) return { lead: 'No policy was replayed.', points: [] };
  const points: (FindingPoint | undefined)[] = [
    point('Dark', darkWords(all)),
    point('Skewed', skewWords(all)),
    point('Depends on', checkWords(all)),
    point('Trials', trialWords(all)),
    point('Rests on', measuredWords(report, all)),
    point('Scope', scopeWords(report)),
  ];
  return { lead: lostSentence(report, all), points: points.filter((p) => p !== undefined) };
}

/** The finding as one text. */
export function findingText({ lead, points: all }: Finding): string {
  return [lead, ...all.map(({ label, text }) => `${label}: ${text}`)].join('\n');
}

const point = (label: string, text: string | undefined): FindingPoint | undefined =>
  text ? { label, text } : undefined;

const idsOf = (policies: readonly PolicyReport[], most = NAMED): string =>
  list(
    policies.map(({ id }) => id),
    most,
  );

/** The mean over the trials; of a single replay its own. */
const coverageOf = ({ summary, trials }: ReportedOutcome): number => trials?.coverage.mean ?? summary.coverage;

function lostSentence(report: Report, all: readonly PolicyReport[]): string {
  const files = (kind: 'spe' | 'kvm'): string =>
    list(report.inputs.flatMap((input) => (input.kind === kind ? [baseName(input.file)] : [])));
  const lanes = report.lanes.length === 1 ? '1 lane' : `${count(report.lanes.length)} lanes`;
  const span = duration(report.span.end - report.span.start);
  const { reference } = all[0].outcome.summary;
  const start = `Of the ${count(reference)} samples of ${files('spe')} (${span}, ${lanes}), replayed against ${files('kvm')},`;
  const groups = grouped(all, ({ outcome }) => coverageOf(outcome)).toSorted(
    (a, b) => coverageOf(a[0].outcome) - coverageOf(b[0].outcome),
  );
  const lost = groups.filter(([{ outcome }]) => coverageOf(outcome) < 1);
  const whole = groups.filter(([{ outcome }]) => coverageOf(outcome) === 1);
  if (lost.length === 0)
    return `${start} none are lost under ${all.length > 1 ? `any of the ${count(all.length)} policies` : all[0].id}.`;
  const clauses = lost.map(
    (same, i) => `${percent(1 - coverageOf(same[0].outcome))} ${i === 0 ? 'are lost ' : ''}under ${who(same, all)}`,
  );
  const none = whole.length ? [`none under ${who(whole.flat(), all)}`] : [];
  return `${start} ${list([...shortened(clauses), ...none], 99)}.`;
}

/** At most five clauses: the worst and the best. */
function shortened(clauses: readonly string[]): string[] {
  return clauses.length <= 5
    ? [...clauses]
    : [...clauses.slice(0, 3), `… and ${clauses.length - 4} more in between`, clauses.at(-1)!];
}

function who(some: readonly PolicyReport[], all: readonly PolicyReport[], most = NAMED): string {
  return some.length === all.length && all.length > 2 ? `each of the ${count(all.length)} policies` : idsOf(some, most);
}

/** How long the darkest policies are dark, and what took their samples. */
function darkWords(all: readonly PolicyReport[]): string | undefined {
  const dark = grouped(
    all.filter(({ outcome }) => outcome.summary.lost > 0),
    ({ outcome: { summary: s } }) => [s.blackoutNs, s.windows, s.lostByKind, s.lostByCause],
  ).toSorted((a, b) => b[0].outcome.summary.blackoutNs - a[0].outcome.summary.blackoutNs);
  if (dark.length === 0) return undefined;
  const clauses = dark.slice(0, 3).map((same) => {
    const { summary: s } = same[0].outcome;
    const windows =
      s.windows === 1 ? '1 window' : `${count(s.windows)} windows, the longest ${duration(s.durations?.max ?? 0)}`;
    return `${idsOf(same, BRIEF)} ${duration(s.blackoutNs)} (${percent(s.blackoutShare)} of the time profiled) in ${windows}; ${lossWords(s)}`;
  });
  const more = dark.length > 3 ? ` ${count(dark.slice(3).flat().length)} more policies are dark for less.` : '';
  return `${clauses.join('. ')}.${more}`;
}

/** What took most of the samples, by kind and cause. */
function lossWords({ lost, lostByKind, lostByCause }: ReportedOutcome['summary']): string {
  const most = <K extends string>(by: Readonly<Record<K, number>>): [K, number] =>
    (Object.entries(by) as [K, number][]).reduce((best, one) => (one[1] > best[1] ? one : best));
  const [kind, n] = most(lostByKind);
  const [cause, byCause] = most(lostByCause);
  const part = n === lost ? 'all' : percent(n / lost);
  const why = cause === 'none' ? '' : ` (cause ${cause}${byCause === lost ? '' : `: ${percent(byCause / lost)}`})`;
  return `${part} of its losses ${windowSigns[kind].words}${why}`;
}

function skewWords(all: readonly PolicyReport[]): string {
  const words = verdicts.flatMap((word) => {
    const own = all.filter(({ outcome }) => outcome.verdict.word === word);
    return own.length ? [{ word, own }] : [];
  });
  const clauses = words.toReversed().map(({ word, own }) => {
    const lossy = own.filter(({ outcome }) => outcome.summary.lost > 0);
    const reasons = grouped(lossy, ({ outcome }) => outcome.verdict.reason).map((same) => {
      const { verdict, skew } = same[0].outcome;
      const where = skew ? rotatedWords(skew.cause) : undefined;
      const named = same.length === own.length && words.length > 1 ? '' : ` (${idsOf(same, BRIEF)})`;
      return `${verdict.reason}${where && word !== 'representative' ? `; ${where}` : ''}${named}`;
    });
    const none = lossy.length < own.length && lossy.length > 0 ? ['nothing was lost under the others'] : [];
    const why = [...reasons.slice(0, 3), ...none];
    return `${word} under ${who(own, all, BRIEF)}${why.length ? `: ${why.join('; ')}` : ''}`;
  });
  return `${clauses.map((clause) => clause.charAt(0).toUpperCase() + clause.slice(1)).join('. ')}.`;
}

/** Coverage points by which a check must move an outcome to be mentioned although no verdict changes. */
const TOLD = 0.01;

/** Which assumptions change a verdict, or much of the coverage. */
function checkWords(all: readonly PolicyReport[]): string | undefined {
  if (!all.some(({ outcome }) => outcome.checks?.length)) return undefined;
  const moved = all.flatMap((policy) =>
    (policy.outcome.checks ?? []).flatMap((check) => {
      const { summary, verdict } = policy.outcome;
      const by = check.coverage - summary.coverage;
      const changes = check.verdict !== verdict.word;
      return changes || Math.abs(by) >= TOLD ? [{ policy, check, by, changes }] : [];
    }),
  );
  if (moved.length === 0) return 'no assumption check changes a verdict, or the coverage by more than 1 pp.';
  const byCheck = grouped(moved, ({ check }) => check.id).toSorted((a, b) => weight(b) - weight(a));
  const sentences = byCheck.slice(0, 3).map((same) => {
    const clauses = grouped(same, ({ policy, check }) => [
      policy.outcome.summary.coverage,
      check.coverage,
      check.verdict,
      policy.outcome.verdict.word,
    ]).map((alike) => {
      const [{ policy, check, changes }] = alike;
      const from = percent(policy.outcome.summary.coverage);
      const names = idsOf(
        alike.map((one) => one.policy),
        BRIEF,
      );
      const [keep, is] = alike.length > 1 ? ['keep', 'are'] : ['keeps', 'is'];
      const becomes = changes ? ` and ${is} ${check.verdict ?? 'without a verdict'}` : '';
      return `${names} ${keep} ${percent(check.coverage)} instead of ${from}${becomes}`;
    });
    return `If ${same[0].check.title}: ${clauses.join('; ')}`;
  });
  const more = byCheck.length - 3;
  return `${sentences.join('. ')}.${more > 0 ? ` ${count(more)} more checks move something; the table of policies has them.` : ''}`;
}

function weight(same: readonly { readonly by: number; readonly changes: boolean }[]): number {
  return Math.max(...same.map(({ by, changes }) => Math.abs(by) + (changes ? 1 : 0)));
}

/** How often each verdict came out. */
function trialWords(all: readonly PolicyReport[]): string | undefined {
  const tried = all.filter(({ outcome }) => (outcome.trials?.n ?? 0) > 1);
  if (tried.length === 0) return undefined;
  const clauses = grouped(tried, ({ outcome }) => outcome.trials!.verdicts ?? null).map((same) => {
    const words = verdictCounts(same[0].outcome);
    return `${who(same, tried)}: ${words ?? 'verdict of the first placement only'}`;
  });
  return `${clauses.join('; ')}.`;
}

/** `representative in 180 of 200 placements, misleading in 20`; undefined without trials, or where they weren't counted. */
export function verdictCounts({ trials }: Pick<ReportedOutcome, 'trials'>): string | undefined {
  if (!trials?.verdicts) return undefined;
  const found = verdicts.flatMap((word) => {
    const n = trials.verdicts![word];
    return n ? [{ word, n }] : [];
  });
  return found
    .toSorted((a, b) => b.n - a.n)
    .map(({ word, n }, i) => `${word} in ${count(n)}${i === 0 ? ` of ${count(trials.n)} placements` : ''}`)
    .join(', ');
}

/** A stage 2 fault takes a core some µs; a trace whose median is far above that wasn't recorded on one, or its host was swapping. */
const SLOW_NS = 50_000;

/** The latencies that matter most, first. */
const telling = ['irqNs', 'reenableNs', 'readNs', 'mapNs', 'trapNs'];
const rank = (name: string): number => (telling.includes(name) ? telling.indexOf(name) : telling.length);

/** Which of the numbers were measured, and which assumed. */
function measuredWords(report: Report, all: readonly PolicyReport[]): string {
  const times = report.parameters.filter(({ name }) => /Ns($|Per)/.test(name) && !/^(offset|gap)/.test(name));
  const named = (some: typeof times): string =>
    list(
      some.map(
        ({ name, value, unit }) =>
          `${name} ${typeof value === 'number' && unit.startsWith('ns') ? duration(value) : String(value)}`,
      ),
      6,
    );
  const measured = times.filter(({ origin }) => origin === 'measured');
  const set = times.filter(({ origin }) => origin === 'user');
  const assumed = times.filter(({ origin }) => origin === 'assumed').toSorted((a, b) => rank(a.name) - rank(b.name));
  const slow = measured.filter(({ value }) => typeof value === 'number' && value >= SLOW_NS);
  const isEmulated = report.notes.some((note) => /\bemulat/i.test(note));
  const stalls = all.map(({ outcome }) => outcome.trials?.stallNs.mean ?? outcome.summary.stallNs);
  const emulator = isEmulated
    ? ' (on an emulator: they are not those of hardware)'
    : slow.length
      ? ` (${list(slow.map(({ name }) => name))}: tens of times what a core takes; recorded on an emulator, or a busy host?)`
      : '';
  return [
    measured.length ? `Measured in the trace: ${named(measured)}${emulator}.` : 'No latency was measured.',
    set.length ? `Set by the user: ${named(set)}.` : '',
    assumed.length ? `Assumed: ${named(assumed)}.` : '',
    contentsWords(report),
    `The stalls (${range(Math.min(...stalls), Math.max(...stalls), duration)}) are made of these times.`,
  ]
    .filter(Boolean)
    .join(' ');
}

/** What became of the contents at the unmaps that hit the buffers, and for how many of them the trace says so. */
function contentsWords({ lanes }: Report): string {
  const found = new Map<Contents, number>();
  let [unmaps, measured] = [0, 0];
  for (const { events } of lanes)
    events.kind.forEach((kind, i) => {
      if (stage2Kinds[kind] !== 'unmap') return;
      unmaps++;
      if (contentsOrigins[events.contentsOrigin[i]] === 'measured') measured++;
      const fate = contentsFates[events.contents[i]];
      found.set(fate, (found.get(fate) ?? 0) + 1);
    });
  if (unmaps === 0) return 'No unmap hits a buffer.';
  const fates = contentsFates.flatMap((fate) => (found.has(fate) ? [`${fate} at ${count(found.get(fate)!)}`] : []));
  const how = measured === unmaps ? 'measured' : measured === 0 ? 'assumed' : `measured at ${count(measured)}`;
  return `${unmaps === 1 ? '1 unmap hits' : `${count(unmaps)} unmaps hit`} the buffers; their contents: ${list(fates)} (${how}).`;
}

function scopeWords(report: Report): string {
  const { scale } = report.alignment;
  const scaled =
    scale === 1
      ? ''
      : ` The KVM timeline was scaled (× ${significant(scale)}) to fit: what happened and in which order is the trace’s own, when and how often is not.`;
  return `One capture against one trace: it says nothing of other guests, hosts or workloads.${scaled}`;
}
