/** A run's results for people and for scripts. */
import type { PolicyResult, ReplayedRun } from '../lab/replay.ts';
import { duration, percent } from './format.ts';
import type { Output } from './output.ts';
import { textTable } from './table.ts';

/** The `run` and `policies` of `umbra replay --json` (contracts.md); the run's own dlDiscard, the other one beside it. */
export function resultsJson({ id, settings, facts, results }: ReplayedRun): object {
  const own = results.filter((r) => r.dlDiscard === settings.params.dlDiscard);
  const other = (policy: string) =>
    results.find((r) => r.policy.id === policy && r.dlDiscard !== settings.params.dlDiscard);
  return {
    run: {
      id,
      params: settings.params,
      paramOrigin: settings.origin,
      alignment: facts.alignment,
      buffers: facts.buffers,
    },
    policies: own.map((r) => {
      const twin = other(r.policy.id);
      return { ...policyJson(r), ...(twin && { [`dlDiscard:${twin.dlDiscard}`]: policyJson(twin) }) };
    }),
  };
}

function policyJson({ policy, dlDiscard, summary: s, trials, skew: [first] }: PolicyResult): object {
  const d = first.digest;
  return {
    id: policy.id,
    dlDiscard,
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
    faults: s.faultsByCause,
    lostByKind: s.lostByKind,
    lostByCause: s.lostByCause,
    ...(trials && { trials }),
    skew: {
      by: first.kind,
      tvd: d?.tvd ?? null,
      nullMean: d?.nullModel.mean ?? null,
      nullP95: d?.nullModel.p95 ?? null,
      pValue: d?.nullModel.pValue ?? null,
      excess: d?.nullModel.excess ?? null,
      verdict: first.verdict.word,
    },
  };
}

export function printResults(out: Output, { id, settings, facts, results }: ReplayedRun): void {
  const other = settings.params.dlDiscard === 'record' ? 'buffer' : 'record';
  const head = [
    'policy',
    'coverage',
    `DL ${other}`,
    'windows',
    'blackout',
    'p99',
    'stall',
    'slowdown',
    'pinned',
    'skew p',
    'verdict',
  ];
  const rows = results
    .filter((r) => r.dlDiscard === settings.params.dlDiscard)
    .map(({ policy, summary: s, skew: [first] }) => {
      const twin = results.find((r) => r.policy.id === policy.id && r.dlDiscard === other);
      return [
        policy.id,
        percent(s.coverage),
        twin ? percent(twin.summary.coverage) : '-',
        String(s.windows),
        duration(Math.round(s.blackoutNs)),
        s.durations ? duration(Math.round(s.durations.p99)) : '-',
        duration(Math.round(s.stallNs)),
        percent(s.slowdown, 3),
        `${(s.pinnedBytesPeak / 1024).toFixed(0)} KiB`,
        first.digest ? first.digest.nullModel.pValue.toPrecision(2) : '-',
        first.verdict.word,
      ];
    });
  out.write(`run ${id}: ${facts.alignment.description}\n`);
  for (const warning of facts.placementWarnings) out.write(`note: ${warning}\n`);
  const assumed = Object.entries(settings.origin).filter(([name, o]) => o === 'assumed' && /Ns/.test(name));
  out.write(`assumed, not measured: ${assumed.map(([name]) => name).join(', ')}\n\n`);
  out.write(textTable(head, rows, 'lrrrrrrrrrl'));
}
