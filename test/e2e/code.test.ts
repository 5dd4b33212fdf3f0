/** `umbra annotate`, and the Code view: the sample pair with a stand-in for the binary that it names (test/fixtures/symbols/kvbench). */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright-core';
import { beforeEach, describe, expect, it } from 'vitest';
import type { FunctionCode } from '../../core/contract/code.ts';
import { makePairLab } from './pair-lab.ts';
import { usePages } from './pages.ts';
import { umbra, umbraJson } from './umbra.ts';

const binary = fileURLToPath(new URL('../fixtures/symbols/kvbench', import.meta.url));
const pages = usePages((lab, folder) => {
  makePairLab(lab, join(folder, 'report.html'), ['map-on-fault', 'serror']);
  umbra('symbols', '--spe', '1', '--elf', binary, '--db', lab);
});
const { open, hash } = pages;
let db: string;
let page: Page;
beforeEach(() => {
  ({ db, page } = pages);
});

const annotated = (key: string): FunctionCode =>
  umbraJson('annotate', key, '--db', db, '--run', '1', '--policy', 'map-on-fault');

describe('umbra annotate', () => {
  it('counts each instruction’s samples before and after, and finds a function by a place in it', () => {
    const code = annotated('hash_probe');
    // What the generator of the pair put there (test/fixtures/symbols/kvbench.functions.json).
    expect([code.reference, code.start, code.bytes]).toEqual([6177, '0x2c00', 0x180]);
    expect(code.rows.reduce((n, r) => n + r.reference, 0)).toBe(6177);
    const skew = umbraJson<{ skew: { rows: { name: string; reference: number; kept: number }[] } }>(
      ...['skew', '--by', 'symbol', '--db', db, '--run', '1', '--policy', 'map-on-fault'],
    );
    expect(skew.skew.rows.find(({ name }) => name === 'hash_probe')).toMatchObject({
      reference: 6177,
      kept: code.kept,
    });
    expect(code.rows).toHaveLength(0x180 / 4);
    expect(code.rows[0]).toMatchObject({ at: 0, text: 'mov x6, #0x8ccd', line: [0, 34] });
    expect(code.files).toEqual(['/src/kvbench/kvbench.c']);
    expect(code.rows.find(({ text }) => text === 'b.eq +0x12c')?.to).toBe(0x12c);
    expect(annotated('kvbench+0x2cbc')).toEqual(code);
  });

  it('says why there are no instructions, and what would give them', () => {
    const page = annotated('libc.so.6+0x9a024');
    expect(page).toMatchObject({ name: 'libc.so.6+0x9a000', bytes: 4096, loadable: true });
    expect(page.missing).toBe('No function is known here: add libc.so.6 (umbra symbols --elf libc.so.6).');
    expect(page.rows.every(({ text }) => text === undefined)).toBe(true);
    const { code, stderr } = umbra('annotate', 'nowhere', '--db', db, '--run', '1', '--policy', 'map-on-fault');
    expect([code, stderr]).toEqual([1, expect.stringContaining("no function or place 'nowhere'")]);
  });

  it('prints rows with samples, all with --all', () => {
    const lines = (...more: string[]) =>
      umbra('annotate', 'list_walk', '--db', db, '--run', '1', '--policy', 'map-on-fault', ...more)
        .stdout.trimEnd()
        .split('\n');
    expect(lines()[0]).toMatch(/^list_walk {2}\(\/opt\/demo\/bin\/kvbench, 128 bytes at 0x3000\)$/);
    expect(lines('--all')).toHaveLength(5 + 0x80 / 4);
    expect(lines().length).toBe(5 + annotated('list_walk').rows.filter((r) => r.reference).length);
  });
});

describe('the Code view', () => {
  it('opens on what lost most; keys walk through its hottest rows and along branches', async () => {
    await open('#code?policy=map-on-fault');
    const first = page.getByRole('grid', { name: 'Functions' }).getByRole('row').nth(1).getByRole('rowheader');
    await page.getByRole('grid', { name: `Instructions of ${await first.innerText()}` }).waitFor();
    await open('#code?policy=map-on-fault&keyKind=symbol&key=hash_probe');
    const grid = page.getByRole('grid', { name: 'Instructions of hash_probe' });
    await grid.waitFor();
    const hottest = annotated('hash_probe').rows.toSorted((a, b) => b.reference - a.reference);
    const picked = grid.locator('tr[aria-selected=true]');
    expect(await picked.innerText()).toContain(`+0x${hottest[0].at.toString(16)}`);
    await grid.focus();
    await page.keyboard.press('h');
    expect(await picked.innerText()).toContain(`+0x${hottest[1].at.toString(16)}`);
    await page.keyboard.press('Shift+H');
    expect(await picked.innerText()).toContain(`+0x${hottest[0].at.toString(16)}`);
    const branch = grid.getByRole('row', { name: /b\.eq \+0x12c/ }).first();
    await branch.click();
    await branch.click();
    expect(await picked.innerText()).toContain('+0x12c');
  });

  it('a function is picked in the list or the flame graph, and is in the address', async () => {
    await open('#code?policy=map-on-fault');
    await page.getByRole('grid', { name: 'Functions' }).getByText('scan_table').click();
    await page.getByRole('grid', { name: 'Instructions of scan_table' }).waitFor();
    expect(hash()).toContain('key=scan_table');
    await page
      .getByRole('group', { name: 'Flame graph' })
      .getByRole('button', { name: /^list_walk/ })
      .click();
    await page.getByRole('grid', { name: 'Instructions of list_walk' }).waitFor();
    await page.goBack();
    await page.getByRole('grid', { name: 'Instructions of scan_table' }).waitFor();
  });

  it('is reached from the skew of a function', async () => {
    await open('#skew?policy=map-on-fault&keyKind=symbol');
    await page.getByRole('link', { name: 'Code of dot_f32' }).click();
    await page.getByRole('grid', { name: 'Instructions of dot_f32' }).waitFor();
  });

  it('offers to load the symbols of a binary that it has no code of', async () => {
    await open('#code?policy=map-on-fault&keyKind=page&key=libc.so.6%2B0x9a000');
    await page.getByRole('note').getByRole('button', { name: 'Load symbols…' }).click();
    const dialog = page.getByRole('dialog', { name: /^Symbols of kvbench/ });
    await dialog.getByText('libc.so.6').first().waitFor();
    await dialog.getByRole('button', { name: 'Close' }).click();
    await page.getByRole('grid', { name: 'Instructions of libc.so.6+0x9a000' }).waitFor();
  });

  it('has nothing wrong for axe-core, in both themes', async () => {
    await open('#code?policy=map-on-fault&keyKind=symbol&key=hash_probe');
    await page.getByRole('grid', { name: 'Instructions of hash_probe' }).waitFor();
    expect(await pages.accessibility()).toEqual([]);
  });
});
