/** The timeline's grammar by mouse and by keyboard: areas, zoom history, lanes, flags; a click moves nothing. */
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { beforeEach, describe, expect, it } from 'vitest';
import { makePairLab } from './pair-lab.ts';
import { usePages } from './pages.ts';

const pages = usePages((lab, folder) => makePairLab(lab, join(folder, 'r.html'), ['pin-vm', 'map-on-fault']));
let page: Page;
beforeEach(() => {
  ({ page } = pages);
});

const canvas = () => page.getByRole('img', { name: /Timeline of 2 lanes/ });
async function shown(hash = '#timeline?run=1&policy=pin-vm') {
  await pages.open(hash);
  await canvas().waitFor();
  await page.getByText('whole timeline').waitFor();
  return (await canvas().boundingBox())!;
}

describe('the timeline', () => {
  it('selects an area by a drag, sums it up, and zooms apart from it', async () => {
    const box = await shown();
    await page.mouse.move(box.x + box.width * 0.3, box.y + 20);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width * 0.6, box.y + 60, { steps: 4 });
    await page.mouse.up();
    await page.getByText('selected area', { exact: true }).waitFor();
    expect(pages.hash()).toMatch(/from=\d+&to=\d+/);
    expect(pages.hash()).toContain('lanes=0');
    expect(pages.hash()).not.toContain('viewFrom');
    await page.getByTestId('area-lost').waitFor();
    const after = (await canvas().boundingBox())!;
    expect(after).toEqual(box);
    await page.keyboard.press('f');
    await page.waitForURL(/viewFrom=/);
    const selected = /from=\d+&to=\d+/.exec(pages.hash())![0];
    await page.keyboard.press('Backspace');
    await page.waitForURL((url) => !url.hash.includes('viewFrom'));
    expect(pages.hash()).toContain(selected);
    await page.keyboard.press('m');
    await page.getByText(/A → B/).waitFor();
    expect(await pages.accessibility()).toEqual([]);
  });

  it('does the same by keys', async () => {
    await shown();
    for (let i = 0; i < 5; i++) await page.keyboard.press('Shift+ArrowRight');
    await page.keyboard.press('Shift+ArrowDown');
    await page.getByText('selected area', { exact: true }).waitFor();
    expect(pages.hash()).toContain('lanes=0');
    await page.getByRole('tab', { name: 'Summary' }).focus();
    await page.keyboard.press('ArrowRight');
    await page.getByRole('table', { name: 'What ran there' }).waitFor();
    await page.keyboard.press('Escape');
    await page.getByText('whole timeline').waitFor();
  });

  it('arranges lanes by keys, and the address restores them', async () => {
    await shown();
    const lane = page.getByRole('button', { name: 'Lane vCPU 1' });
    await lane.focus();
    await page.keyboard.press('p');
    await page.keyboard.press('c');
    await page.waitForURL(/order=1pc/);
    await page.reload();
    await page.getByRole('button', { name: 'Pin vCPU 1', pressed: true }).waitFor();
  });

  it('keeps a flag in the lab', async () => {
    await shown();
    await page.keyboard.press('l');
    await page.getByRole('textbox', { name: 'Name' }).fill('here it begins');
    await page.keyboard.press('Enter');
    await page.getByText('1 flag').click();
    await page.getByRole('button', { name: 'here it begins', exact: true }).waitFor();
    await page.reload();
    await page.getByText('1 flag').waitFor();
  });
});
