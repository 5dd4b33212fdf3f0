/** Recomputing a report from what it says of itself. */
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import { builtinPolicies } from '../model/policies.ts';
import { parsePolicyFile } from '../model/policy-file.ts';
import type { Policy } from '../model/policy.ts';
import { defaultParams, setParams } from '../model/params.ts';
import { parseScenario } from '../model/scenario.ts';
import { renderMarkdown } from '../report/markdown.ts';
import type { Report } from '../report/model.ts';
import { findProvenance, PROVENANCE_FORM } from '../report/provenance.ts';
import type { Provenance, ProvenanceResult } from '../report/provenance.ts';
import { renderHtml } from '../report/report.ts';
import { sectionIds } from '../report/sections.ts';
import { getCapture } from '../store/captures.ts';
import type { CaptureRow } from '../store/captures.ts';
import type { Db } from '../store/lab-file.ts';
import { inLabFile } from '../store/lab-file.ts';
import { RequestError, version } from './about.ts';
import { importFile } from './import.ts';
import { provenanceOf, provenanceResults } from './provenance.ts';
import { replayRun } from './replay.ts';
import { figuresFolder } from './report-files.ts';
import { buildReport } from './report.ts';

export interface Verified {
  /** All results are the same, and the file's text is what this Umbra writes. */
  readonly identical: boolean;
  /** One line. */
  readonly summary: string;
  /** `map-on-fault (record): lost 17, recomputed 18`; at most some dozens. */
  readonly differences: readonly string[];
}

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
/** The parts that have parsers of their own are checked by these. */
const Claimed = z.object({
  form: z.literal(PROVENANCE_FORM),
  umbra: z.string(),
  command: z.string(),
  inputs: z.tuple([
    z.object({ kind: z.literal('spe'), file: z.string(), bytes: z.number(), sha256 }),
    z.object({
      ...{ kind: z.literal('kvm'), file: z.string(), bytes: z.number(), sha256 },
      ...{ vm: z.unknown().optional(), vmFile: z.string().optional() },
    }),
  ]),
  settings: z.record(z.string(), z.unknown()),
  policies: z.array(z.looseObject({ id: z.string() })),
  scenario: z.unknown().optional(),
  inputNotes: z.array(z.string()),
  symbols: z.boolean(),
  sections: z.array(z.enum(sectionIds)).optional(),
  notes: z.string().optional(),
  results: z.array(
    z.object({
      ...{ policy: z.string(), dlDiscard: z.enum(['record', 'buffer']), kept: z.number(), lost: z.number() },
      ...{ windows: z.number(), blackoutNs: z.number(), stallNs: z.number(), pinnedPeakBytes: z.number() },
      ...{ tvd: z.number().nullable(), pValue: z.number().nullable(), verdict: z.string() },
    }),
  ),
});
type Claimed = z.infer<typeof Claimed>;

/**
 * Imports the captures that a report names, replays as it says and compares.
 * @param candidates files in which its captures may lie now; the report's own paths if empty
 * @throws RequestError if the file says nothing of itself, or its captures aren't found
 */
