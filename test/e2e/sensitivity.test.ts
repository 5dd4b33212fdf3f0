/** Sensitivity: a run's parameter swept in Chromium, on the sample pair. */
import { beforeEach, describe, expect, it } from 'vitest';
import type { Page } from 'playwright-core';
import { makePairLab } from './pair-lab.ts';
import { usePages } from './pages.ts';
import { umbraJson } from './umbra.ts';

interface Sweep {
  values: number[];
  crossings: { measure: string; winner: string; loser: string; at: number }[];
  policies: { id: string; points: { coverage: number; verdict: string }[] }[];
}

const policies = ['map-on-fault', 'pin-vm', 'nondestructive-repin', 'bounce-buffer'];
const pages = usePages((lab, folder) => makePairLab(lab, `${folder}/report.html`, policies));
const { open, hash } = pages;
let page: Page;
beforeEach(() => {
  ({ page } = pages);
});

const asked = '#policies?run=1&part=sensitivity&sweep=unmapRate_0_2_5';
const plain = (text: string) => text.replaceAll('\u202f', ' ').replace(/\s+/g, ' ').trim();

describe('sensitivity', () => {
  it('draws what the command prints, crossing points in words, and nothing for axe-core to complain of', async () => {
    await open(asked);
    const command = await page.getByRole('code').innerText();
    await page.getByRole('list', { name: 'Jobs' }).waitFor({ state: 'hidden' });
    expect(command).toMatch(
      /^umbra sweep --db \S+ --spe 1 --kvm 2 --policy \S+ --param unmapRate --from 0 --to 2 --steps 5/,
    );
    const told = umbraJson<Sweep>(...command.split(' ').slice(1));

    const figures = page.getByRole('region', { name: 'coverage lost at each value' });
    for (const { id, points } of told.policies) {
      const cells = figures.getByRole('row', { name: new RegExp(`^${id} `) }).getByRole('cell');
      const exact = await cells.evaluateAll((all) => all.map((cell) => Number(cell.getAttribute('title'))));
      expect(exact, id).toEqual(points.map((p) => 1 - p.coverage));
    }
    const crossings = told.crossings.filter((c) => c.measure === 'coverage');
    expect(crossings.length).toBeGreaterThan(0);
    const words = (await page.getByRole('listitem').allInnerTexts()).map(plain);
    for (const { winner, loser, at } of crossings) {
      const start = `From unmapRate ≈ ${Number(at.toPrecision(2))} on, `;
      expect(
        words.some((w) => w.startsWith(start) && w.indexOf(winner) < w.lastIndexOf(loser)),
        `${winner} ${loser}`,
      ).toBe(true);
    }
    expect(await page.getByRole('img', { name: new RegExp(`${words.length} crossing points?`) }).count()).toBe(1);
    expect(await pages.accessibility()).toEqual([]);
  });

  it('sweeps under an assumption check, and shows the verdicts that the command gives, as bands', async () => {
    await open(`${asked}_if-guest-discards`);
    await page.getByRole('heading', { name: /^Sensitivity · run 1 · if the guest discards/ }).waitFor();
    const command = await page.getByRole('code').innerText();
    expect(command).toContain('--check guest-discards');
    await page.getByRole('list', { name: 'Jobs' }).waitFor({ state: 'hidden' });
    const told = umbraJson<Sweep>(...command.split(' ').slice(1));
    const bands = page.getByRole('region', { name: 'Verdict at each value' });
    for (const { id, points } of told.policies) {
      const row = bands
        .getByRole('row')
        .filter({ has: page.getByRole('button', { name: new RegExp(`^(= )?${id}$`) }) });
      const shown = await row.getByRole('cell').evaluateAll((cells) =>
        cells.flatMap((cell) => {
          const word = cell.querySelector('span')?.textContent ?? '';
          return Array.from({ length: Number(cell.getAttribute('colspan') ?? 1) }, () => word);
        }),
      );
      expect(shown, id).toEqual(points.map((p) => p.verdict));
    }
    expect(await pages.accessibility()).toEqual([]);
  });

  it('is asked by keyboard alone, from an address that a reload restores', async () => {
    await open('#policies?run=1');
    await page.getByRole('button', { name: 'Sensitivity' }).focus();
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: 'reenableNs' }).focus();
    expect(await pages.accessibility()).toEqual([]);
    await page.keyboard.press('Enter');
    await page.getByRole('img', { name: /^coverage lost over reenableNs/ }).waitFor();
    expect(hash()).toContain('sweep=reenableNs_100000_10000000_13_log');
    await page.getByRole('button', { name: /^slowdown/ }).focus();
    await page.keyboard.press('Enter');
    const slowdowns = page.getByRole('region', { name: 'slowdown at each value' });
    await slowdowns.getByRole('button', { name: 'pin-vm', exact: true }).focus();
    await page.keyboard.press('Enter');
    expect(hash()).toContain('measure=slowdown');
    expect(hash()).toContain('policy=pin-vm');
    await page.reload();
    await page.getByRole('img', { name: /^slowdown over reenableNs/ }).waitFor();
    expect(await slowdowns.getByRole('button', { name: 'pin-vm', exact: true }).getAttribute('aria-pressed')).toBe(
      'true',
    );
    expect(await page.getByRole('combobox', { name: /^sweep/ }).inputValue()).toBe('reenableNs');
    await page.goBack();
    await page.getByRole('img', { name: /^slowdown over reenableNs/ }).waitFor();
    expect(hash()).not.toContain('policy=');
  });

  it('shows curves as they come, goes on in other views, and keeps what there is when it is cancelled', async () => {
    await open('#policies?run=1&part=sensitivity&sweep=unmapRate_0_400_200');
    await page.getByText(/^\d+ of 200 values so far$/).waitFor();
    await page.keyboard.press('7');
    const jobs = page.getByRole('list', { name: 'Jobs' });
    await jobs.getByText('Sweep of unmapRate, run 1').waitFor();
    await jobs.getByRole('button', { name: 'Cancel' }).click();
    await jobs.waitFor({ state: 'hidden' });
    await page.keyboard.press('3');
    const said = page.getByText(/Cancelled after \d+ of 200 values/);
    await said.waitFor();
    expect(Number(/after (\d+)/.exec(await said.innerText())![1])).toBeLessThan(200);
    await page.getByRole('img', { name: /^coverage lost over unmapRate/ }).waitFor();
  });

  it('says what is wrong with what was asked', async () => {
    await open('#policies?run=1&part=sensitivity&sweep=bufferBytes_64K_256K_3_log');
    await page.getByRole('alert').getByText('the buffers are as large as the VM description').waitFor();
    await open('#policies?run=1&part=sensitivity&sweep=nonsense_1_2_3');
    await page.getByRole('alert').getByText('unknown parameter nonsense').waitFor();
    await page.getByLabel('from').fill('');
    await page.getByRole('alert').getByText('Nothing is no number').waitFor();
    expect(await page.getByRole('button', { name: 'Sweep', exact: true }).isDisabled()).toBe(true);
    await open('#policies?run=7&part=sensitivity');
    await page.getByRole('heading', { name: 'There is no run 7 in this lab' }).waitFor();
  });
});
