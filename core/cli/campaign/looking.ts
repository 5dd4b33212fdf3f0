import { readCampaign } from '../../lab/campaign/file.ts';
import { campaignState } from '../../lab/campaign/state.ts';
import type { CampaignState } from '../../lab/campaign/state.ts';
import type { Output } from '../output.ts';

/** A campaign's state, with a progress line: files may have to be hashed. */
export function lookAt(folder: string, out: Output): CampaignState {
  return campaignState(readCampaign(folder), (done, total) =>
    out.progress({ phase: 'looking at the pairs', done, total, unit: 'steps' }),
  );
}
