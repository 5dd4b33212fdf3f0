import type { ParamName } from '../../model/params.ts';
/** A report's machine-readable provenance, from the lab file. */
import type { Policy } from '../../model/policy.ts';
import { PROVENANCE_FORM } from '../../report/provenance.ts';
import type { Provenance, ProvenanceInput, ProvenanceResult } from '../../report/provenance.ts';
import type { ReportOptions } from '../../report/options.ts';
import { getCapture } from '../../store/captures.ts';
import type { CaptureRow } from '../../store/captures.ts';
import type { Db } from '../../store/lab-file.ts';
import { hasSymbols } from '../../store/symbols.ts';
import { getRun, readResults, readSkew } from '../../store/run-store.ts';
import { SKEW_KEYS } from '../runs/skew.ts';

export function provenanceOf(db: Db, runId: number, chosen: Pick<ReportOptions, 'sections' | 'notes'>): Provenance {
  const run = getRun(db, runId);
  const facts = run.facts;
  const { params, origin } = run.params;
  const set = (Object.keys(origin) as ParamName[]).filter((name) => origin[name] === 'user');
  const policies = new Map<string, Policy>();
  for (const { policy } of readResults(db, runId)) policies.set(policy.id, policy);
  return {
    form: PROVENANCE_FORM,
    umbra: run.umbra,
    command: run.command,
    inputs: [getCapture(db, run.speId), getCapture(db, run.kvmId)].map(provenanceInput),
    settings: Object.fromEntries(set.map((name) => [name, params[name]])),
    policies: [...policies.values()],
    ...(facts.scenario && { scenario: facts.scenario }),
    inputNotes: facts.notes,
    symbols: hasSymbols(db, run.speId),
    ...chosen,
    results: provenanceResults(db, runId),
  };
}

export function provenanceInput({ kind, file, bytes, sha256, vm, facts }: CaptureRow): ProvenanceInput {
  const vmFile = facts.vmFile;
  return { kind, file, bytes, sha256, ...(vm !== undefined && { vm }), ...(vmFile !== undefined && { vmFile }) };
}

export function provenanceResults(db: Db, run: number): ProvenanceResult[] {
  const skews = readSkew(db, run).filter(({ key }) => key === SKEW_KEYS[0]);
  return readResults(db, run).map((r) => {
    const skew = skews.find((s) => s.policy === r.policy.id && s.dlDiscard === r.dlDiscard);
    return {
      policy: r.policy.id,
      dlDiscard: r.dlDiscard,
      kept: r.kept,
      lost: r.lost,
      windows: r.windows,
      blackoutNs: r.blackoutNs,
      stallNs: r.stallNs,
      pinnedBytesPeak: r.pinnedBytesPeak,
      tvd: skew?.tvd ?? null,
      pValue: skew?.pValue ?? null,
      verdict: skew?.verdict ?? '',
    };
  });
}
