/** One pair: imported, replayed, its results as rows. */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LabFileError } from '../../store/lab-errors.ts';
import type { Db } from '../../store/lab-file.ts';
import { inLabFile } from '../../store/lab-write.ts';
import { readWindows } from '../../store/run-store.ts';
import { explainError, RequestError } from '../about.ts';
import { version } from '../version.ts';
import type { Stage2 } from '../captures/stage2.ts';
import { importFile } from '../import/import.ts';
import type { ImportOptions } from '../import/import.ts';
import { replayRun } from '../runs/replay.ts';
import type { OnStep, PolicyResult, ReplayedRun } from '../runs/replay.ts';
import { shellLine } from '../../words/shell.ts';
import type { Campaign } from './file.ts';
import { FileHashes, fingerprintOf, RESULT_FORM } from './fingerprint.ts';
import type { Fingerprint } from './fingerprint.ts';
import { asNamed, campaignPairs, pairOf, placeOf } from './pairs.ts';
import type { CampaignPair } from './pairs.ts';
import { readResult, writeResult } from './result.ts';
import type { KeyRow, OutcomeRow, PairDone, PairResult, WindowColumns } from './result.ts';
import { campaignSettings, settingsOf } from './settings.ts';
import type { CampaignSettings } from './settings.ts';

export interface PairProgress {
  readonly onRead?: ImportOptions['onRead'];
  readonly onStep?: OnStep;
}

export interface PairRequest extends PairProgress {
  readonly key: string;
  /** Even if its result exists. */
  readonly again?: boolean;
  /** Keeps captures and run in this lab file, which must not exist yet. */
  readonly lab?: string;
}

export interface PairRan {
  readonly result: PairResult;
  /** It existed already, and isn't a failure: those are tried again. */
  readonly known: boolean;
}

/**
 * Replays one pair of a campaign and stores its result, or that it failed and why. @throws RequestError if the campaign can't be
 * read or has no such pair; whatever `onRead` and `onStep` throw
 */
export function runPair(campaign: Campaign, { key, again = false, lab, ...progress }: PairRequest): PairRan {
  const pair = pairOf(campaign, campaignPairs(campaign), key);
  if (pair.missing !== undefined) throw new RequestError(`${key}: ${pair.missing}`);
  if (lab !== undefined && existsSync(lab)) throw new RequestError(`${lab}: exists already: name a new file`);
  const settings = campaignSettings(campaign);
  const print = fingerprintOf(campaign, settings, pair, new FileHashes(campaign.folder));
  const known = again || lab !== undefined ? undefined : readResult(campaign.folder, print.id);
  if (known && !('failed' in known)) return { result: known, known: true };
  const result = replayPair(campaign, settings, pair, print, lab, progress);
  writeResult(campaign.folder, result);
  return { result, known: false };
}

