import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startServer } from '../../core/host/web-socket.ts';
import type { LabServer } from '../../core/host/web-socket.ts';
import { percent } from '../../renderer/format.ts';
import { accessibility } from './accessibility.ts';
import { launchBrowser } from './browser.ts';
import { pair, umbraJson } from './umbra.ts';

interface RunJson {
  policies: { id: string; coverage: number; windows: number; skew: { verdict: string } }[];
}

/** What the command says and what the window shows are the same lab. */
describe('the sample pair in the lab', () => {
  let folder: string;
  let run: RunJson;
  let server: LabServer;
  let browser: Browser;
  let page: Page;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'umbra-pair-'));
    const db = join(folder, 'pair.umbra');
    const report = join(folder, 'report.html');
    run = umbraJson<RunJson>(
      'run',
      pair.spe,
      pair.kvm,
      '-o',
      report,
      '--db',
      db,
      '--align',
      'fit',
      '--note',
      'emulated',
    );
    server = await startServer({ lab: db });
    browser = await launchBrowser();
    page = await browser.newPage({ viewport: { width: 1024, height: 700 } });
    page.setDefaultTimeout(10_000);
    await page.goto(server.url);
  });
  afterAll(async () => {
    await browser.close();
    await server.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it.skip('shows both captures with what they say of themselves', async () => {
    const spe = page.getByRole('row', { name: /kvbench/ });
    await spe.waitFor();
    expect(await spe.innerText()).toMatch(/24\u202f000\s+1\.\d+\u202fs\s+0–1\s+Neoverse-N1/);
    await page.getByRole('link', { name: 'two-vcpu' }).click();
    const detail = page.getByRole('complementary', { name: 'Selected capture' });
    await detail.getByRole('row', { name: /kvm:kvm_guest_fault/ }).waitFor();
    expect(await accessibility(page)).toEqual([]);
  });

  it.skip('shows the run as the command printed it, and what it rests on', async () => {
    await page.keyboard.press('3');
    for (const policy of run.policies) {
      const cells = page.getByRole('row', { name: new RegExp(`^${policy.id} `) }).getByRole('cell');
      await cells.first().waitFor();
      const [coverage, , windows] = await cells.allInnerTexts();
      expect([coverage.trim(), windows.replaceAll('\u202f', '')], policy.id).toEqual([
        `${percent(policy.coverage)}%`,
        String(policy.windows),
      ]);
      expect(await cells.last().innerText(), policy.id).toBe(policy.skew.verdict);
    }
    await page.getByText(/^fit: trace times ×/).waitFor();
    await page.getByText('emulated').first().waitFor();
    expect(await accessibility(page)).toEqual([]);
  });
});
