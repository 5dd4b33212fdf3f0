/** What every pair of a campaign is replayed with: policies, parameters, checks. */
import { assumptionChecks } from '../../model/checks.ts';
import { ModelError } from '../../model/errors.ts';
import { setParams } from '../../model/params.ts';
import type { ResolvedParams } from '../../model/params.ts';
import { InputError } from '../../formats/problems.ts';
import { RequestError } from '../about.ts';
import { readReplayWords } from '../runs/run-settings.ts';
import type { ReplayChoice } from '../runs/run-settings.ts';
import type { Campaign } from './file.ts';
import { placeOf } from './pairs.ts';
import type { CampaignPair } from './pairs.ts';

export interface CampaignSettings extends ReplayChoice {
  /** Ids of the assumption checks to replay. */
  readonly checks: readonly string[];
}

/** @throws RequestError naming the campaign's file, the line and the field */
export function campaignSettings(campaign: Campaign): CampaignSettings {
  const { replay } = campaign.file;
  const all = assumptionChecks.map(({ id }) => id);
  const checks =
    replay.checks === true
      ? all
      : replay.checks === false
        ? []
        : all.filter((id) => (replay.checks as string[]).includes(id));
  const choice = named(campaign, ['replay'], () =>
    readReplayWords({
      policies: replay.policies,
      policyFiles: replay['policy-files'].map((file) => placeOf(campaign, file)),
      ...(replay.scenario !== undefined && { scenarioFile: placeOf(campaign, replay.scenario) }),
    }),
  );
  return { ...choice, settings: withParams(campaign, choice.settings, replay.params, ['replay', 'params']), checks };
}

/** The same for one pair, whose group may have its own parameters. */
export function settingsOf(campaign: Campaign, { settings }: CampaignSettings, pair: CampaignPair): ResolvedParams {
  return withParams(campaign, settings, pair.params, ['pairs']);
}

function withParams(
  campaign: Campaign,
  settings: ResolvedParams,
  params: Readonly<Record<string, unknown>>,
  field: readonly string[],
): ResolvedParams {
  return Object.entries(params).reduce(
    (base, [name, value]) =>
      named(campaign, [...field, name], () => setParams(base, { [name]: value }, 'user', 'parameters')),
    settings,
  );
}

/** Adds where in the campaign's file the trouble is. */
function named<T>(campaign: Campaign, field: readonly string[], read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof ModelError || error instanceof RequestError || error instanceof InputError)) throw error;
    const line = campaign.lineOf(...field);
    throw new RequestError(
      `${campaign.path}${line === undefined ? '' : `:${line}`}: ${field.join('.')}: ${error.message}`,
    );
  }
}
