/** What people do with a lab, by keyboard alone: from two captures to an answer, and back out of every corner. */
import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { importFiles } from '../../core/lab/import/import.ts';
import { openLabFile } from '../../core/store/lab-file.ts';
import { listCaptures } from '../../core/store/captures.ts';
import { listRuns } from '../../core/store/run-store.ts';
import { pair } from './umbra.ts';
import { accessibility } from './accessibility.ts';
import { usePages } from './pages.ts';

const pages = usePages((db) => {
  importFiles(db, [pair.spe, pair.kvm]);
});
const { open } = pages;

/** Moves the focus by Tab until it is on a control of that name. */
async function tabTo(name: string | RegExp): Promise<void> {
  const { page } = pages;
  for (let i = 0; i < 80; i++) {
    await page.keyboard.press('Tab');
    const now = (await page.evaluate(
      '(document.activeElement?.getAttribute("aria-label") ?? document.activeElement?.textContent ?? "").trim()',
    )) as string;
    if (typeof name === 'string' ? now === name : name.test(now)) return;
  }
  throw new Error(`no way to ${name} by Tab`);
}
function captures() {
  const db = openLabFile(pages.db, 'read');
  try {
    return { captures: listCaptures(db), runs: listRuns(db) };
  } finally {
    db.close();
  }
}
/** In all three looks, forced colours among them. */
async function looks(): Promise<string[]> {
  const found = await pages.accessibility();
  await pages.page.emulateMedia({ colorScheme: 'light', forcedColors: 'active' });
  const forced = await accessibility(pages.page);
  await pages.page.emulateMedia({ forcedColors: 'none' });
  return [...found, ...forced];
}

describe('a pair', () => {
  it('is renamed, deleted, brought back', async () => {
    const { page } = pages;
    await open('#captures?capture=1');
    await page.getByRole('button', { name: 'Name, notes… of capture 1' }).waitFor();
    await tabTo('Name, notes… of capture 1');
    await page.keyboard.press('Enter');
    await page.keyboard.type('kvbench, pinned');
    await page.keyboard.press('Tab');
    await page.keyboard.type('a note');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'kvbench, pinned' }).waitFor();
    await page.getByText('a note', { exact: true }).waitFor();
    expect(captures().captures[0].name).toBe('kvbench, pinned');
    await tabTo('Delete capture 1');
    await page.keyboard.press('Enter');
    await page.getByText('Deleted capture 1.').waitFor();
    await page.getByRole('row', { name: /kvbench, pinned/ }).waitFor({ state: 'hidden' });
    await tabTo('Undo');
    await page.keyboard.press('Enter');
    await page.getByRole('row', { name: /kvbench, pinned/ }).waitFor();
  });

  it('has its VM description filled in from the trace, and stays as it was without Save', async () => {
    const { page } = pages;
    await open('#captures?capture=2');
    await page.getByRole('button', { name: 'Edit VM description…' }).waitFor();
    await tabTo('Edit VM description…');
    await page.keyboard.press('Enter');
    await page.getByRole('dialog', { name: /^VM description of/ }).waitFor();
    await tabTo('Fill in from the trace');
    await page.keyboard.press('Enter');
    await page.getByText(/All threads that enter the guest are described already/).waitFor();
    await page.keyboard.press('Escape');
    expect(captures().captures[1].vm).toMatchObject({ vms: [{ vcpus: [{ vcpu: 0 }, { vcpu: 1 }] }] });
  });

  it('is checked before it is replayed; a button settles the clocks; the answer follows', async () => {
    const { page } = pages;
    await open('#captures');
    const before = page.getByRole('list', { name: 'Before the replay' });
    await before.getByText(/Not one clock/).waitFor();
    await before.getByRole('button', { name: 'Load symbols…' }).waitFor();
    expect(await looks()).toEqual([]);
    await tabTo('Stretch to fit');
    await page.keyboard.press('Enter');
    await before.getByText(/stretched to the samples/).waitFor();
    await tabTo('Replay all policies');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: /^On this pair,/ }).waitFor();
    expect(pages.hash()).toContain('#home?run=1');
    expect(await looks()).toEqual([]);
  });

  it('has runs with names, that go and come back', async () => {
    const { page } = pages;
    await open('#home');
    await page.getByRole('button', { name: 'Name, notes… of run 1' }).waitFor();
    await tabTo('Name, notes… of run 1');
    await page.keyboard.press('Enter');
    await page.keyboard.type('first');
    await page.keyboard.press('Enter');
    await page.getByRole('link', { name: 'run 1: first' }).waitFor();
    // By the palette, and its undo by the settings.
    await page.keyboard.press('Control+k');
    await page.keyboard.type('delete run 1');
    await page.keyboard.press('Enter');
    await page.getByText('Deleted run 1.').waitFor();
    await page.keyboard.press('9');
    await page.getByRole('button', { name: 'Restore all' }).waitFor();
    expect(await looks()).toEqual([]);
    await tabTo('Restore all');
    await page.keyboard.press('Enter');
    await page.getByText('nothing that could be restored').waitFor();
    expect(captures().runs).toHaveLength(1);
  });
});