/** The same, but neither looks for a result nor stores one. */
export function replayPair(
  campaign: Campaign,
  settings: CampaignSettings,
  pair: CampaignPair,
  print: Fingerprint,
  lab?: string,
  progress: PairProgress = {},
): PairResult {
  const folder = mkdtempSync(join(tmpdir(), 'umbra-pair-'));
  const began = performance.now();
  try {
    const made = inLabFile(lab ?? join(folder, 'pair.umbra'), 'create', (db, writeBack) =>
      replayInto(db, campaign, settings, pair, print, { ...progress, writeBack }),
    );
    const cost = { ms: Math.round(performance.now() - began), peakBytes: process.resourceUsage().maxRSS * 1024 };
    return { ...made, cost };
  } catch (error) {
    const reason = explainError(error, 'the pair’s lab');
    // An interruption, or our own bug: neither is a result.
    if (reason === undefined) throw error;
    // The run that started this pair was killed, and the next one cleared up after it: the pair is that one's now.
    if (!existsSync(folder))
      throw new RequestError(`${folder} was removed while ${pair.key} was replayed: run it again`);
    // The disk or the memory, not the captures: the pair's lab is our own.
    const ended =
      error instanceof LabFileError ||
      typeof (error as NodeJS.ErrnoException).code === 'string' ||
      /out of memory/.test(reason);
    return { form: RESULT_FORM, umbra: version, fingerprint: print.id, failed: asNamed(campaign, reason), ended };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function replayInto(
  db: Db,
  campaign: Campaign,
  settings: CampaignSettings,
  pair: CampaignPair,
  print: Fingerprint,
  { writeBack, onRead, onStep }: PairProgress & { readonly writeBack: () => void },
): Omit<PairDone, 'cost'> {
  const vmFile = pair.vm === undefined ? undefined : placeOf(campaign, pair.vm);
  const files = [...new Set([pair.spe, pair.kvm])].map((file) => placeOf(campaign, file));
  // In one thread: the other cores have their own pairs.
  const reconstructed = new Map<number, Stage2>();
  const options: ImportOptions = {
    ...{ writeBack, onRead, threads: 0, ...(vmFile !== undefined && { vmFile }) },
    onTimelines: (kvm, stage2) => void reconstructed.set(kvm, stage2),
  };
  const captures = files.flatMap((file) => importFile(db, file, options));
  const spe = captures.find(({ kind }) => kind === 'spe');
  const kvm = captures.find(({ kind }) => kind === 'kvm');
  if (!spe) throw new RequestError(`${pair.spe}: holds no SPE data`);
  if (!kvm) throw new RequestError(`${pair.kvm}: holds no KVM events`);
  if (spe.sha256 !== print.files.spe || kvm.sha256 !== print.files.kvm)
    throw new RequestError(`${pair.key}: a file changed while it was read: run it again`);
  const run = replayRun(
    db,
    {
      ...{ speId: spe.id, kvmId: kvm.id, policies: settings.policies, checks: settings.checks },
      stage2: reconstructed.get(kvm.id),
      settings: settingsOf(campaign, settings, pair),
      ...(settings.scenario && { scenario: settings.scenario }),
      command: shellLine(['umbra', 'campaign', 'pair', campaign.folder, pair.key]),
      notes: pair.note === undefined ? [] : [pair.note],
    },
    onStep,
  );
  const cores = spe.facts.spe?.cores ?? [];
  return {
    ...{ form: RESULT_FORM, umbra: version, fingerprint: print.id },
    facts: {
      samples: run.results[0].summary.reference,
      lanes: run.facts.buffers.length,
      spanNs: run.facts.span,
      ...{ align: run.facts.alignment.align, scale: run.facts.alignment.scale },
      midrs: cores.map(({ midr }) => midr),
      // The campaign's own note may change without a replay.
      notes: run.facts.notes.filter((note) => note !== pair.note),
      warnings: [spe, kvm].flatMap(({ warnings }) => warnings).filter((w) => w.severity === 'data-loss').length,
    },
    outcomes: run.results.map(outcomeRow),
    checks: run.results.flatMap(({ policy, checks }) =>
      checks.map(({ id, kept, lost, coverage, verdict }) => ({
        policy: policy.id,
        check: id,
        kept,
        lost,
        coverage,
        verdict,
      })),
    ),
    keys: run.results.flatMap(keyRows),
    windows: windowColumns(db, run),
    stage2: stage2Row(run),
  };
}

function outcomeRow({ policy, summary: s, skew: [first], sameAs }: PolicyResult): OutcomeRow {
  const { verdict, digest, kind } = first;
  const cause = digest?.cause;
  return {
    policy: policy.id,
    ...{
      kept: s.kept,
      lost: s.lost,
      coverage: s.coverage,
      windows: s.windows,
      vmDead: s.vmDead,
      sameAs: sameAs ?? null,
    },
    ...{ sessionNs: s.sessionNs, blackoutNs: s.blackoutNs, stallNs: s.stallNs, slowdown: s.slowdown },
    pinnedBytesPeak: s.pinnedBytesPeak,
    ...{ p50Ns: s.durations?.p50 ?? null, p90Ns: s.durations?.p90 ?? null },
    ...{ p99Ns: s.durations?.p99 ?? null, maxNs: s.durations?.max ?? null },
    ...{ faults: s.faults, verdict: verdict.word, verdictReason: verdict.reason, skewKey: kind },
    ...{ tvd: digest?.tvd ?? null, nullMeanTvd: cause?.mean ?? null, pValue: cause?.pValue ?? null },
    ...{ excessTvd: cause?.excess ?? null, episodes: cause?.episodes ?? null },
  };
}

/** The reference's top keys, and those that moved beyond chance. */
const TOP_KEYS = 20;

/** None if nothing was lost, or exactly what an earlier policy lost. */
function keyRows({ policy, summary, skew: [first], sameAs }: PolicyResult): KeyRow[] {
  const { digest, kind } = first;
  if (!digest || summary.lost === 0 || sameAs !== undefined) return [];
  return digest.rows
    .filter((row) => row.rankBefore <= TOP_KEYS || row.significant)
    .map((row) => ({
      ...{ policy: policy.id, kind, key: row.name, rank: row.rankBefore, reference: row.reference, kept: row.kept },
      ...{
        p: row.p,
        q: row.q,
        differencePp: row.difference,
        lowPp: row.low,
        highPp: row.high,
        significant: row.significant,
      },
    }));
}

function windowColumns(db: Db, { id, results }: ReplayedRun): WindowColumns {
  const columns: { -readonly [C in keyof WindowColumns]: WindowColumns[C] } = {
    ...{ policy: [], lane: [], start: [], end: [], kind: [], cause: [], ipa: [], action: [], lost: [] },
  };
  for (const { policy, dlDiscard } of results) {
    for (const w of readWindows(db, id, policy.id, dlDiscard)) {
      columns.policy.push(policy.id);
      columns.lane.push(w.lane);
      columns.start.push(String(w.start));
      columns.end.push(String(w.end));
      columns.kind.push(w.kind);
      columns.cause.push(w.cause);
      columns.ipa.push(w.ipa);
      columns.action.push(w.action);
      columns.lost.push(w.lost);
    }
  }
  return columns;
}

function stage2Row({ facts: { timeline } }: ReplayedRun): PairDone['stage2'] {
  const { exact, rows, losses, unattributed, strangers, certainty, rowsByEvidence } = timeline;
  return { exact, rows, losses, unattributed, strangers, ...certainty, byEvidence: rowsByEvidence };
}
