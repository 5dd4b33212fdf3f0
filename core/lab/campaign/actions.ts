/** What the lab's page does with a campaign: collect it, or make a lab of one of its pairs. Either may be killed at any moment. */
import { existsSync, mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { CampaignParams } from '../../contract/campaign.ts';
import type { Progress } from '../../contract/contract.ts';
import { RequestError } from '../about.ts';
import { collectCampaign } from './collect.ts';
import { readCampaign } from './file.ts';
import { FileHashes, fingerprintOf } from './fingerprint.ts';
import { replayPair } from './pair.ts';
import { campaignPairs, pairOf } from './pairs.ts';
import { campaignSettings } from './settings.ts';
import { campaignState } from './state.ts';

type Tell = (progress: Progress) => void;

/** @throws RequestError: the campaign is invalid, or none of it was replayed yet */
export function collectFolder({ folder }: CampaignParams<'collectCampaign'>, tell: Tell) {
  const own = resolve(folder);
  const state = campaignState(readCampaign(own), (done, total) =>
    tell({ phase: 'looking at the pairs', done, total, unit: 'pairs' }),
  );
  if (!state.pairs.some(({ status }) => status === 'done'))
    throw new RequestError(`${own}: no pair has a result yet: \`umbra campaign run ${own}\` replays them`);
  const { facts } = collectCampaign(state, (done, total) => tell({ phase: 'collecting', done, total, unit: 'pairs' }));
  return { pairs: facts.counts.pairs, done: facts.counts.done, failed: facts.counts.failed };
}

/**
 * The lab is named after the pair and what it was replayed from, so one of older captures or settings isn't mistaken for it.
 * @throws RequestError: no such pair, or one that can't be replayed
 */
export function pairLab({ folder, pair: key }: CampaignParams<'pairLab'>, tell: Tell) {
  const own = resolve(folder);
  const campaign = readCampaign(own);
  const pair = pairOf(campaign, campaignPairs(campaign), key);
  if (pair.missing !== undefined) throw new RequestError(`${key}: ${pair.missing}`);
  const settings = campaignSettings(campaign);
  tell({ phase: `reading ${key}`, done: 0, unit: 'steps' });
  const print = fingerprintOf(campaign, settings, pair, new FileHashes(own));
  const lab = join(own, 'labs', `${key.replaceAll('/', '-')}.${print.id.slice(0, 8)}.umbra`);
  if (existsSync(lab)) return { lab, made: false };
  mkdirSync(join(own, 'labs'), { recursive: true });
  const made = replayPair(campaign, settings, pair, print, lab, {
    onRead: (done, total) => tell({ phase: `importing ${key}`, done, total, unit: 'bytes' }),
    onStep: (done, total, policy) => tell({ phase: `replaying ${policy}`, done, total, unit: 'steps' }),
  });
  if ('failed' in made) throw new RequestError(`${key}: ${made.failed}`);
  return { lab, made: true };
}
