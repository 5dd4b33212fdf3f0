/** Recomputes a comparison report: remakes both sides, then compares as it says. */
import type { ComparisonReport } from '../../report/comparison.ts';
import type { ComparisonProvenance, ComparisonResult, ProvenanceSide } from '../../report/provenance.ts';
import { baseName } from '../../report/words.ts';
import type { CaptureRow } from '../../store/captures.ts';
import { RequestError } from '../about.ts';
import { comparisonForms } from './comparison-files.ts';
import { comparisonProvenance, comparisonResults } from './comparison-provenance.ts';
import { buildComparison, inputName } from './comparison-report.ts';
import type { ComparisonRequest } from './comparison-report.ts';
import { provenanceResults } from './provenance.ts';
import type { ClaimedComparison, ClaimedInput, ClaimedSide } from './verify-claims.ts';
import { findCaptures, named, replayClaimed, resultDifferences, resultName } from './verify-recompute.ts';
import type { Recomputed, Workshop } from './verify-recompute.ts';

export function recomputeComparison(workshop: Workshop, claimed: ClaimedComparison): Recomputed {
  const { db, report: file } = workshop;
  const { a, b } = claimed;
  if ('run' in a !== 'run' in b)
    throw new RequestError(`${file}: what the report says of itself is damaged: a run against a capture`);
  const imported = new Map<string, CaptureRow[]>();
  const remake = (side: ClaimedSide): number => {
    const inputs = inputsOf(side);
    const key = JSON.stringify(inputs);
    const captures = imported.get(key) ?? findCaptures(workshop, inputs);
    imported.set(key, captures);
    const [spe, kvm] = captures;
    return 'run' in side ? replayClaimed(workshop, side.run, spe.id, kvm.id) : spe.id;
  };
  const idA = remake(a);
  const idB = b.id === a.id ? idA : remake(b);
  const request = requestOf(claimed, idA, idB);
  const built = buildComparison(db, request, claimed.command, workshop.progress?.onStep);
  const report = reportThen(built, claimed);
  const { sections, notes } = claimed;
  const chosen = { ...(sections && { sections }), ...(notes !== undefined && { notes }) };
  const now = comparisonProvenance(db, request, report, chosen);
  const provenance: ComparisonProvenance = { ...now, a: sideThen(now.a, a), b: sideThen(now.b, b) };
  const runDifferences = (
    [
      ['A', a, idA],
      ['B', b, idB],
    ] as const
  ).flatMap(([name, side, id]) =>
    'run' in side
      ? resultDifferences(side.run.results, provenanceResults(db, id), resultName).map((line) => `${name}: ${line}`)
      : [],
  );
  return {
    differences: [
      ...runDifferences,
      ...resultDifferences<ComparisonResult>(claimed.results, comparisonResults(report), ({ pair }) => pair),
    ],
    results: claimed.results.length + [a, b].reduce((n, side) => n + ('run' in side ? side.run.results.length : 0), 0),
    symbols: [a, b].some((side) => ('run' in side ? side.run.symbols : side.symbols)),
    forms: comparisonForms(report, chosen, provenance),
  };
}

function inputsOf(side: ClaimedSide): readonly ClaimedInput[] {
  return 'run' in side ? side.run.inputs : [side.capture];
}

function requestOf({ by, policy, withPolicy, a }: ClaimedComparison, idA: number, idB: number): ComparisonRequest {
  // Symbols aren't read again: the results don't depend on them.
  const ids = { a: idA, b: idB, by: by === 'symbol' ? ('page' as const) : by };
  return 'run' in a ? { of: 'runs', ...ids, policy, withPolicy } : { of: 'captures', ...ids };
}

/** A side's provenance with the names and ids of that time. */
function sideThen(now: ProvenanceSide, was: ClaimedSide): ProvenanceSide {
  return 'run' in now && 'run' in was
    ? { id: was.id, run: { ...now.run, inputs: was.run.inputs } }
    : (was as ProvenanceSide);
}

/** The report with the names and ids of that time. */
function reportThen(built: ComparisonReport, { a, b }: ClaimedComparison): ComparisonReport {
  const side = (now: ComparisonReport['a'], was: ClaimedSide): ComparisonReport['a'] => ({
    ...now,
    id: was.id,
    name: 'run' in was ? now.name.replace(/^run \d+/, `run ${was.id}`) : baseName(was.capture.file),
    inputs: named(now.inputs, inputsOf(was)),
  });
  const [sideA, sideB] = [side(built.a, a), side(built.b, b)];
  const pairs =
    built.subject === 'captures'
      ? built.pairs.map((pair) => ({ ...pair, name: `${sideA.name} against ${sideB.name}` }))
      : built.pairs;
  const kinds: Readonly<Record<string, number>> = { 'SPE capture': 0, 'KVM trace': 1 };
  const differing = built.differing.map((row) => {
    const at = built.subject === 'captures' ? undefined : kinds[row.name];
    return at === undefined ? row : { ...row, a: inputName(sideA.inputs[at]), b: inputName(sideB.inputs[at]) };
  });
  return { ...built, a: sideA, b: sideB, differing, pairs };
}