describe('the console', () => {
  it('shows where a query is wrong, keeps one under a name, and takes a row to the timeline', async () => {
    const { page } = pages;
    await open('#sql');
    const field = page.getByRole('textbox', { name: 'SQL' });
    await field.focus();
    await page.keyboard.press('Control+a');
    await page.keyboard.type('SELECT lane FROM\nspe_sampel ', { delay: 1 });
    await page.keyboard.press('Control+Enter');
    const go = page.getByRole('button', { name: 'Go to line 2, column 1' });
    await go.waitFor();
    await tabTo('Go to line 2, column 1');
    await page.keyboard.press('Enter');
    const chosen =
      '((f) => f.value.slice(f.selectionStart, f.selectionEnd))(document.querySelector("textarea[aria-label=SQL]") ?? document.activeElement)';
    expect(await page.evaluate(chosen)).toBe('spe_sampel');
    await page.keyboard.press('Control+a');
    const sql = 'SELECT * FROM blackout_window ORDER BY lost DESC LIMIT 3';
    await page.keyboard.type(sql);
    await page.keyboard.press('Escape');
    await page.keyboard.press('Control+Enter');
    await page.getByText(/3 rows/).waitFor();
    await page.getByRole('alert').waitFor({ state: 'hidden' });
    expect(decodeURIComponent(pages.hash().replaceAll('+', ' '))).toContain(sql);
    await tabTo('Save query…');
    await page.keyboard.press('Enter');
    await page.keyboard.type('worst windows');
    await page.keyboard.press('Enter');
    await page.getByLabel('Queries of this lab').waitFor();
    expect(await looks()).toEqual([]);
    await page.getByRole('row').nth(1).click();
    await page.getByRole('button', { name: 'Show row on the timeline' }).click();
    await page.getByRole('img', { name: /^Timeline of 2 lanes/ }).waitFor();
    expect(pages.hash()).toMatch(/from=\d+&to=\d+/);
  });
});

describe('the timeline', () => {
  it('is walked by keys: windows, flags, search, zoom; nothing is wrong with it in forced colours', async () => {
    const { page } = pages;
    await open('#timeline?run=1&policy=map-on-fault');
    await page.getByRole('img', { name: /^Timeline of 2 lanes/ }).waitFor();
    await page.keyboard.press('Shift+L');
    await page.getByRole('heading', { name: 'What happened' }).waitFor();
    const longest = pages.hash();
    expect(longest).toContain('window=');
    expect(await looks()).toEqual([]);
    await page.keyboard.press(']');
    await expect.poll(pages.hash).not.toBe(longest);
    await page.keyboard.press('[');
    await expect.poll(pages.hash).toContain(/window=\d+/.exec(longest)![0]);
    await page.keyboard.press('l');
    await page.keyboard.type('here');
    await page.keyboard.press('Enter');
    await page.getByText('1 flag', { exact: true }).waitFor();
  });

  it('is walked by mouse: an area is dragged, its windows listed, one of them explained', async () => {
    const { page } = pages;
    await open('#timeline?run=1&policy=map-on-fault');
    const picture = page.getByRole('img', { name: /^Timeline of 2 lanes/ });
    const box = (await picture.boundingBox())!;
    await page.mouse.move(box.x + box.width * 0.3, box.y + 30);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width * 0.7, box.y + 40, { steps: 5 });
    await page.mouse.up();
    await page.getByText('selected area', { exact: true }).waitFor();
    expect(pages.hash()).toMatch(/from=\d+&to=\d+/);
    await page.getByRole('tab', { name: 'Windows' }).click();
    await page.getByRole('table', { name: 'Windows there' }).getByRole('link').first().click();
    await page.getByRole('heading', { name: 'What happened' }).waitFor();
    await page.getByRole('table', { name: 'Samples lost by key' }).waitFor();
  });

  it('keeps its picture beside the lanes’ names where they scroll', async () => {
    const { page } = pages;
    await page.setViewportSize({ width: 1024, height: 480 });
    await open('#timeline?run=1&policy=map-on-fault');
    const picture = page.getByRole('img', { name: /^Timeline of 2 lanes/ });
    await picture.waitFor();
    const before = (await picture.boundingBox())!;
    const scrolled = `((e) => { e.scrollTo(0, 60); return e.scrollTop; })(document.querySelector('[aria-label="Lanes"]'))`;
    expect(await page.evaluate(scrolled)).toBeGreaterThan(0);
    expect(await picture.boundingBox()).toEqual(before);
  });
});

describe('every view', () => {
  const views = {
    blackouts: (page: Page) => page.getByRole('row', { name: /userspace/ }).first(),
    policies: (page: Page) => page.getByRole('heading', { name: 'When each policy goes dark' }),
    skew: (page: Page) => page.getByRole('heading', { name: 'Shares before and after' }),
    code: (page: Page) => page.getByRole('heading', { name: 'Where the samples were' }),
    report: (page: Page) => page.frameLocator('iframe').locator('svg:visible').first(),
  };
  for (const [view, shown] of Object.entries(views)) {
    it(`${view} is as sound in both themes as in forced colours`, async () => {
      const { page } = pages;
      await open(`#${view}?run=1&policy=map-on-fault`);
      await shown(page).waitFor();
      expect(await looks()).toEqual([]);
    });
  }
});

it('the palette’s commands act: a theme, a report', async () => {
  const { page } = pages;
  await open('#home');
  await page.getByRole('heading', { name: /^On this pair,/ }).waitFor();
  await page.keyboard.press('Control+k');
  await page.keyboard.type('theme dark');
  await page.keyboard.press('Enter');
  await expect.poll(() => page.evaluate('document.documentElement.dataset.theme')).toBe('dark');
  await page.keyboard.press('Control+k');
  await page.keyboard.type('report as text');
  const download = page.waitForEvent('download');
  await page.keyboard.press('Enter');
  expect((await download).suggestedFilename()).toBe('umbra-run-1.txt');
});
