import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startServer } from '../../core/host/web-socket.ts';
import type { LabServer } from '../../core/host/web-socket.ts';
import { percent } from '../../core/words/numbers.ts';
import { accessibility } from './accessibility.ts';
import { sharedBrowser } from './browser.ts';
import { watchReplies } from './replies.ts';
import { PATIENCE_MS } from './tab.ts';
import { pair, umbraJson } from './umbra.ts';

interface RunJson {
  policies: {
    id: string;
    kept: number;
    lost: number;
    coverage: number;
    windows: number;
    skew: { verdict: string; reason: string };
    checks: { id: string; title: string; coverage: number; verdict: string }[];
  }[];
}

/** What the command says and what the window shows are the same lab. */
describe('the sample pair in the lab', () => {
  let folder: string;
  let run: RunJson;
  let server: LabServer;
  let page: Page;
  const complaints: string[] = [];

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
    page = await (await sharedBrowser()).newPage({ viewport: { width: 1024, height: 700 } });
    page.setDefaultTimeout(PATIENCE_MS);
    watchReplies(page, (what) => complaints.push(what));
    await page.goto(server.url);
  });
  afterAll(async () => {
    await page.close();
    await server.close();
    expect(complaints).toEqual([]);
    rmSync(folder, { recursive: true, force: true });
  });

  it('shows both captures with what they say of themselves', async () => {
    // A lab with a run opens on its answer.
    await page.getByRole('heading', { name: /^On this pair, / }).waitFor();
    await page.keyboard.press('1');
    const spe = page.getByRole('row', { name: /kvbench/ });
    await spe.waitFor();
    expect(await spe.innerText()).toMatch(/24\u202f000\s+1\.\d+\u202fs\s+0–1\s+Neoverse-N1/);
    await page.getByRole('link', { name: 'two-vcpu' }).click();
    const detail = page.getByRole('complementary', { name: 'Selected capture' });
    await detail.getByRole('row', { name: /kvm:kvm_guest_fault/ }).waitFor();
    expect(await accessibility(page)).toEqual([]);
  });

  it('shows the run as the command printed it, and what it rests on', async () => {
    await page.keyboard.press('3');
    const rows = page
      .getByRole('table')
      .filter({ has: page.getByRole('columnheader', { name: 'verdict' }) })
      .getByRole('row');
    const rowOf = (id: string) => rows.filter({ has: page.getByRole('link', { name: id, exact: true }) });
    for (const policy of run.policies) {
      const cells = rowOf(policy.id).getByRole('cell');
      await cells.first().waitFor();
      const [coverage] = (await cells.first().innerText()).split('\n');
      expect(coverage.trim(), policy.id).toBe(percent(policy.coverage));
      const verdict = await cells.last().innerText();
      if (policy.id === 'bare-metal') {
        expect(verdict).toMatch(/^reference/);
        continue;
      }
      expect(verdict.split('\n')[0].replace(/^\S /, ''), policy.id).toContain(policy.skew.verdict);
      expect(verdict, policy.id).toContain(policy.skew.reason);
      const changes = policy.checks.filter((c) => c.verdict !== policy.skew.verdict);
      for (const { title, verdict: word } of changes)
        expect(verdict.replaceAll(/\s+/g, ' '), policy.id).toContain(`${word} if ${title}`);
      const others = await rowOf(policy.id).getByRole('link').count();
      if (!changes.length && others === 2)
        expect(verdict, policy.id).toContain(`holds under all ${policy.checks.length}`);
    }
    // Policies that lose the same samples share a row, and none does with another loss.
    const lostIn = new Map<string, Set<number>>();
    for (const { id, lost } of run.policies) {
      const names = (await rowOf(id).getByRole('rowheader').innerText()).replaceAll(/\s*▸ each|\s/g, '');
      lostIn.set(names, (lostIn.get(names) ?? new Set()).add(lost));
    }
    expect(lostIn.size).toBeLessThan(run.policies.length);
    for (const [names, lost] of lostIn) expect([...lost], names).toHaveLength(1);
    await page.getByText(/^fit: trace times ×/).waitFor();
    await page.getByText('emulated').first().waitFor();
    expect(await accessibility(page)).toEqual([]);
  });

  it('shows every policy under the assumption check that is picked', async () => {
    const title = run.policies.flatMap((p) => p.checks).find((c) => c.id === 'dl-0')!.title;
    await page.getByRole('combobox', { name: 'outcomes' }).selectOption({ value: 'dl-0' });
    await page.getByRole('columnheader', { name: 'as replayed' }).waitFor();
    expect(new URL(page.url()).hash).toContain('check=dl-0');
    const rows = page
      .getByRole('table')
      .filter({ has: page.getByRole('columnheader', { name: 'as replayed' }) })
      .getByRole('row');
    for (const { id, coverage, checks, skew } of run.policies) {
      const told = checks.find((c) => c.id === 'dl-0') ?? { coverage, verdict: skew.verdict };
      const cells = rows.filter({ has: page.getByRole('link', { name: id, exact: true }) }).getByRole('cell');
      const [now, , before, , verdict] = await cells.allInnerTexts();
      expect([now.trim(), before.trim()], `${id} if ${title}`).toEqual([percent(told.coverage), percent(coverage)]);
      expect(verdict, id).toContain(told.verdict);
    }
    expect(await accessibility(page)).toEqual([]);
  });
});
