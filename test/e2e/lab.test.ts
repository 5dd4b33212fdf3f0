import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BrowserContext, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { LabServer } from '../../core/host/web-socket.ts';
import { inLabFile } from '../../core/store/lab-write.ts';
import { accessibility } from './accessibility.ts';
import { addSample, kvmSample, speSample, writeSampleLab } from './sample-lab.ts';
import { useTab } from './tab.ts';

let directory: string;
let lab: string;
let context: BrowserContext;
let page: Page;
let server: LabServer;

/** Complains of scripts' errors, blocked content, requests to anywhere else. */
const tab = useTab({ viewport: { width: 1280, height: 800 }, loopbackOnly: true });
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'umbra-e2e-'));
  lab = join(directory, 'altra-07.umbra');
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));
beforeEach(async () => {
  writeSampleLab(lab);
  server = await tab.serve({ lab });
  ({ context, page } = tab);
});
afterEach(async () => {
  await tab.leave();
  await server.close();
  rmSync(lab, { force: true });
});

const row = (name: string) => page.getByRole('row', { name: new RegExp(name) });
const detail = () => page.getByRole('complementary', { name: 'Selected capture' });
/** By the link that the server prints, then to the captures: a lab with a run opens on Home. */
async function openCaptures(on: Page): Promise<void> {
  await on.goto(server.url);
  await on.getByRole('navigation', { name: 'Views' }).getByRole('link', { name: 'Captures' }).click();
}
const hash = () => new URL(page.url()).hash;

describe('captures', () => {
  it('shows what is in the lab, and all that a file says of itself', async () => {
    await openCaptures(page);
    await row('kvbench').waitFor();
    expect(await page.title()).toBe('altra-07.umbra – Umbra');
    expect(await row('kvbench').innerText()).toMatch(/24\u202f000\s+1\.82\u202fs\s+0–1\s+Neoverse-N1/);
    expect(await row('guest, per thread').innerText()).toContain('untimed');
    expect(await row('b-madvise').innerText()).toContain('118\u202f402');
    const text = await detail().innerText();
    for (const fact of [
      'altra-07',
      '0x413fd0c1',
      '6.1.0-26-arm64',
      'perf record -e',
      "'4 M'",
      '640\u202f000 operations',
    ]) {
      expect(text).toContain(fact);
    }
    expect(text).toMatch(/TRUNCATED[^]*\t3\n[^]*COLLISION[^]*\t12/);
    expect(text).toContain('1\u202f790\u202f790\u202f210\u202f043 ns');
  });

  it('keeps the selection in the address: links, back, forward, reload', async () => {
    await openCaptures(page);
    await page.getByRole('link', { name: 'b-madvise' }).click();
    expect(hash()).toBe('#captures?capture=2');
    await detail().getByText('trace.dat v7', { exact: true }).waitFor();
    await page.getByRole('link', { name: 'Policies' }).click();
    await page.getByRole('heading', { name: 'Policies · run 1' }).waitFor();
    await page.goBack();
    await detail().getByRole('heading', { name: 'b-madvise' }).waitFor();
    await page.reload();
    await detail().getByRole('heading', { name: 'b-madvise' }).waitFor();
    await page.goForward();
    await page.getByRole('heading', { name: 'Policies · run 1' }).waitFor();
    // another tab, by a copied link
    const link = page.url().replace(/#.*/, '#captures?capture=3');
    page = await tab.another();
    await page.goto(link);
    await detail().getByRole('heading', { name: 'guest, per thread' }).waitFor();
  });

  it('says so when the address names a capture that is not there', async () => {
    await openCaptures(page);
    await row('kvbench').waitFor();
    await page.goto(new URL('#captures?capture=99', server.url).href);
    await detail().getByText('no capture 99').waitFor();
  });

  it('brings the selected row into view, however long the list', async () => {
    inLabFile(lab, 'write', (db) => {
      for (let i = 0; i < 200; i++) addSample(db, { ...speSample, name: `capture-${i}` });
    });
    await openCaptures(page);
    await page.getByRole('link', { name: 'capture-0', exact: true }).waitFor();
    await page.goto(new URL('#captures?capture=160', server.url).href);
    const link = page.getByRole('link', { name: 'capture-156', exact: true });
    await link.waitFor();
    const box = await link.boundingBox();
    expect(box?.y).toBeGreaterThan(60);
    expect(box?.y).toBeLessThan(800);
  });

  it('lists warnings, worst first, with place and time', async () => {
    await openCaptures(page);
    await row('kvbench').getByRole('button', { name: '2 warnings' }).click();
    const dialog = page.getByRole('dialog', { name: 'Warnings of kvbench' });
    expect(await dialog.getByRole('row').nth(1).innerText()).toMatch(/data loss\s+The AUX buffer had no room/);
    expect(await dialog.getByRole('row').nth(2).innerText()).toContain(
      'first at byte 107\u202f544 · 61\u202fB skipped',
    );
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'hidden' });
  });

  it('copies a command line exactly', async () => {
    await context.grantPermissions(['clipboard-read', 'clipboard-write']);
    await openCaptures(page);
    await detail().getByRole('button', { name: 'Copy command' }).click();
    expect(await page.evaluate('navigator.clipboard.readText()')).toBe(
      "perf record -e arm_spe_0/ts_enable=1,pa_enable=1,period=640000/ -C 0,1 -- ./kvbench --keys '4 M'",
    );
  });

  it('works by keyboard alone', async () => {
    await openCaptures(page);
    await row('kvbench').waitFor();
    await page.keyboard.press('3');
    expect(hash()).toBe('#policies');
    await page.keyboard.press('1');
    expect(hash()).toBe('#captures');
    await page.getByRole('link', { name: 'kvbench' }).focus();
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('ArrowDown');
    await detail().getByRole('heading', { name: 'b-madvise' }).waitFor();
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await page.getByRole('dialog', { name: 'Warnings of b-madvise' }).waitFor();
    await page.keyboard.press('Escape');
    await page.keyboard.press('?');
    await page.getByRole('dialog', { name: 'Keyboard' }).waitFor();
  });

  it('shows a new capture as soon as it is in', async () => {
    rmSync(lab);
    inLabFile(lab, 'create', () => undefined);
    await openCaptures(page);
    await page.getByRole('heading', { name: 'No captures in this lab yet' }).waitFor();
    await page.getByText(`--db ${lab}`).waitFor();
    inLabFile(lab, 'write', (db) => addSample(db, speSample));
    await row('kvbench').waitFor();
    await page.getByRole('link', { name: 'Policies' }).click();
    await page.getByRole('heading', { name: 'No runs in this lab yet' }).waitFor();
  });
});

