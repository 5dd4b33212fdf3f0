import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { readCampaign } from '../../core/lab/campaign/file.ts';
import { runPair } from '../../core/lab/campaign/pair.ts';
import { readResult } from '../../core/lab/campaign/result.ts';
import { campaignState, pendingPairs } from '../../core/lab/campaign/state.ts';
import { synthCampaign } from '../e2e/campaign-synth.ts';

let folder: string;
let temporary: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'umbra-test-'));
  temporary = join(folder, 'tmp');
  mkdirSync(temporary);
  vi.stubEnv('TMPDIR', temporary);
  synthCampaign(folder, { boards: ['munmap'], workloads: ['mixed'], repetitions: 1, samples: 300 });
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true, force: true });
});

const key = 'munmap/mixed/1';
/** Does something to the pair's temporary lab as soon as there is one. */
const meddling = (what: (lab: string) => void) => {
  const once = (): void => {
    const own = readdirSync(temporary).map((name) => join(temporary, name))[0];
    if (own !== undefined && existsSync(own)) what(own);
  };
  return { key, onRead: once, onStep: once };
};

describe('a pair of a campaign', () => {
  it('that outlives its run leaves no result, and no failure, when the next run clears up after it', () => {
    const campaign = readCampaign(folder);
    expect(() =>
      runPair(
        campaign,
        meddling((own) => rmSync(own, { recursive: true })),
      ),
    ).toThrow(`was removed while ${key} was replayed: run it again`);
    expect(existsSync(join(folder, 'results'))).toBe(false);
    const pending = pendingPairs(campaignState(campaign));
    expect(pending.map(({ pair }) => pair.key)).toEqual([key]);
  });

  it('whose own lab can’t be written is tried again by the next run', () => {
    const campaign = readCampaign(folder);
    const made = runPair(
      campaign,
      meddling((own) => {
        // What was built as .part can't get its name.
        rmSync(join(own, 'pair.umbra.part'), { force: true });
      }),
    );
    expect(made.result).toMatchObject({ failed: expect.stringContaining('pair.umbra'), ended: true });
    const [state] = campaignState(campaign).pairs;
    expect(state).toMatchObject({ status: 'failed', ended: true });
    expect(pendingPairs(campaignState(campaign))).toHaveLength(1);
    expect(runPair(campaign, { key }).result).not.toHaveProperty('failed');
    expect(readResult(folder, state.print!.id)).not.toHaveProperty('failed');
  });
});
