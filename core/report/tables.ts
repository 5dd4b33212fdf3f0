/** The tables of the Markdown and text forms, as plain strings; the HTML form has its own, with bars in them. */
import type { SkewDigest } from '../analysis/skew-digest.ts';
import { excessOf, lanesClause, rotatedClause } from './cause-words.ts';
import { list, range, shorten } from '../words/lists.ts';
import { bytes, count, duration, percent, points, significant } from '../words/numbers.ts';
import type { PolicyReport, Report, Variant } from './model.ts';
import { movedMost } from './skew-chart.ts';
import { checkedCoverage } from './check-words.ts';
import { compared, discardWords, mainVariant, otherDiscard } from './words.ts';

export interface Table {
  readonly head: readonly string[];
  /** `l` or `r` per column. */
  readonly align: string;
  readonly rows: readonly (readonly string[])[];
}

/** What each policy keeps, and what that is worth. */
export function keptTable(report: Report): Table {
  const other = otherDiscard(report);
  const hasOther = report.policies.some((policy) => policy.variants[other]);
  const second = hasOther ? (other === 'buffer' ? 'buffer lost' : 'record lost') : 'over checks';
  return {
    head: ['policy', 'coverage', second, 'skew', 'verdict'],
    align: 'lrrrl',
    rows: rows(report, (policy, variant) => {
      const { summary, trials, skew } = variant;
      const against = policy.variants[other];
      const excess = skew && summary.lost > 0 ? excessOf(skew.cause) : '–';
      return [
        trials && trials.coverage.p5 !== trials.coverage.p95
          ? range(trials.coverage.p5, trials.coverage.p95, percent)
          : percent(trials?.coverage.mean ?? summary.coverage),
        against ? percent(against.summary.coverage) : (checkedCoverage(variant) ?? '–'),
        excess,
        policy.isReference ? 'reference' : variant.verdict.word,
      ];
    }),
  };
}

/** What each policy costs. Means over the trials, where there were several. */
export function costTable(report: Report): Table {
  return {
    head: ['policy', 'windows', 'blackout', 'stall', 'slowdown', 'pinned'],
    align: 'lrrrrr',
    rows: rows(report, (_, { summary, trials }) => [
      count(trials?.windows.mean ?? summary.windows),
      duration(trials?.blackoutNs.mean ?? summary.blackoutNs),
      duration(trials?.stallNs.mean ?? summary.stallNs),
      percent(trials?.slowdown.mean ?? summary.slowdown),
      bytes(trials?.pinnedBytesPeak.mean ?? summary.pinnedBytesPeak),
    ]),
  };
}

function rows(report: Report, cells: (policy: PolicyReport, variant: Variant) => readonly string[]): string[][] {
  return report.policies.flatMap((policy) => {
    const variant = mainVariant(report, policy);
    return variant ? [[shorten(policy.id, 22), ...cells(policy, variant)]] : [];
  });
}

/** How long the blackout windows are, under each policy that has some. */
export function durationTable(report: Report): Table {
  return {
    head: ['policy', 'windows', 'median', 'p90', 'p99', 'longest'],
    align: 'lrrrrr',
    rows: compared(report).flatMap(({ policy, variant: { summary } }) => {
      if (!summary.durations) return [];
      const { p50, p90, p99, max } = summary.durations;
      return [[shorten(policy.id, 22), count(summary.windows), ...[p50, p90, p99, max].map(duration)]];
    }),
  };
}

/** What the tables' words mean. */
export function tableNotes(report: Report): string {
  const trials = Math.max(0, ...report.policies.map((policy) => mainVariant(report, policy)?.trials?.n ?? 0));
  return [
    `Unless a column says otherwise the ${discardWords[report.dlDiscard]} at DL=1 (PMBSR_EL1.DL: data lost).`,
    trials > 1 ? `Means over ${count(trials)} random placements of the buffers; of coverage the 5–95 % range.` : '',
    'Coverage: samples kept. Blackout: guest time unprofiled, all lanes together.',
    'Stall: host time in which a vCPU stood still; slowdown: stall over profiled time.',
    `Skew: total variation distance of the shares by ${report.skewKey}, less what losing as many samples at random gives.`,
  ]
    .filter(Boolean)
    .join(' ');
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
export function skewFacts({ skew, latency }: Pick<Variant, 'skew' | 'latency'>): string {
  if (!skew) return '';
  const facts = [
    `TVD ${significant(skew.tvd, 2)} (${rotatedClause(skew.cause)})`,
    lanesClause(skew),
    `Jensen–Shannon distance ${significant(skew.jsDistance, 2)}`,
    `top-10 recall ${percent(skew.top10Recall)}`,
    skew.kendallTauB === undefined ? undefined : `Kendall τ-b ${significant(skew.kendallTauB)} (top 50)`,
    `rank-biased overlap ${significant(skew.rankBiasedOverlap)}`,
    `${count(skew.significantKeys)} of ${count(skew.keys)} keys moved with where the blackouts fell`,
    skew.vanished > 0 ? `${count(skew.vanished)} keys vanished` : undefined,
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

export function ids(policies: readonly PolicyReport[], most = 12): string {
  return list(
    policies.map(({ id }) => id),
    most,
  );
}