describe('policies', () => {
  it('shows what each policy made of a run, with its verdict', async () => {
    await openCaptures(page);
    await page.keyboard.press('3');
    await row('pin-vm').waitFor();
    const cells = await row('pin-vm').getByRole('cell').allInnerTexts();
    const flat = cells.map((cell) => cell.replaceAll(/\s+/g, ' ').trim());
    expect(flat).toEqual([
      ...[
        '99.79 %',
        '11',
        '7.07 ms',
        '1.01 ms',
        '314 µs',
        '0.0174 %',
        '8.1 MiB',
        '0.004 p = 0.04',
        '●representative no key moved',
      ],
    ]);
    expect(await row('bare-metal').innerText()).toContain('not computed');
    expect(await row('serror').innerText()).toContain('dead');
  });

  it('sorts by what one asks for, with what is unknown at the end', async () => {
    await openCaptures(page);
    await page.keyboard.press('3');
    const order = () => page.locator('table.matrix tbody th').allInnerTexts();
    await page.getByRole('button', { name: 'p99 window' }).click();
    expect(await order()).toEqual(['serror', 'pin-vm', 'pin-at-enable-cached', 'map-on-fault', 'bare-metal']);
    await page.getByRole('button', { name: 'p99 window' }).click();
    expect(await order()).toEqual(['map-on-fault', 'pin-vm', 'pin-at-enable-cached', 'serror', 'bare-metal']);
    await page.getByRole('button', { name: 'p99 window' }).click();
    expect((await order())[0]).toBe('bare-metal');
  });

  it.each([1024, 1280, 1920])('fits a window of %i', async (width) => {
    await page.setViewportSize({ width, height: 700 });
    await openCaptures(page);
    for (const [key, region] of [
      ['1', 'Captures'],
      ['3', 'Runs'],
    ]) {
      await page.keyboard.press(key);
      const box = page.getByRole('region', { name: region, exact: true });
      await box.getByRole('row').nth(1).waitFor();
      const spare = await box.evaluate((e) => e.clientWidth - e.scrollWidth);
      expect(spare, region).toBe(0);
    }
  });
});

describe('when something is wrong', () => {
  it('takes a link once, and says what to do', async () => {
    await openCaptures(page);
    await row('kvbench').waitFor();
    expect(hash()).toBe('#captures');
    const stranger = await (await tab.browser.newContext()).newPage();
    await stranger.goto(server.url);
    await stranger.getByRole('heading', { name: 'This page isn’t connected to a lab' }).waitFor();
    await stranger.context().close();
  });

  it('keeps what it shows when the server goes, and comes back with it', async () => {
    await openCaptures(page);
    await row('kvbench').waitFor();
    const { port } = server;
    await server.close();
    await page.getByRole('alert').getByText('the server is stopping').waitFor();
    await row('kvbench').waitFor();
    server = await tab.serve({ lab });
    expect(server.port).toBe(port);
    await page.getByRole('button', { name: 'Try again' }).click();
    // Another server: the old session is worth nothing there.
    await page.getByRole('heading', { name: 'This page isn’t connected to a lab' }).waitFor();
  });

  it('explains a lab that can’t be read, and reads it when it is back', async () => {
    rmSync(lab);
    await openCaptures(page);
    await page.getByRole('heading', { name: 'The lab can’t be read' }).waitFor();
    await page.getByText(`${lab}: no such lab file`).waitFor();
    writeSampleLab(lab);
    await row('kvbench').waitFor();
  });
});

describe('accessibility', () => {
  it.each(['light', 'dark'] as const)('finds nothing wrong in the %s theme', async (colorScheme) => {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    await openCaptures(page);
    await row('kvbench').waitFor();
    expect(await accessibility(page)).toEqual([]);
    await row('kvbench').getByRole('button', { name: '2 warnings' }).click();
    expect(await accessibility(page)).toEqual([]);
    await page.keyboard.press('Escape');
    await page.keyboard.press('?');
    expect(await accessibility(page)).toEqual([]);
    await page.keyboard.press('Escape');
    await page.keyboard.press('3');
    await row('pin-vm').waitFor();
    expect(await accessibility(page)).toEqual([]);
  });

  it('finds nothing wrong in an empty lab, and in one that is gone', async () => {
    rmSync(lab);
    inLabFile(lab, 'create', (db) => addSample(db, { ...kvmSample, warnings: [] }));
    await openCaptures(page);
    await page.keyboard.press('3');
    await page.getByRole('heading', { name: 'No runs in this lab yet' }).waitFor();
    expect(await accessibility(page)).toEqual([]);
    rmSync(lab);
    await page.getByRole('alert').waitFor();
    expect(await accessibility(page)).toEqual([]);
    await page.reload();
    await page.getByRole('heading', { name: 'The lab can’t be read' }).waitFor();
    expect(await accessibility(page)).toEqual([]);
  });
});
