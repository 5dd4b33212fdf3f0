/** Two runs and two captures side by side, in Chromium: what `umbra compare` prints. */
import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright-core';
import { beforeEach, describe, expect, it } from 'vitest';
import type { CaptureComparison, RunComparison } from '../../core/contract/compare.ts';
import { percent } from '../../renderer/format.ts';
import { points, share } from '../../renderer/skew/words.ts';
import { makePairLab } from './pair-lab.ts';
import { usePages } from './pages.ts';
import { faulting, umbraJson } from './umbra.ts';

const policies = ['map-on-fault', 'impdef-event', 'pin-vm'];
const spe = (name: string) => fileURLToPath(new URL(`../fixtures/spe/${name}.perf.data`, import.meta.url));

const pages = usePages((lab, folder) => {
  makePairLab(lab, `${folder}/report.html`, policies);
  const other = ['--policy', 'map-on-fault,impdef-event,serror', ...faulting, '--set', 'reenableNs=100000000'];
  umbraJson('replay', '--db', lab, '--spe', '1', '--kvm', '2', ...other);
  umbraJson('import', spe('percpu-2cpu'), spe('gaps'), '--db', lab);
});
const { open, hash } = pages;
let page: Page;
beforeEach(() => {
  ({ page } = pages);
});

describe('two runs', () => {
  it('shows what differs between them, and what `umbra compare` prints of each policy', async () => {
    await open('#skew?part=runs&run=2&with=1');
    const told = umbraJson<RunComparison>('compare', '--db', pages.db, '--run', '2', '--with', '1');
    await page.getByRole('row', { name: /^reenableNs 100.000.000 set 1.000.000 assumed/ }).waitFor();
    expect(told.differing.map((d) => d.name)).toEqual(['reenableNs']);
    for (const { policy, a, b, comparison } of told.policies) {
      const cells = page.getByRole('row', { name: new RegExp(`^${policy} `) }).getByRole('cell');
      const texts = await cells.allInnerTexts();
      const difference = a.coverage - b.coverage;
      expect(texts.slice(0, 3), policy).toEqual([
        percent(a.coverage),
        percent(b.coverage),
        difference ? points(100 * difference) : '·',
      ]);
      expect(texts.at(-1)?.replace(/^[^a-z]+/, ''), policy).toBe(comparison?.word);
    }
    await page.getByText('Only in A: serror. Only in B: pin-vm.').waitFor();
    await page.getByText('Both runs replay the same samples').waitFor();
    expect(await pages.accessibility()).toEqual([]);
  });

  it('is walked through by keyboard: another policy, swapped, another key, and back', async () => {
    await open('#skew');
    await page.getByRole('button', { name: 'Two runs' }).focus();
    await page.keyboard.press('Enter');
    // The newest against the other one.
    await page.getByRole('button', { name: 'map-on-fault', exact: true }).focus();
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Survivors under map-on-fault' }).waitFor();
    expect(hash()).toContain('policy=map-on-fault');
    await page.getByRole('button', { name: 'Swap A and B' }).focus();
    await page.keyboard.press('Enter');
    await page.getByRole('row', { name: /^reenableNs 1.000.000 assumed 100.000.000 set/ }).waitFor();
    expect(hash()).toMatch(/run=1.*with=2/);
    await page.getByLabel('by').selectOption('binary');
    const key = page.getByRole('button', { name: 'kvbench', exact: true });
    await key.focus();
    await page.keyboard.press('Enter');
    expect(hash()).toContain('key=kvbench');
    await page.reload();
    await key.waitFor();
    expect(await key.getAttribute('aria-pressed')).toBe('true');
    await page.goBack();
    await page.waitForURL((url) => !url.hash.includes('key='));
  });
});

describe('a guest capture against a bare-metal one', () => {
  it('tells each one’s own blackouts, and the keys that moved', async () => {
    const told = umbraJson<CaptureComparison>('compare', '--db', pages.db, '--spe', '4', '--with', '3');
    await open('#skew?part=captures&capture=4&with=3');
    await page.getByText(new RegExp(`^\\W*${told.comparison!.word}$`)).waitFor();
    await page
      .getByRole('row', { name: new RegExp(`^dark by itself .*\\(${percent(told.a.observed.darkShare)} %\\)`) })
      .waitFor();
    for (const row of told.comparison!.rows) {
      const cells = page.getByRole('row', { name: row.name, exact: false }).getByRole('cell');
      const texts = await cells.allInnerTexts();
      expect(texts.slice(2, 4), row.name).toEqual([share(row.shareA), share(row.shareB)]);
      expect(texts[4]).toBe(`${points(row.difference)}${row.significant ? ' *' : ''}`);
    }
    // It is about no run.
    expect(await page.getByRole('banner').innerText()).not.toContain('run 2');
    expect(await pages.accessibility()).toEqual([]);
  });

  it('says what is missing where there is nothing to compare with', async () => {
    await open('#skew?part=captures&capture=4&with=3&keyKind=nonsense');
    await page.getByRole('alert').getByText("unknown key 'nonsense'").waitFor();
  });
});

describe('one result', () => {
  it('narrows down to a lane and a part of the time, dragged out of the coverage, and widens again', async () => {
    await open('#skew?run=1&policy=map-on-fault');
    const coverage = page.getByRole('img', { name: /^Coverage in equal parts/ });
    await coverage.waitFor();
    const whole = page.getByText((await page.getByText(/of the samples are gone/).innerText()).trim(), { exact: true });
    await coverage.scrollIntoViewIfNeeded();
    const box = (await coverage.boundingBox())!;
    await page.mouse.move(box.x + box.width * 0.4, box.y + 50);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width * 0.6, box.y + 50, { steps: 4 });
    await page.mouse.up();
    const chip = page.getByRole('button', { name: /^\S+.ms – \S+.(ms|s) only/ });
    await chip.waitFor();
    expect(hash()).toMatch(/from=\d+&to=\d+/);
    await whole.waitFor({ state: 'detached' });
    await page.getByText(/of the samples are gone/).waitFor();
    // What is narrowed here is narrowed in Blackouts, too.
    await page.keyboard.press('4');
    await chip.waitFor();
    await page.keyboard.press('5');
    await chip.click();
    await whole.waitFor();
    expect(await pages.accessibility()).toEqual([]);
  });

  it('narrows down to a part of the time by keys', async () => {
    await open('#skew?run=1&policy=map-on-fault');
    const chart = page.getByRole('group', { name: /^Choose a part/ });
    await chart.focus();
    await page.keyboard.press('Home');
    for (let i = 0; i < 10; i++) await page.keyboard.press('ArrowRight');
    await page.keyboard.press('Escape');
    expect(hash()).not.toMatch(/from=/);
    await page.keyboard.press('ArrowRight');
    for (let i = 0; i < 9; i++) await page.keyboard.press('Shift+ArrowRight');
    expect(await chart.locator('[aria-live]').innerText()).toMatch(/^0.ns – \S+.ms$/);
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: /^0.ns – \S+.ms only/ }).waitFor();
    expect(hash()).toMatch(/from=0&to=\d+/);
  });
});
