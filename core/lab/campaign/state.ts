/** A campaign's progress: which pairs have a result, which failed and why, which are still to be replayed. */
import { InputError } from '../../formats/problems.ts';
import type { Campaign } from './file.ts';
import { FileHashes, fingerprintOf } from './fingerprint.ts';
import type { Fingerprint } from './fingerprint.ts';
import { asNamed, campaignPairs } from './pairs.ts';
import type { CampaignPair } from './pairs.ts';
import { readResult, resultIds } from './result.ts';
import { campaignSettings } from './settings.ts';
import type { CampaignSettings } from './settings.ts';

export type PairStatus = 'done' | 'failed' | 'pending';

export interface PairState {
  readonly pair: CampaignPair;
  /** Undefined if a file is missing or can't be read. */
  readonly print?: Fingerprint;
  readonly status: PairStatus;
  /** Of a failure. */
  readonly reason?: string;
  /** Its process was killed: the next run tries again. */
  readonly ended?: boolean;
  /** The earlier pair with the same captures, replayed the same way, if any. */
  readonly sameAs?: string;
}

export interface CampaignState {
  readonly campaign: Campaign;
  readonly settings: CampaignSettings;
  readonly factors: readonly string[];
  /** Sorted by key. */
  readonly pairs: readonly PairState[];
  /** Ids of results of other settings, versions or files. */
  readonly stale: readonly string[];
}

/** Called about once per MiB hashed: pairs looked at, of how many. Throwing ends the work. */
export type OnLook = (done: number, total: number) => void;

/**
 * Looks at all pairs. Files are hashed where their size, times or inode changed. @throws RequestError if the campaign is invalid
 */
export function campaignState(campaign: Campaign, onLook: OnLook = () => undefined): CampaignState {
  const settings = campaignSettings(campaign);
  const { pairs, factors } = campaignPairs(campaign);
  const hashes = new FileHashes(campaign.folder);
  const ids = resultIds(campaign.folder);
  const first = new Map<string, string>();
  try {
    const states = pairs.map((pair, i): PairState => {
      onLook(i, pairs.length);
      if (pair.missing !== undefined) return { pair, status: 'failed', reason: pair.missing };
      try {
        const print = fingerprintOf(campaign, settings, pair, hashes, () => onLook(i, pairs.length));
        const sameAs = first.get(print.id);
        if (sameAs === undefined) first.set(print.id, pair.key);
        return { pair, print, ...statusOf(campaign, print.id, ids), ...(sameAs !== undefined && { sameAs }) };
      } catch (error) {
        if (!(error instanceof InputError)) throw error;
        return { pair, status: 'failed', reason: asNamed(campaign, error.message) };
      }
    });
    const used = new Set(states.flatMap(({ print }) => print?.id ?? []));
    const stale = [...ids.done, ...ids.failed].filter((id) => !used.has(id)).sort();
    return { campaign, settings, factors, pairs: states, stale };
  } finally {
    hashes.save();
  }
}

function statusOf(
  { folder }: Campaign,
  id: string,
  { done, failed }: ReturnType<typeof resultIds>,
): Pick<PairState, 'status' | 'reason' | 'ended'> {
  if (done.has(id)) return { status: 'done' };
  if (!failed.has(id)) return { status: 'pending' };
  const result = readResult(folder, id);
  if (!result || !('failed' in result)) return { status: result ? 'done' : 'pending' };
  return { status: 'failed', reason: result.failed, ended: result.ended };
}

/** Pairs that a run has to replay; one per set of equal captures. @param retry failures too */
export function pendingPairs({ pairs }: CampaignState, retry = false): PairState[] {
  return pairs.filter(
    ({ print, status, ended, sameAs }) =>
      print && sameAs === undefined && (status === 'pending' || (status === 'failed' && (retry || ended === true))),
  );
}

export interface StatusCounts {
  readonly pairs: number;
  readonly done: number;
  readonly failed: number;
  readonly pending: number;
  /** Pairs with the same captures as an earlier one. */
  readonly repeated: number;
  readonly stale: number;
}

export function statusCounts({ pairs, stale }: CampaignState): StatusCounts {
  const of = (status: PairStatus): number => pairs.filter((p) => p.sameAs === undefined && p.status === status).length;
  return {
    pairs: pairs.length,
    ...{ done: of('done'), failed: of('failed'), pending: of('pending') },
    repeated: pairs.filter(({ sameAs }) => sameAs !== undefined).length,
    stale: stale.length,
  };
}
