/** The page of a campaign, in a browser: opened by its path, collected, looked through by mouse and keyboard, down to a pair's lab. */
import { mkdirSync, readdirSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readCampaign } from '../../core/lab/campaign/file.ts';
import { runPair } from '../../core/lab/campaign/pair.ts';
import { campaignPairs } from '../../core/lab/campaign/pairs.ts';
import { readLab } from '../../core/store/lab-file.ts';
import { listRuns, readResults } from '../../core/store/run-store.ts';
import { campaignText, policies, synthCampaign } from './campaign-synth.ts';
import { usePages } from './pages.ts';
import { writeSampleLab } from './sample-lab.ts';

describe('campaign view', () => {
  let campaign = '';
  const pages = usePages((db, folder) => {
    writeSampleLab(db);
    campaign = join(folder, 'campaign');
    synthCampaign(campaign, { boards: ['reclaim', 'munmap'], workloads: ['mixed'], repetitions: 3, samples: 1500 });
    // One that fails, and a board that was emulated.
    mkdirSync(join(campaign, 'captures/reclaim/broken-1'));
    for (const name of ['spe.perf.data', 'kvm.trace.dat'])
      writeFileSync(join(campaign, 'captures/reclaim/broken-1', name), 'nothing of the kind');
    const [head, pairs, rest] = campaignText.split(/(?=\[\[pairs\]\])|(?=\[replay\])/);
    const group = (board: string) => pairs.replaceAll('{board}', board).trimEnd();
    writeFileSync(
      join(campaign, 'campaign.toml'),
      [
        head,
        `${group('reclaim')}\nfactors = { board = "reclaim" }\n\n`,
        `${group('munmap')}\nfactors = { board = "munmap" }\nemulated = true\n\n`,
        rest,
      ].join(''),
    );
    for (const { key } of campaignPairs(readCampaign(campaign)).pairs) runPair(readCampaign(campaign), { key });
  });
  const open = (more = '') => pages.open(`#campaign?campaign=${encodeURIComponent(campaign)}${more}`);
  const matrix = () => pages.page.getByRole('grid', { name: 'Samples lost, by policy' });
  const pairList = () => pages.page.getByRole('grid', { name: /^Pairs, under/ });

  it('opens a folder by its path, from the palette, and says how far it is', async () => {
    const { page } = pages;
    await pages.open('#captures');
    await page.keyboard.press('Control+k');
    await page.keyboard.type('open a campaign');
    await page.keyboard.press('Enter');
    await page.getByLabel('Folder').fill(join(pages.folder, 'none'));
    await page.keyboard.press('Enter');
    await page.getByRole('alert').getByText('no such folder; `umbra campaign init').waitFor();
    await page.getByRole('button', { name: 'Another campaign…' }).click();
    expect(await pages.accessibility()).toEqual([]);
    await page.getByLabel('Folder').fill(campaign);
    await page.getByRole('button', { name: 'Open', exact: true }).click();
    await page.getByRole('heading', { name: 'Not collected yet' }).waitFor();
    expect(await page.getByRole('main').innerText()).toMatch(/7 pairs; 7 results[^]*umbra campaign collect/);
    expect(await pages.accessibility()).toEqual([]);
  });

  it('collects it, and shows loss by board and policy, what failed and why', async () => {
    const { page } = pages;
    await open();
    await page.getByRole('button', { name: 'Collect', exact: true }).click();
    await matrix()
      .getByRole('row', { name: /^reclaim/ })
      .waitFor();
    expect(readdirSync(campaign).filter((name) => name.endsWith('.part'))).toEqual([]);
    expect(
      await matrix()
        .getByRole('row', { name: /^reclaim/ })
        .innerText(),
    ).toMatch(/3 pairs of 1 board/);
    // A pin withstands reclaim; three repetitions are too few to call it the best, and the page doesn't.
    expect(
      await matrix()
        .getByRole('row', { name: /^reclaim/ })
        .textContent(),
    ).toMatch(/pin-at-enable: 0\s% lost in each pair; not clearly worse than the best\. Verdicts: 3 representative/);
    await page.getByText('6 of 7 pairs counted').waitFor();
    await page.getByRole('heading', { name: 'What holds' }).waitFor();
    const holds = page.getByRole('complementary', { name: 'What holds across the pairs' });
    expect(await holds.innerText()).toMatch(/Over all 6 pairs of 2 boards/);
    expect(await pages.accessibility()).toEqual([]);
    await page.getByRole('button', { name: '1 failed' }).click();
    await pairList().getByRole('row', { name: 'reclaim/broken/1' }).click();
    const group = page.getByRole('group', { name: 'Selected pair' });
    expect(await group.innerText()).toMatch(/broken-1\/spe\.perf\.data[^]*umbra campaign run --retry/);
    expect(await group.getByRole('button', { name: 'Make its lab' }).count()).toBe(0);
  });

  it('leaves pairs out by flag, and keeps that in the address', async () => {
    const { page } = pages;
    await open();
    await page.getByRole('checkbox', { name: 'emulated (3)' }).check();
    await page.getByText('3 of 7 pairs counted').waitFor();
    await matrix()
      .getByRole('row', { name: /^munmap/ })
      .waitFor({ state: 'detached' });
    expect(pages.hash()).toMatch(/out=emulated/);
    await page.reload();
    await page.getByText('3 of 7 pairs counted').waitFor();
    await pairList().getByRole('row', { name: 'munmap/mixed/1 – not counted emulated done' }).waitFor();
  });

  it('goes from a board to its pairs to the lab of one, by keyboard', async () => {
    const { page } = pages;
    await open();
    await matrix().focus();
    // All pairs, munmap, reclaim.
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Pairs with board munmap' }).waitFor();
    await page.getByText('3 of 7', { exact: true }).waitFor();
    expect(pages.hash()).toMatch(/policy=pin-at-enable.*value=munmap/);
    await pairList().focus();
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    await page.getByRole('group', { name: 'Selected pair' }).getByText('munmap/mixed/2').waitFor();
    // Greyed until the policy's own losses are there.
    await expect.poll(() => page.locator('.stale').count()).toBe(0);
    expect(await pages.accessibility()).toEqual([]);
    await pairList().focus();
    await page.keyboard.press('Enter');
    const command = page.getByText(/^umbra serve --db .*munmap-mixed-2\.[0-9a-f]{8}\.umbra$/);
    await command.waitFor();
    const lab = (await command.innerText()).split(' ').at(-1)!;
    expect(readLab(lab, (db) => listRuns(db).flatMap(({ id }) => readResults(db, id).map((r) => r.policy.id)))).toEqual(
      expect.arrayContaining([...policies]),
    );
    // There already: it isn't made again.
    const then = new Date(2020, 1, 1);
    utimesSync(lab, then, then);
    await page.reload();
    await page.getByRole('button', { name: 'Make its lab' }).click();
    await command.waitFor();
    expect(statSync(lab).mtime).toEqual(then);
  });

  it('says when there are other results since, and when there are none', async () => {
    const { page } = pages;
    await open();
    await matrix().waitFor();
    const later = new Date(Date.now() + 60_000);
    utimesSync(join(campaign, 'results'), later, later);
    await page.getByRole('button', { name: 'Look again' }).click();
    await page.getByText('There are other results than when this was collected.').waitFor();
    const empty = join(pages.folder, 'empty');
    synthCampaign(empty, { boards: ['quiet'], workloads: ['mixed'], repetitions: 1, samples: 200 });
    rmSync(join(empty, 'captures/quiet/mixed-1/kvm.trace.dat'));
    await pages.open(`#campaign?campaign=${encodeURIComponent(empty)}`);
    await page.getByRole('heading', { name: 'Nothing is replayed yet' }).waitFor();
    expect(await page.getByRole('main').innerText()).toMatch(
      /umbra campaign run[^]*1 pair can’t be replayed[^]*no KVM trace/,
    );
  });
});
