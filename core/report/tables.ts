/** The tables of the Markdown and text forms, as plain strings; the HTML form has its own, with bars in them. */
import type { SkewDigest } from '../analysis/skew-digest.ts';
import { excessOf, lanesClause, rotatedClause } from './cause-words.ts';
import { list, range, shorten } from '../words/lists.ts';
import { bytes, count, counted, duration, percent, points, significant } from '../words/numbers.ts';
import type { PolicyReport, Report, ReportedOutcome } from './model.ts';
import { movedMost } from './skew-chart.ts';
import { checkedCoverage } from '../words/checks.ts';
import { checkedOf, samePolicies, survival } from './check-words.ts';
import { compared } from './words.ts';

export interface Table {
  readonly head: readonly string[];
  /** `l` or `r` per column. */
  readonly align: string;
  readonly rows: readonly (readonly string[])[];
}

/** What each policy keeps, and what that is worth. Policies that have the same outcome share a row. */
export function keptTable(report: Report): Table {
  return {
    head: ['policy', 'coverage', 'over checks', 'skew', 'verdict'],
    align: 'lrrrl',
    rows: samePolicies(report.policies, survival).flatMap(({ policies, ids: names, outcome }) => {
      const { summary, trials, skew } = outcome;
      return named(names, [
        trials && trials.coverage.p5 !== trials.coverage.p95
          ? range(trials.coverage.p5, trials.coverage.p95, percent)
          : percent(trials?.coverage.mean ?? summary.coverage),
        checkedCoverage(checkedOf(outcome)) ?? '–',
        skew && summary.lost > 0 ? excessOf(skew.cause) : '–',
        policies[0].isReference ? 'reference' : outcome.verdict.word,
      ]);
    }),
  };
}

/** What each policy costs. Means over the trials, where there were several. */
export function costTable(report: Report): Table {
  const cells = ({ outcome: { summary, trials } }: PolicyReport): string[] => [
    count(trials?.windows.mean ?? summary.windows),
    duration(trials?.blackoutNs.mean ?? summary.blackoutNs),
    duration(trials?.stallNs.mean ?? summary.stallNs),
    percent(trials?.slowdown.mean ?? summary.slowdown),
    bytes(trials?.pinnedBytesPeak.mean ?? summary.pinnedBytesPeak),
  ];
  return {
    head: ['policy', 'windows', 'blackout', 'stall', 'slowdown', 'pinned'],
    align: 'lrrrrr',
    rows: samePolicies(report.policies, cells).flatMap(({ policies, ids: names }) => named(names, cells(policies[0]))),
  };
}

/** A row of policies that are the same: the others' names below the first one's. */
function named(names: readonly string[], cells: readonly string[]): string[][] {
  const empty = cells.map(() => '');
  return names.map((name, i) => (i === 0 ? [shorten(name, 22), ...cells] : [`= ${shorten(name, 22)}`, ...empty]));
}

/** How long the blackout windows are, under each policy that has some. */
export function durationTable(report: Report): Table {
  return {
    head: ['policy', 'windows', 'median', 'p90', 'p99', 'longest'],
    align: 'lrrrrr',
    rows: samePolicies(compared(report), ({ outcome: { summary } }) => [summary.windows, summary.durations]).flatMap(
      ({ ids: names, outcome: { summary } }) => {
        if (!summary.durations) return [];
        const { p50, p90, p99, max } = summary.durations;
        return named(names, [count(summary.windows), ...[p50, p90, p99, max].map(duration)]);
      },
    ),
  };
}

/** What the tables' words mean. */
export function tableNotes(report: Report): string {
  const trials = trialsOf(report);
  return [
    isChecked(report) ? 'Over checks: coverage when one assumption at a time is changed.' : '',
    trials > 1 ? `Means over ${count(trials)} random placements of the buffers; of coverage the 5–95 % range.` : '',
    'Coverage: samples kept. Blackout: guest time unprofiled, all lanes together.',
    'Stall: host time in which a vCPU was stopped; slowdown: stall over profiled time.',
    `Skew: total variation distance of the shares by ${report.skewKey}, less what the same blackouts at other moments give on average.`,
  ]
    .filter(Boolean)
    .join(' ');
}

/** Placements that the figures are means of; 0 for a single one. */
export function trialsOf(report: Report): number {
  return Math.max(0, ...report.policies.map(({ outcome }) => outcome.trials?.n ?? 0));
}

export function isChecked(report: Report): boolean {
  return report.policies.some(({ outcome }) => outcome.checks?.length);
}

/** The keys that moved most. */
export function movedTable(skew: SkewDigest): Table {
  const half = ({ low, high }: { low: number | null; high: number | null }): number | undefined =>
    low === null || high === null ? undefined : (high - low) / 2;
  const moved = movedMost(skew);
  const width = Math.max(0, ...moved.map((row) => half(row) ?? 0)) || undefined;
  return {
    head: ['key', 'reference', 'survived', 'difference', '95 % interval', ''],
    align: 'lrrrrl',
    rows: moved.map((row) => [
      shorten(row.name, 24),
      percent(row.p),
      percent(row.q),
      points(row.difference, width),
      row.low === null || row.high === null
        ? '–'
        : `${points(row.low, width)} … ${points(row.high, width)}`.replace(/\u202fpp/g, ''),
      row.significant ? '*' : '',
    ]),
  };
}

/** How far a profile is from the reference, in numbers. */
export function skewFacts({ skew, latency }: Pick<ReportedOutcome, 'skew' | 'latency'>): string {
  if (!skew) return '';
  const facts = [
    `TVD ${significant(skew.tvd, 2)} (${rotatedClause(skew.cause)})`,
    lanesClause(skew),
    `Jensen–Shannon distance ${significant(skew.jsDistance, 2)}`,
    `top-10 recall ${percent(skew.top10Recall)}`,
    skew.kendallTauB === undefined ? undefined : `Kendall τ-b ${significant(skew.kendallTauB)} (top 50)`,
    `rank-biased overlap ${significant(skew.rankBiasedOverlap)}`,
    `${count(skew.significantKeys)} of ${count(skew.keys)} keys moved with where the blackouts fell`,
    skew.vanished > 0 ? `${counted(skew.vanished, 'key')} vanished` : undefined,
    latency &&
      `total latency p50/p90/p99 ${[latency.reference, latency.kept].map((l) => [l.p50, l.p90, l.p99].map((x) => significant(x)).join('/')).join(' → ')} cycles (KS distance ${significant(latency.ks, 2)})`,
  ];
  return `${facts.filter((fact) => fact !== undefined).join('; ')}.`;
}

/** Whole numbers in full: a parameter must be copied exactly. */
export function parameterTable({ parameters }: Report): Table {
  return {
    head: ['parameter', 'value', 'unit', 'origin'],
    align: 'lrll',
    rows: parameters.map(({ name: id, value, unit, origin }) => [
      id,
      typeof value === 'number' && Number.isInteger(value) ? count(value) : String(value),
      unit,
      origin,
    ]),
  };
}

/** How many of the parameters rest on nothing. */
export function assumedSentence({ parameters }: Report): string {
  const assumed = parameters.filter(({ origin }) => origin === 'assumed').length;
  return `${count(assumed)} of ${count(parameters.length)} are assumed: defaults that illustrate, not taken from these captures.`;
}

export function ids(policies: readonly Pick<PolicyReport, 'id'>[], most = 12): string {
  return list(
    policies.map(({ id }) => id),
    most,
  );
}
