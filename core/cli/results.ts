/** A run's results for people and for scripts. */
import type { PolicyResult, ReplayedRun, Spread } from '../lab/runs/replay.ts';
import { overChecks } from '../lab/runs/check-results.ts';
import { duration, percent, pValue } from './format.ts';
import type { Output } from './output.ts';
import { textTable } from './table.ts';

/** The `run` and `policies` of `umbra replay --json` (contracts.md). */
export function resultsJson({ id, settings, facts, results }: ReplayedRun): object {
  return {
    run: {
      id,
      params: settings.params,
      paramOrigin: settings.origin,
      alignment: facts.alignment,
      buffers: facts.buffers,
    },
    policies: results.map(policyJson),
  };
}

function policyJson({ policy, outcome, summary: s, trials, checks, sameAs, skew: [first] }: PolicyResult): object {
  const d = first.digest;
  return {
    id: policy.id,
    kept: s.kept,
    lost: s.lost,
    coverage: s.coverage,
    windows: s.windows,
    blackoutNs: s.blackoutNs,
    durations: s.durations ?? null,
    stallNs: Math.round(s.stallNs),
    stallByKind: s.stallByKind,
    slowdown: s.slowdown,
    pinnedBytesPeak: s.pinnedBytesPeak,
    refused: outcome.refused,
    faults: s.faultsByCause,
    lostByKind: s.lostByKind,
    lostByCause: s.lostByCause,
    ...(trials && { trials }),
    skew: {
      by: first.kind,
      tvd: d?.tvd ?? null,
      nullMean: d?.cause.mean ?? null,
      nullP95: d?.cause.p95 ?? null,
      pValue: d?.cause.pValue ?? null,
      excess: d?.cause.excess ?? null,
      episodes: d?.cause.episodes ?? null,
      verdict: first.verdict.word,
      reason: first.verdict.reason,
    },
    checks,
    ...(sameAs && { sameAs }),
  };
}

export function printResults(out: Output, { id, settings, facts, results }: ReplayedRun): void {
  const head = [
    'policy',
    'coverage',
    'over checks',
    'windows',
    'blackout',
    'p99',
    'stall',
    'slowdown',
    'pinned',
    'where',
    'verdict',
    'unless',
  ];
  const rows = results.map(({ policy, summary: s, trials, checks, sameAs, skew: [first] }) => {
    const { least, greatest, changes } = overChecks(s.coverage, first.verdict.word, checks);
    return [
      policy.id,
      over(s.coverage, trials?.coverage, percent),
      percent(least) === percent(greatest) ? '-' : `${percent(least)} to ${percent(greatest)}`,
      over(s.windows, trials?.windows, (n) => String(Number(n.toPrecision(4)))),
      over(s.blackoutNs, trials?.blackoutNs, wholeNs),
      s.durations || trials?.p99 ? over(s.durations?.p99 ?? 0, trials?.p99, wholeNs) : '-',
      over(s.stallNs, trials?.stallNs, wholeNs),
      over(s.slowdown, trials?.slowdown, (share) => percent(share, 3)),
      over(s.pinnedBytesPeak, trials?.pinnedBytesPeak, (bytes) => `${(bytes / 1024).toFixed(0)} KiB`),
      first.digest?.cause.pValue === undefined ? '-' : pValue(first.digest.cause.pValue),
      sameAs ? `${first.verdict.word} (as ${sameAs})` : first.verdict.word,
      changes.length ? changes.map((c) => `${c.id}: ${c.verdict}`).join('; ') : checks.length ? 'holds' : '-',
    ];
  });
  out.write(`run ${id}: ${facts.alignment.description}\n`);
  for (const warning of facts.placementWarnings) out.write(`note: ${warning}\n`);
  const { trials, latency } = settings.params;
  if (trials > 1) {
    const latencies = latency === 'sampled' ? ', each with latencies drawn anew' : '';
    out.write(
      `means over ${trials} trials${latencies}, with their 5 to 95 % range; skew and verdict are those of the first\n`,
    );
  }
  const assumed = Object.entries(settings.origin).filter(([name, o]) => o === 'assumed' && /Ns/.test(name));
  out.write(`assumed, not measured: ${assumed.map(([name]) => name).join(', ')}\n\n`);
  out.write(textTable(head, rows, 'lrrrrrrrrrll'));
  printChecks(out, results);
}

/** What the checks are called in words, for those that change a verdict. */
function printChecks(out: Output, results: readonly PolicyResult[]): void {
  const titles = new Map(results.flatMap(({ checks }) => checks.map((c) => [c.id, c.title] as const)));
  const changing = results.flatMap(({ summary, checks, skew: [first] }) =>
    overChecks(summary.coverage, first.verdict.word, checks).changes.map((c) => c.id),
  );
  if (titles.size) out.write(`\nassumption checks: ${[...titles.keys()].join(', ')}\n`);
  for (const id of new Set(changing)) out.write(`  ${id}: if ${titles.get(id)}\n`);
}

function wholeNs(ns: number): string {
  return duration(Math.round(ns));
}

/** The figure of the one replay; of several trials their mean, and their range where they differ. */
function over(own: number, trials: Spread | undefined, format: (value: number) => string): string {
  if (!trials) return format(own);
  const { mean, p5, p95 } = trials;
  return p5 === p95 ? format(mean) : `${format(mean)} (${format(p5)} to ${format(p95)})`;
}