export function verifyReport(file: string, candidates: readonly string[]): Verified {
  const text = readText(file);
  const claimed = readClaims(file, text);
  const folder = mkdtempSync(join(tmpdir(), 'umbra-verify-'));
  try {
    return inLabFile(join(folder, 'verify.umbra'), 'create', (db) => {
      const { spe, kvm } = findCaptures(db, folder, file, claimed, candidates);
      return compare(db, file, text, claimed, recompute(db, claimed, spe.id, kvm.id));
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Bytes: reports stay below 2 MB. */
const LIMIT = 64 << 20;

function readText(file: string): string {
  try {
    if (statSync(file).size > LIMIT) throw new Error('it is too large for a report');
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new RequestError(`${file}: ${(error as Error).message}`);
  }
}

function readClaims(file: string, text: string): Claimed {
  let found: unknown;
  try {
    found = findProvenance(text);
  } catch {
    throw new RequestError(`${file}: what the report says of itself is damaged: it can't be verified`);
  }
  if (found === undefined)
    throw new RequestError(`${file}: no HTML or Markdown report of Umbra's: it doesn't say how it was made`);
  const checked = Claimed.safeParse(found);
  if (checked.success) return checked.data;
  const { path, message } = checked.error.issues[0];
  throw new RequestError(`${file}: what the report says of itself is damaged: ${path.join('.')}: ${message}`);
}

/** Imports candidates until both captures are there, told by their SHA-256. */
function findCaptures(
  db: Db,
  folder: string,
  report: string,
  claimed: Claimed,
  candidates: readonly string[],
): Record<'spe' | 'kvm', CaptureRow> {
  const [, { vm }] = claimed.inputs;
  // The description of that time counts, not what lies beside the trace today.
  const vmFile = vm === undefined ? undefined : join(folder, 'claimed.vm.json');
  if (vmFile !== undefined) writeFileSync(vmFile, JSON.stringify(vm));
  const paths = candidates.length
    ? candidates
    : claimed.inputs.flatMap(({ file }) => [file, join(dirname(report), basename(file))].find(existsSync) ?? []);
  const imported = [...new Set(paths)].flatMap((path, i) => {
    // Under another name no VM description lies beside it that wasn't there then.
    const link = join(folder, String(i));
    symlinkSync(resolve(path), link);
    return importFile(db, link, { vmFile, shownAs: path });
  });
  const [spe, kvm] = claimed.inputs.map(({ kind, file, sha256: hash, bytes }) => {
    const found = imported.find((c) => c.kind === kind && c.sha256 === hash);
    if (found) return getCapture(db, found.id);
    const other = imported.find((c) => c.kind === kind);
    const why = other ? `${other.file} is another one (SHA-256 ${other.sha256.slice(0, 12)}…)` : 'it is not there';
    throw new RequestError(
      `${report}: its capture ${file} (${bytes} bytes, SHA-256 ${hash.slice(0, 12)}…) isn't found: ${why}; say where it lies with --input`,
    );
  });
  return { spe, kvm };
}

function recompute(db: Db, claimed: Claimed, speId: number, kvmId: number): number {
  const { scenario } = claimed;
  const run = replayRun(db, {
    speId,
    kvmId,
    policies: claimed.policies.map(readPolicy),
    settings: setParams(defaultParams(), claimed.settings, 'user', 'the report'),
    ...(scenario !== undefined && { scenario: parseScenario(JSON.stringify(scenario), 'the report') }),
    command: claimed.command,
    notes: claimed.inputNotes,
  });
  return run.id;
}

/** A built-in policy is today's: what changed in it shows in the results. */
function readPolicy(policy: Claimed['policies'][number]): Policy {
  return builtinPolicies.find(({ id }) => id === policy.id) ?? parsePolicyFile(JSON.stringify(policy), 'the report')[0];
}

/** Differences listed at most. */
const LISTED = 40;

function compare(db: Db, file: string, text: string, claimed: Claimed, run: number): Verified {
  const differences = resultDifferences(claimed.results, provenanceResults(db, run));
  const made = claimed.umbra === version ? '' : ` (made by Umbra ${claimed.umbra}; this is ${version})`;
  if (differences.length) {
    const shown = differences.slice(0, LISTED);
    const more = differences.length > LISTED ? [`… and ${differences.length - LISTED} more`] : [];
    return {
      identical: false,
      summary: `${file}: ${differences.length} of its numbers come out differently${made}`,
      differences: [...shown, ...more],
    };
  }
  const results = `all ${claimed.results.length} results recomputed: identical`;
  if (claimed.symbols) {
    const summary = `${file}: ${results}; its text names functions, whose symbols weren't read again: not compared`;
    return { identical: true, summary, differences: [] };
  }
  const at = firstDifference(text, rendered(db, file, text, claimed, run));
  if (at === undefined)
    return { identical: true, summary: `${file}: ${results}, to the last byte of the report`, differences: [] };
  const summary = `${file}: ${results}${made}, but its text isn't what Umbra ${version} writes`;
  return { identical: false, summary, differences: [`first in line ${at}`] };
}

function resultDifferences(claimed: readonly ProvenanceResult[], now: readonly ProvenanceResult[]): string[] {
  const nameOf = (r: ProvenanceResult): string => `${r.policy} (${r.dlDiscard})`;
  const missing = now
    .filter((r) => !claimed.some((c) => nameOf(c) === nameOf(r)))
    .map((r) => `${nameOf(r)}: not in the report`);
  const changed = claimed.flatMap((was) => {
    const is = now.find((r) => nameOf(r) === nameOf(was));
    if (!is) return [`${nameOf(was)}: not replayed`];
    return (Object.keys(is) as (keyof ProvenanceResult)[]).flatMap((field) =>
      isDeepStrictEqual(was[field], is[field])
        ? []
        : [`${nameOf(was)}: ${field} ${was[field] ?? 'none'}, recomputed ${is[field] ?? 'none'}`],
    );
  });
  return [...changed, ...missing];
}

/** The report as this Umbra writes it, with the names that the captures had then. */
function rendered(db: Db, file: string, text: string, claimed: Claimed, run: number): string {
  const built = buildReport(db, run);
  const report: Report = {
    ...built,
    inputs: built.inputs.map((input) => {
      const was = claimed.inputs.find(({ kind }) => kind === input.kind)!;
      const vmFile = 'vmFile' in was ? was.vmFile : undefined;
      const facts = input.facts.map((f) => (f.label === 'VM description' && vmFile ? { ...f, value: vmFile } : f));
      return { ...input, file: was.file, facts };
    }),
  };
  const { sections, notes } = claimed;
  const chosen = { ...(sections && { sections }), ...(notes !== undefined && { notes }) };
  const now = provenanceOf(db, run, chosen);
  const provenance: Provenance = { ...now, inputs: claimed.inputs as Provenance['inputs'] };
  const options = { ...chosen, provenance };
  return text.startsWith('<!doctype')
    ? renderHtml(report, options)
    : renderMarkdown(report, options, figuresFolder(file)).markdown;
}

/** Number of the first line that differs, from 1. */
function firstDifference(a: string, b: string): number | undefined {
  if (a === b) return undefined;
  const [left, right] = [a.split('\n'), b.split('\n')];
  const at = left.findIndex((line, i) => line !== right[i]);
  return (at < 0 ? left.length : at) + 1;
}
