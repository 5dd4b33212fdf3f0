/** Recomputes a report from its own provenance. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Provenance } from '../../report/provenance.ts';
import { inLabFile } from '../../store/lab-write.ts';
import { THIN } from '../../words/numbers.ts';
import { version } from '../version.ts';
import { provenanceOf, provenanceResults } from './provenance.ts';
import { figuresFolder, runForms } from './report-files.ts';
import { buildReport } from './report.ts';
import { readClaims, readReport } from './verify-claims.ts';
import type { ClaimedRun } from './verify-claims.ts';
import { recomputeComparison } from './verify-comparison.ts';
import { findCaptures, named, replayClaimed, resultDifferences, resultName } from './verify-recompute.ts';
import type { Recomputed, VerifyProgress, Workshop } from './verify-recompute.ts';

export interface Verified {
  /** All results match, and the file's text is what this Umbra writes, or wrote in other words. */
  readonly identical: boolean;
  /** One line. */
  readonly summary: string;
  /** `map-on-fault (record): lost 17, recomputed 18`; at most some dozens. */
  readonly differences: readonly string[];
}

/**
 * Imports the captures that a report names, replays as it says and compares.
 * @param candidates files that may hold its captures now; the report's own paths if empty
 * @throws RequestError if the file carries no provenance, or its captures aren't found
 */
export function verifyReport(file: string, candidates: readonly string[], progress?: VerifyProgress): Verified {
  const text = readReport(file);
  const claimed = readClaims(file, text);
  const folder = mkdtempSync(join(tmpdir(), 'umbra-verify-'));
  try {
    return inLabFile(join(folder, 'verify.umbra'), 'create', (db) => {
      const workshop = { db, folder, report: file, candidates, progress };
      const made = 'inputs' in claimed ? recomputeRun(workshop, claimed) : recomputeComparison(workshop, claimed);
      return compare(file, text, claimed.umbra, made);
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function recomputeRun(workshop: Workshop, claimed: ClaimedRun): Recomputed {
  const { db } = workshop;
  const [spe, kvm] = findCaptures(workshop, claimed.inputs);
  const run = replayClaimed(workshop, claimed, spe.id, kvm.id);
  const { sections, notes } = claimed;
  const chosen = { ...(sections && { sections }), ...(notes !== undefined && { notes }) };
  const built = buildReport(db, run);
  const provenance: Provenance = {
    ...provenanceOf(db, run, chosen),
    inputs: claimed.inputs,
  };
  return {
    differences: resultDifferences(claimed.results, provenanceResults(db, run), resultName),
    results: claimed.results.length,
    symbols: claimed.symbols,
    forms: runForms({ ...built, inputs: named(built.inputs, claimed.inputs) }, { ...chosen, provenance }),
  };
}

/** Most differences listed. */
const LISTED = 40;

function compare(file: string, text: string, umbra: string, made: Recomputed): Verified {
  const { differences } = made;
  const by = umbra === version ? '' : ` (made by Umbra ${umbra}; this is ${version})`;
  if (differences.length) {
    const shown = differences.slice(0, LISTED);
    const more = differences.length > LISTED ? [`… and ${differences.length - LISTED} more`] : [];
    return {
      identical: false,
      summary: `${file}: ${differences.length} of its numbers do not reproduce${by}`,
      differences: [...shown, ...more],
    };
  }
  const results = `all ${made.results} results recomputed: identical`;
  if (made.symbols) {
    const summary = `${file}: ${results}; its text names functions, whose symbols weren't read again: not compared`;
    return { identical: true, summary, differences: [] };
  }
  const { forms } = made;
  const again = text.startsWith('<!doctype') ? forms.html() : forms.markdown(figuresFolder(file)).markdown;
  const at = firstDifference(text, again);
  if (at === undefined)
    return { identical: true, summary: `${file}: ${results}, to the last byte of the report`, differences: [] };
  if (inTodaysWords(text) === inTodaysWords(again)) {
    const summary = `${file}: ${results}, and so is the report but for words that have changed since`;
    return { identical: true, summary, differences: [] };
  }
  const summary = `${file}: ${results}${by}, but its text isn't what Umbra ${version} writes`;
  return { identical: false, summary, differences: [`first in line ${at}`] };
}

/** What earlier versions wrote, and what stands there today: they say the same. */
const reworded: readonly (readonly [RegExp | string, string])[] = [
  [/\bHangs on\b/g, 'Depends on'],
  ['dl.finding{grid-template-columns:76px', 'dl.finding{grid-template-columns:88px'],
  // May no longer be broken at a line's end.
  [/\bp ([=<]) (?=\d)/g, `p${THIN}$1${THIN}`],
];

/** For comparing, of both sides: a maker's notes may hold the same words. */
function inTodaysWords(text: string): string {
  return reworded.reduce((changed, [was, is]) => changed.replace(was, is), text);
}

/** Number of the first line that differs, from 1. */
function firstDifference(a: string, b: string): number | undefined {
  if (a === b) return undefined;
  const [left, right] = [a.split('\n'), b.split('\n')];
  const at = left.findIndex((line, i) => line !== right[i]);
  return (at < 0 ? left.length : at) + 1;
}
