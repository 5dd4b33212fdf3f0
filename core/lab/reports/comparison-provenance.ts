/** A comparison report's machine-readable provenance. */
import type { ComparisonReport } from '../../report/comparison.ts';
import { COMPARISON_FORM } from '../../report/provenance.ts';
import type { ComparisonProvenance, ComparisonResult, ProvenanceSide } from '../../report/provenance.ts';
import type { ReportOptions } from '../../report/options.ts';
import { getCapture } from '../../store/captures.ts';
import type { Db } from '../../store/lab-file.ts';
import { hasSymbols } from '../../store/symbols.ts';
import type { ComparisonRequest } from './comparison-report.ts';
import { provenanceInput, provenanceOf } from './provenance.ts';

export function comparisonProvenance(
  db: Db,
  request: ComparisonRequest,
  report: ComparisonReport,
  chosen: Pick<ReportOptions, 'sections' | 'notes'>,
): ComparisonProvenance {
  const side = (id: number): ProvenanceSide =>
    request.of === 'runs'
      ? { id, run: provenanceOf(db, id, {}) }
      : { id, capture: provenanceInput(getCapture(db, id)), symbols: hasSymbols(db, id) };
  const { umbra, command, by } = report;
  return {
    ...{ form: COMPARISON_FORM, umbra, command, by },
    ...(request.of === 'runs' && {
      ...(request.policy !== undefined && { policy: request.policy }),
      ...(request.withPolicy !== undefined && { withPolicy: request.withPolicy }),
    }),
    ...{ a: side(request.a), b: side(request.b) },
    ...chosen,
    results: comparisonResults(report),
  };
}

export function comparisonResults({ pairs, by }: ComparisonReport): ComparisonResult[] {
  return pairs.map(({ name, comparison: c }) => {
    const tested = by === 'symbol' ? undefined : c;
    return {
      pair: name,
      coverageDifference: c?.coverage.difference ?? null,
      coverageLow: c?.coverage.low ?? null,
      coverageHigh: c?.coverage.high ?? null,
      tvd: tested?.tvd ?? null,
      blockPValue: tested?.null?.pValue ?? null,
      word: tested?.word ?? null,
    };
  });
}
