/** A run's results for people and for scripts. */
import type { PolicyResult, ReplayedRun, Spread } from '../lab/runs/replay.ts';
import { changing, checkedRange, grouped, holdsShort } from '../words/checks.ts';
import type { CheckedVerdict } from '../words/checks.ts';
import { unsureLoss } from '../lab/runs/evidence-losses.ts';
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

function policyJson({
  policy,
  outcome,
  summary: s,
  trials,
  checks,
  sameAs,
  restsOn,
  skew: [first],
}: PolicyResult): object {
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
    restsOn,
    unsureLoss: unsureLoss(restsOn, s.lost)?.share ?? 0,
    ...(sameAs && { sameAs }),
  };
}

/** Key of a row: policies that lose the same samples share it. */
const losses = ({ policy, sameAs }: PolicyResult): string => sameAs ?? policy.id;

export function printResults(out: Output, { id, settings, facts, results }: ReplayedRun): void {
  out.write(`run ${id}: ${facts.alignment.description}\n`);
  for (const warning of facts.placementWarnings) out.write(`note: ${warning}\n`);
  for (const note of facts.notes) out.write(`note: ${note}\n`);
  const { trials, latency } = settings.params;
  if (trials > 1) {
    const latencies = latency === 'sampled' ? ', each with its own draw of latencies' : '';
    out.write(
      `means over ${trials} trials${latencies}, with their 5 to 95 % range; p and verdict are those of the first\n`,
    );
  }
  const assumed = Object.entries(settings.origin).filter(([name, o]) => o === 'assumed' && /Ns/.test(name));
  out.write(`assumed, not measured: ${assumed.map(([name]) => name).join(', ')}\n\n`);
  printSurvivors(out, results);
  printCosts(out, results);
  printChecks(out, results);
  printUnsure(out, results);
}

/** What survives. Policies that lose the same samples, under each check, share a row. */
function printSurvivors(out: Output, results: readonly PolicyResult[]): void {
  const hasTrials = results.some(({ trials }) => trials);
  const cells = (result: PolicyResult): string[] => {
    const { summary: s, trials, skew } = result;
    const of = checkedOf(result);
    const [least, greatest] = checkedRange(of).map((share) => percent(share));
    return [
      over(s.coverage, trials?.coverage, percent),
      !of.checks?.length ? '-' : least === greatest ? least : `${least} to ${greatest}`,
      over(s.windows, trials?.windows, (n) => String(Number(n.toPrecision(4)))),
      over(s.blackoutNs, trials?.blackoutNs, wholeNs),
      s.durations || trials?.p99 ? over(s.durations?.p99 ?? 0, trials?.p99, wholeNs) : '-',
      skew[0].digest?.cause.pValue === undefined ? '-' : pValue(skew[0].digest.cause.pValue),
      skew[0].verdict.word,
      ...(hasTrials ? [verdictsOf(result)] : []),
      holdsShort(of) ?? '-',
    ];
  };
  const head = ['policy', 'coverage', 'over checks', 'windows', 'blackout', 'p99', 'where', 'verdict'];
  const last = hasTrials ? ['by placement', 'checks'] : ['checks'];
  out.write(textTable([...head, ...last], sameRows(results, cells, losses), `lrrrrrr${'l'.repeat(1 + last.length)}`));
}

/** What the host pays for it. */
function printCosts(out: Output, results: readonly PolicyResult[]): void {
  const cells = ({ summary: s, trials }: PolicyResult): string[] => [
    over(s.stallNs, trials?.stallNs, wholeNs),
    over(s.slowdown, trials?.slowdown, (share) => percent(share, 3)),
    over(s.pinnedBytesPeak, trials?.pinnedBytesPeak, (bytes) => `${(bytes / 1024).toFixed(0)} KiB`),
  ];
  out.write(`\n${textTable(['policy', 'stall', 'slowdown', 'pinned'], sameRows(results, cells), 'lrrr')}`);
}

/** Rows with the same cells are printed once: the first policy's, the other names below it. */
function sameRows(
  results: readonly PolicyResult[],
  cells: (result: PolicyResult) => readonly string[],
  also: (result: PolicyResult) => string = () => '',
): string[][] {
  return grouped(results, (result) => [also(result), ...cells(result)]).flatMap((same) => {
    const own = cells(same[0]);
    return same.map(({ policy: { id } }, i) => (i === 0 ? [id, ...own] : [`= ${id}`, ...own.map(() => '')]));
  });
}

function checkedOf({ summary, skew, checks }: PolicyResult): CheckedVerdict {
  return { coverage: summary.coverage, word: skew[0].verdict.word, checks };
}

/** `representative 180, misleading 20`: trials by their verdict. */
function verdictsOf({ trials }: PolicyResult): string {
  const counts = Object.entries(trials?.verdicts ?? {}).toSorted(([, a], [, b]) => b - a);
  return counts.map(([word, n]) => `${word} ${n}`).join(', ') || '-';
}

/** The checks, and what those that change a verdict mean in words. */
function printChecks(out: Output, results: readonly PolicyResult[]): void {
  const titles = new Map(results.flatMap(({ checks }) => checks.map((c) => [c.id, c.title] as const)));
  const changes = results.flatMap((result) => changing(checkedOf(result)).map((c) => c.id));
  if (titles.size) out.write(`\nassumption checks: ${[...titles.keys()].join(', ')}\n`);
  for (const id of new Set(changes)) out.write(`  ${id}: if ${titles.get(id)}\n`);
}

/** How much of the losses rests on stage 2 events that may not have happened. */
function printUnsure(out: Output, results: readonly PolicyResult[]): void {
  const unsure = results.flatMap(({ policy, summary, restsOn }) => {
    const found = unsureLoss(restsOn, summary.lost);
    return found ? [`  ${policy.id}: ${percent(found.share)} of its loss (${found.evidence.join(', ')})\n`] : [];
  });
  if (!results.some(({ restsOn }) => restsOn.length)) return;
  if (!unsure.length) out.write('\nevery loss to stage 2 rests on evidence that is right in 95 % of cases or more\n');
  else out.write(`\nrests on evidence that may be right in less than 95 % of cases:\n${unsure.join('')}`);
}

function wholeNs(ns: number): string {
  return duration(Math.round(ns));
}

/** The single replay's figure; for several trials their mean, and their range if they differ. */
function over(own: number, trials: Spread | undefined, format: (value: number) => string): string {
  if (!trials) return format(own);
  const { mean, p5, p95 } = trials;
  return p5 === p95 ? format(mean) : `${format(mean)} (${format(p5)} to ${format(p95)})`;
}
