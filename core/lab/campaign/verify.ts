/** Recomputes a report across pairs: replays its pairs, then writes its text again. */
import { z } from 'zod';
import { inWords } from '../../model/schema-words.ts';
import { CAMPAIGN_FORM, findProvenance } from '../../report/provenance.ts';
import { RequestError } from '../about.ts';
import { version } from '../version.ts';
import { figuresFolder } from '../reports/report-files.ts';
import { readReport } from '../reports/verify-claims.ts';
import { pairDigest } from './digest.ts';
import type { Campaign } from './file.ts';
import { replayPair } from './pair.ts';
import { buildCampaignReport } from './report.ts';
import { campaignForms } from './report-files.ts';
import { campaignState } from './state.ts';
import type { OnLook } from './state.ts';

const Claims = z.object({
  form: z.literal(CAMPAIGN_FORM),
  umbra: z.string(),
  command: z.string(),
  notes: z.string().optional(),
  pairs: z.array(z.object({ pair: z.string(), fingerprint: z.string(), digest: z.string() })),
});

export interface CampaignVerified {
  readonly identical: boolean;
  /** One line. */
  readonly summary: string;
  readonly differences: readonly string[];
  /** Pairs replayed again. */
  readonly replayed: number;
}

/**
 * @param sample number of pairs to replay again, spread evenly over the report's; all if left out
 * @throws RequestError if the file carries no provenance
 */
export async function verifyCampaign(
  campaign: Campaign,
  file: string,
  sample: number | undefined,
  onPair: OnLook = () => undefined,
): Promise<CampaignVerified> {
  const text = readReport(file);
  const claimed = claims(file, text);
  const state = campaignState(campaign);
  const differences: string[] = [];
  const chosen = evenly(claimed.pairs, sample);
  chosen.forEach((was, i) => {
    onPair(i, chosen.length);
    const found = state.pairs.find(({ pair }) => pair.key === was.pair);
    if (!found?.print) return differences.push(`${was.pair}: ${found?.reason ?? 'the campaign has no such pair'}`);
    if (found.print.id !== was.fingerprint)
      return differences.push(`${was.pair}: its files, its settings or Umbra’s version are others now`);
    const now = replayPair(campaign, state.settings, found.pair, found.print);
    if ('failed' in now) return differences.push(`${was.pair}: ${now.failed}`);
    if (pairDigest(now) !== was.digest) differences.push(`${was.pair}: its numbers do not reproduce`);
  });
  const by = claimed.umbra === version ? '' : ` (made by Umbra ${claimed.umbra}; this is ${version})`;
  const replayed = `${chosen.length} of its ${claimed.pairs.length} pairs replayed`;
  if (differences.length)
    return {
      identical: false,
      summary: `${file}: ${differences.length} pairs differ${by}`,
      differences,
      replayed: chosen.length,
    };
  const again = await writtenAgain(campaign.folder, file, text, claimed);
  return again
    ? {
        identical: true,
        summary: `${file}: ${replayed}: identical, to the last byte of the report`,
        differences,
        replayed: chosen.length,
      }
    : {
        identical: false,
        summary: `${file}: ${replayed}: identical${by}, but its text isn’t what the dataset gives: collect again, or the report is of another one`,
        differences,
        replayed: chosen.length,
      };
}

async function writtenAgain(
  folder: string,
  file: string,
  text: string,
  claimed: z.infer<typeof Claims>,
): Promise<boolean> {
  const built = await buildCampaignReport(folder, claimed.command);
  if (!built) return false;
  const forms = campaignForms(built, claimed.notes);
  return text === (text.startsWith('<!doctype') ? forms.html() : forms.markdown(figuresFolder(file)).markdown);
}

function claims(file: string, text: string): z.infer<typeof Claims> {
  let found: unknown;
  try {
    found = findProvenance(text);
  } catch {
    found = null;
  }
  const parsed = Claims.safeParse(found, inWords);
  if (parsed.success) return parsed.data;
  throw new RequestError(
    found === undefined
      ? `${file}: no HTML or Markdown report of Umbra’s: it doesn’t say how it was made`
      : `${file}: what it says of itself is damaged, or of no campaign (\`umbra report --verify\` recomputes other reports)`,
  );
}

/** The first, the last, and others evenly spaced between. */
function evenly<T>(all: readonly T[], n: number | undefined): T[] {
  if (n === undefined || n >= all.length) return [...all];
  const at = (i: number): number => (n < 2 ? 0 : Math.round((i * (all.length - 1)) / (n - 1)));
  return Array.from({ length: n }, (_, i) => all[at(i)]);
}
