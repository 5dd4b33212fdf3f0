/** Policies, Blackouts, Skew, SQL and Report on the sample pair, in Chromium. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { beforeEach, describe, expect, it } from 'vitest';
import { pValue, plain } from '../../core/words/numbers.ts';
import { createQueries } from '../../core/lab/service/queries.ts';
import { accessibility } from './accessibility.ts';
import { usePages } from './pages.ts';
import { faulting, pair, umbra, umbraJson } from './umbra.ts';

const pages = usePages((lab, folder) => {
  umbraJson('run', pair.spe, pair.kvm, '-o', join(folder, 'report.html'), '--db', lab, '--align', 'fit', ...faulting);
});
const { open, hash } = pages;
let db: string;
let folder: string;
let page: Page;
beforeEach(() => {
  ({ db, folder, page } = pages);
});

/** What views show once they are loaded: those, and parts of them, that keyboard-walk.test.ts doesn't look at in all themes. */
const views = {
  'policies?check=dl-0': () => page.getByRole('columnheader', { name: 'as replayed' }),
  'policies?part=library&policy=nondestructive-repin': () =>
    page.getByRole('form', { name: 'Policy nondestructive-repin' }),
  sql: () => page.getByText('spe_sample', { exact: true }).first(),
} as const;

interface SkewJson {
  skew: {
    tvd: number;
    cause: { word: string; rotations: number; episodes: number; pValue?: number };
    rows: { name: string; low: number | null; high: number | null }[];
  };
  verdict: { word: string };
}

describe('accessibility', () => {
  it.each(Object.entries(views))('finds nothing wrong with %s, in both themes', async (view, there) => {
    await open(`#${view}`);
    await there().waitFor();
    expect(await pages.accessibility()).toEqual([]);
  });
});

describe('blackouts', () => {
  it('lists the windows that the command prints, and tells what ran in one', async () => {
    const rows = umbraJson<{ lane: number; start: number; end: number; lost: number; kind: string }[]>(
      ...['windows', '--db', db, '--run', '1', '--policy', 'impdef-event'],
    );
    await open('#blackouts?policy=impdef-event');
    const grid = page.getByRole('grid', { name: 'Blackout windows' });
    await grid.waitFor();
    expect(await grid.getAttribute('aria-rowcount')).toBe(String(rows.length + 1));
    // By keyboard: the one that lost most is first; its story, then back.
    await grid.focus();
    await page.keyboard.press('Home');
    await page.keyboard.press('Enter');
    const most = Math.max(...rows.map((r) => r.lost));
    const aside = page.getByRole('complementary', { name: 'Selected window' });
    await aside.getByText(`${most} samples lost`).waitFor();
    expect(hash()).toMatch(/lane=\d+&window=\d+/);
    const keys = await aside.getByRole('row').allInnerTexts();
    expect(keys.slice(1).reduce((sum, row) => sum + Number(row.split('\t')[1]), 0)).toBe(most);
    await page.goBack();
    await aside.getByText(`${rows.reduce((sum, r) => sum + r.lost, 0)} samples lost`).waitFor();
  });

  it('finds in each window the samples that were lost in it, and in all of them all', () => {
    const queries = createQueries(db);
    for (const [policy, dlDiscard] of [
      ['map-on-fault', 'buffer'],
      ['serror', 'record'],
      ['bounce-buffer', 'record'],
    ] as const) {
      const choice = { run: 1, policy, dlDiscard };
      const w = queries.windows(choice);
      const spans = Array.from(w.lost, (_, i) => ({
        ...{ lane: w.lane[i], start: w.start[i], end: w.end[i], kind: w.kinds[w.kind[i]] },
      }));
      spans.forEach((span, i) => {
        expect(queries.dark({ ...choice, by: 'page', spans: [span] }).lost, `${policy} ${i}`).toBe(w.lost[i]);
      });
      const total = w.lost.reduce((a, b) => a + b, 0);
      expect(queries.dark({ ...choice, by: 'op', spans }).lost).toBe(total);
      expect(queries.dark({ ...choice, by: 'op' }).lost).toBe(total);
    }
  });

  it('says what a query does that takes seconds of millions of samples', async () => {
    const queries = createQueries(db);
    const choice = { run: 1, policy: 'map-on-fault', dlDiscard: 'buffer' } as const;
    const phases: string[] = [];
    const told = ({ phase }: { phase: string }) => void phases.push(phase);
    queries.dark({ ...choice, by: 'page' }, told);
    expect(phases.splice(0)).toEqual(['replaying map-on-fault', 'counting samples']);
    // The last replay is kept.
    queries.functions(choice, told);
    queries.skew({ ...choice, by: 'page' }, told);
    expect(phases.splice(0)).toEqual(['counting samples by function', 'rotating the loss mask']);
    queries.observed({ spe: 1 }, told);
    await queries.report({ run: 1, form: 'txt', notes: '' }, told);
    expect(phases).toEqual(['reading samples', 'reading captures']);
  });

  it('filters by kind, and counts what ran in what is listed', async () => {
    await open('#blackouts?policy=impdef-event');
    const all = page.getByRole('region', { name: 'Windows of impdef-event' });
    await all.getByLabel('kind').selectOption('buffer-full');
    await all.getByText('4 of 16').waitFor();
    await page.getByText('No sample was lost here').waitFor();
    await all.getByLabel('cause').selectOption('userspace');
    await all.getByText('No window fits these filters').waitFor();
  });

  it('narrows down by a click on a part, a lane and a time range, which an address restores', async () => {
    const rows = umbraJson<{ lane: number; start: number; end: number; kind: string }[]>(
      ...['windows', '--db', db, '--run', '1', '--policy', 'impdef-event'],
    );
    await open('#blackouts?policy=impdef-event');
    const all = page.getByRole('region', { name: 'Windows of impdef-event' });
    await page.getByRole('button', { name: 'session-killed' }).click();
    const killed = rows.filter((r) => r.kind === 'session-killed');
    await all.getByText(`${killed.length} of ${rows.length}`).waitFor();
    await all.getByLabel('vCPU').selectOption('1');
    const inLane = killed.filter((r) => r.lane === 1);
    await all.getByText(`${inLane.length} of ${rows.length}`).waitFor();
    expect(hash()).toMatch(/lane=1.*kind=session-killed/);
    await page.reload();
    await all.getByText(`${inLane.length} of ${rows.length}`).waitFor();
    expect(await pages.accessibility()).toEqual([]);
    await page.getByRole('button', { name: 'vCPU 1 only' }).click();
    await all.getByText(`${killed.length} of ${rows.length}`).waitFor();
    await open('#blackouts?policy=impdef-event&from=90000000000&to=90000000001');
    await page.getByText('No policy has a window in the part that is selected').waitFor();
    await all.getByText('No window fits these filters').waitFor();
  });

  it('has borders that move by keyboard and stay where they were left', async () => {
    await open('#blackouts?policy=impdef-event');
    const border = page.getByRole('separator', { name: 'Width of the details' });
    const aside = page.getByRole('complementary', { name: 'Selected window' });
    await aside.waitFor();
    const width = async () => Math.round((await aside.boundingBox())!.width);
    const before = await width();
    await border.focus();
    for (let i = 0; i < 3; i++) await page.keyboard.press('ArrowLeft');
    expect(await width()).toBe(before + 48);
    await page.reload();
    await aside.waitFor();
    expect(await width()).toBe(before + 48);
    await border.focus();
    await page.keyboard.press('Enter');
    expect(await width()).toBe(before);
    await page.keyboard.press('End');
    expect((await page.getByRole('region', { name: 'Windows of impdef-event' }).boundingBox())!.width).toBeGreaterThan(
      200,
    );
  });

  it('says why there is nothing to list', async () => {
    await open('#blackouts?policy=bare-metal');
    await page.getByText('bare-metal has no window in this run').waitFor();
  });
});

describe('skew', () => {
  it('gives the verdict and the numbers that the command prints', async () => {
    const told = umbraJson<SkewJson>(...['skew', '--db', db, '--run', '1', '--policy', 'map-on-fault', '--by', 'page']);
    await open('#skew?policy=map-on-fault&keyKind=page');
    const main = page.getByRole('region', { name: 'Skew' });
    const { cause, tvd, rows } = told.skew;
    await main.getByText(new RegExp(`^\\W*${told.verdict.word}$`)).waitFor();
    await main.getByText(String(Number(tvd.toPrecision(2))), { exact: true }).waitFor();
    for (const { name } of rows) await main.getByRole('button', { name, exact: true }).waitFor();
    // Cause: shown with what was rotated and how often, or why it is unknown.
    if (cause.word === 'told') {
      await main.getByText(`${cause.rotations} times; ${cause.episodes} loss episodes.`).waitFor();
      await main.getByText(`(${plain(pValue(cause.pValue!))})`).waitFor();
    } else await main.getByText(/^Can’t tell|^Nothing was lost/).waitFor();
    // A star is shown where an interval excludes 0, and nowhere else.
    const keys = main.getByRole('table').last();
    for (const { name, low, high } of rows) {
      const row = keys.getByRole('row').filter({ has: page.getByRole('button', { name, exact: true }) });
      const starred = (await row.getByRole('cell').nth(3).innerText()).includes('*');
      expect(starred, name).toBe(low !== null && high !== null && (low > 0 || high < 0));
    }
  });

  it('says of the assumption checks what the run says of them', async () => {
    const [{ stored, word }] = umbraJson<{ stored: string; word: string }[]>(
      ...['sql', '--db', db],
      `select json_extract(r.summary, '$.checks') stored, s.verdict word from replay_result r join skew_result s
       using (run_id, policy) where run_id = 1 and policy = 'impdef-event' limit 1`,
    );
    const checks = JSON.parse(stored) as { title: string; verdict: string }[];
    const changing = checks.filter((c) => c.verdict !== word);
    await open('#skew?policy=impdef-event');
    const said = page.getByRole('region', { name: 'Skew' }).getByRole('status');
    await said.getByText(changing.length ? /It would be / : `It holds under all ${checks.length}`).waitFor();
    for (const { title, verdict } of changing) await said.getByText(`${verdict} if ${title}`).waitFor();
  });

  it('counts by another key, and a key that is picked is in the address', async () => {
    await open('#skew?policy=map-on-fault');
    await page.getByLabel('by').selectOption('binary');
    const key = page.getByRole('button', { name: 'kvbench', exact: true });
    await key.click();
    expect(hash()).toContain('keyKind=binary');
    expect(hash()).toContain('key=kvbench');
    expect(await key.getAttribute('aria-pressed')).toBe('true');
    await page.reload();
    await key.waitFor();
    expect(await key.getAttribute('aria-pressed')).toBe('true');
  });

  it('says what is wrong with a run or a policy that is not there', async () => {
    await open('#skew?run=9');
    await page.getByRole('heading', { name: 'There is no run 9 in this lab' }).waitFor();
    await page.getByRole('link', { name: '1', exact: true }).click();
    await page.getByRole('heading', { name: 'Did it matter where the blackouts fell?' }).waitFor();
    await open('#skew?keyKind=nonsense');
    await page.getByText("unknown key 'nonsense'").waitFor();
  });
});

describe('policies', () => {
  it('duplicates a policy, holds it to the schema, and replays it', async () => {
    await open('#policies?policy=impdef-event');
    await page.getByRole('button', { name: 'Library' }).click();
    await page.getByRole('button', { name: 'Duplicate to edit' }).click();
    const form = page.getByRole('form', { name: 'Policy impdef-event-2' });
    await form.getByRole('combobox', { name: 'userspace', exact: true }).selectOption('map');
    await form.getByRole('combobox', { name: 'host-mm', exact: true }).selectOption('by DL…');
    await form.getByLabel('host-mm at DL 0').selectOption('repin');
    await form.getByRole('combobox', { name: 'dirty-log', exact: true }).selectOption('exit-to-userspace');
    await form.getByLabel('with no page to map').selectOption('report-s2');
    await form.getByLabel('DL that it injects').selectOption('hardware');
    await form.getByRole('checkbox', { name: 'clear' }).check();
    const json = page.getByRole('textbox', { name: /^JSON/ });
    expect(JSON.parse(await json.inputValue())).toMatchObject({
      onFault: {
        ...{ userspace: 'map', kvm: 'impdef-event', 'dirty-log': 'exit-to-userspace' },
        'host-mm': { dl0: 'repin', dl1: 'impdef-event' },
      },
      ...{ onUnresolved: 'report-s2', injectDl: 'hardware', unpinnedBy: ['unmap', 'clear', 'memslot'] },
      // Checks leave alone what the user has set.
      settled: ['injectDl', 'unpinnedBy'],
    });
    // Errors are shown at their field.
    await form.getByLabel('id', { exact: true }).fill('Not An Id');
    await form.getByRole('alert').getByText('wants lower-case letters').waitFor();
    expect(await form.getByLabel('id', { exact: true }).getAttribute('aria-invalid')).toBe('true');
    await form.getByLabel('traps an enable').fill('-3');
    await form.getByLabel('id', { exact: true }).fill('mine');
    await form.getByRole('alert').getByText('wants a whole number from 0 to 1000').waitFor();
    await form.getByLabel('traps an enable').fill('4');
    await form.getByRole('alert').waitFor({ state: 'detached' });
    await form.getByLabel('id', { exact: true }).fill('Not An Id');
    await form.getByRole('alert').waitFor();
    expect(await form.getByRole('button', { name: 'Save', exact: true }).isDisabled()).toBe(true);
    await form.getByLabel('id', { exact: true }).fill('mine');
    await form.getByRole('button', { name: 'Save', exact: true }).click();
    await page.getByText('mine saved').waitFor();

    // Replayed alone, from the editor on.
    await page.getByRole('form', { name: 'Policy mine' }).getByRole('button', { name: 'Replay…' }).click();
    await page.getByRole('button', { name: 'Replay 1 policy' }).waitFor();
    expect(await page.getByRole('checkbox', { name: 'mine', exact: true }).isChecked()).toBe(true);
    await page.getByRole('textbox', { name: 'irqNs' }).fill('-1');
    await page.getByText('irqNs wants a whole number of ns').waitFor();
    await page.getByRole('textbox', { name: 'irqNs' }).fill('2000');
    await page.getByRole('button', { name: 'Replay 1 policy' }).click();
    await page.getByRole('heading', { name: 'Policies · run 2' }).waitFor();
    const [stored] = umbraJson<{ n: number }[]>(
      'sql',
      '--db',
      db,
      "select count(*) n from replay_result where policy = 'mine'",
    );
    expect(stored.n).toBe(1);
  });

  it('keeps a choice that is the default against a measured value, and gives the command for it', async () => {
    await open('#policies');
    await page.getByRole('button', { name: 'New run' }).click();
    await page.getByRole('combobox', { name: 'placement' }).selectOption('hot');
    await page.getByRole('combobox', { name: 'placement' }).selectOption('random');
    await page.getByText('--set placement=random').waitFor();
    await page.getByRole('button', { name: 'Take the default of placement' }).click();
    await page.getByText('--set placement=random').waitFor({ state: 'hidden' });
  });

  it('calibrates from the captures by one click', async () => {
    await open('#policies?part=run');
    const form = page.getByRole('form', { name: 'New run' });
    await form.getByRole('textbox', { name: 'mapNs' }).fill('1234');
    await page.getByText('--set mapNs=1234').waitFor();
    await form.getByRole('button', { name: 'Calibrate' }).click();
    await form.getByText(/^mapNs .*5–95 %: .* measured\); trapNs /).waitFor();
    // Measured values replace what was typed.
    await page.getByText('--set mapNs=1234').waitFor({ state: 'hidden' });
    await form
      .getByText(/^measured \d+$/)
      .first()
      .waitFor();
    expect(await pages.accessibility()).toEqual([]);
  });

  it('sorts by the verdict, too, and says what each column is, by keyboard', async () => {
    await open('#policies?run=1');
    const matrix = page.getByRole('region', { name: 'Runs' }).getByRole('table').nth(1);
    // Initial order: what loses least on top, the reference last.
    const names = () => matrix.getByRole('rowheader').allInnerTexts();
    await expect.poll(async () => (await names()).at(-1)).toMatch(/^bare-metal/);
    const head = matrix.getByRole('button', { name: 'verdict' });
    await head.focus();
    await page.getByRole('tooltip', { name: '' }).filter({ hasText: 'How far the survivors’ shares moved' }).waitFor();
    await page.keyboard.press('Enter');
    await expect.poll(async () => (await names())[0]).toMatch(/^serror/);
    await matrix.getByRole('button', { name: 'stall' }).focus();
    await page.getByRole('tooltip').filter({ hasText: 'Host time in which vCPUs were stopped' }).waitFor();
  });

  it('shows when each policy goes dark: by keyboard, as a table, and leads to the timeline', async () => {
    await open('#policies?run=1');
    const map = page.getByRole('application', { name: 'When each policy goes dark' });
    await map.focus();
    await page.keyboard.press('ArrowRight');
    const said = map.locator('[aria-live]');
    const first = await said.innerText();
    expect(first).toMatch(/^\S+, 0.ns – .*(samples lost|no sample)$/);
    await page.keyboard.press('End');
    expect(await said.innerText()).not.toBe(first);
    await page.keyboard.press('ArrowDown');
    const [policy] = (await said.innerText()).split(',');
    await page.getByText('As a table').click();
    const table = page.getByRole('region', { name: 'Samples lost by policy and time' });
    await table.getByRole('rowheader', { name: policy }).first().waitFor();
    await map.focus();
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('End');
    await page.keyboard.press('Enter');
    await page.waitForURL(/#timeline\?.*viewFrom=\d+/);
  });
});

describe('sql', () => {
  const run = async (sql: string) => {
    await page.getByRole('textbox', { name: 'SQL' }).fill(sql);
    await page.keyboard.press('Control+Enter');
  };

  it('answers, charts two columns, and saves CSV', async () => {
    await open('#sql');
    await page.getByLabel('Examples').selectOption({ label: 'Events of the trace (chart)' });
    await page.getByRole('button', { name: 'Run', exact: true }).click();
    await page.getByRole('img', { name: /^events by event/ }).waitFor();
    await run("select 'a,b' x, 9223372036854775807 y, null z");
    await page.getByRole('gridcell', { name: '9223372036854775807' }).waitFor();
    const download = page.waitForEvent('download');
    await page.getByRole('button', { name: 'Save as CSV' }).click();
    expect(readFileSync(await (await download).path(), 'utf8')).toBe('x,y,z\r\n"a,b",9223372036854775807,\r\n');
  });

  it('completes names by keyboard: tables, their columns, what an alias stands for', async () => {
    await open('#sql');
    await page.getByText('spe_sample', { exact: true }).first().waitFor();
    const field = page.getByRole('textbox', { name: 'SQL' });
    await field.fill('');
    await field.pressSequentially('select r.pol');
    await page.keyboard.press('Escape');
    await field.pressSequentially(' from replay_r');
    const list = page.getByRole('listbox', { name: 'Completions' });
    await list.getByRole('option', { name: /^replay_result/ }).waitFor();
    expect(await pages.accessibility()).toEqual([]);
    await page.keyboard.press('Tab');
    await list.waitFor({ state: 'hidden' });
    await field.pressSequentially(' r where r.');
    // The first of its columns and, two further on, another one.
    await list.waitFor();
    await page.keyboard.press('ArrowDown');
    const [, second] = await list.getByRole('option').allInnerTexts();
    await page.keyboard.press('Enter');
    expect(await field.inputValue()).toBe(`select r.pol from replay_result r where r.${second.split(/\s/)[0]}`);
    await page.keyboard.press('Control+Space');
    await page.keyboard.press('Escape');
    // Enter is a new line until the user has moved through the list.
    await field.fill('');
    await field.pressSequentially('select 1 from run r');
    await list.waitFor();
    await page.keyboard.press('Enter');
    expect(await field.inputValue()).toBe('select 1 from run r\n');
    // Tab leaves the field where nothing is offered.
    await page.keyboard.press('Tab');
    expect(await field.evaluate((e) => e === e.ownerDocument.activeElement)).toBe(false);
  });

  it('says what SQLite says, and never writes', async () => {
    await open('#sql');
    // The next query is asked as soon as the error is there: it needn't wait for the place of the mistake to be found.
    await page.evaluate(`new MutationObserver((_, observer) => {
      if (!document.body.textContent.includes('SQL: no such table: nope')) return;
      observer.disconnect();
      const field = document.querySelector('textarea[aria-label=SQL]');
      field.value = 'delete from run';
      field.dispatchEvent(new Event('input', { bubbles: true }));
      field.dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter', ctrlKey: true, bubbles: true }));
    }).observe(document.body, { subtree: true, childList: true, characterData: true })`);
    await run('select * from nope');
    await page
      .getByRole('alert')
      .getByText(/never writes|readonly/)
      .waitFor();
  });

  it('cancels a query that SQLite would never come back from', async () => {
    await open('#sql');
    await run('with recursive n(i) as (select 1 union all select i + 1 from n) select count(*) from n');
    await page.getByRole('button', { name: 'Cancel' }).click();
    await page.getByText('Cancelled. The lab is read only here').waitFor();
    await run('select 6 * 7 answer');
    await page.getByRole('gridcell', { name: '42' }).waitFor();
  });

  it('shows the first of many rows, of which only those in sight exist', async () => {
    await open('#sql');
    await run('select seq, t_ns from spe_sample');
    await page.getByText('10\u202f000 rows (the first; the query has more)').waitFor();
    const grid = page.getByRole('grid', { name: 'Rows' });
    expect(await grid.getByRole('row').count()).toBeLessThan(120);
    await grid.focus();
    await page.keyboard.press('End');
    await grid.getByRole('gridcell', { name: '9999', exact: true }).waitFor();
  });
});

describe('report', () => {
  it('saves what it shows: the bytes that the command writes', async () => {
    await open('#report?run=1');
    const frame = page.frameLocator('iframe');
    await frame.getByRole('heading', { level: 1 }).waitFor();
    // Styled, though the page's policy allows no styles in markup.
    const width = await frame.locator('main').evaluate((main) => main.getBoundingClientRect().width);
    expect(width).toBeLessThan(1000);
    const download = page.waitForEvent('download');
    await page.getByRole('button', { name: 'Save', exact: true }).click();
    const saved = await download;
    expect(saved.suggestedFilename()).toBe('umbra-run-1.html');
    const written = join(folder, 'again.html');
    expect(umbra('report', '--db', db, '--run', '1', '-o', written).code).toBe(0);
    expect(readFileSync(await saved.path(), 'utf8')).toBe(readFileSync(written, 'utf8'));
  });

  it('takes notes and leaves parts out, and no note can break out', async () => {
    await open('#report?run=1');
    const frame = page.frameLocator('iframe');
    await page.getByLabel('Notes').fill('## Seen on <b>altra</b>\n\n<script>alert(1)</script>');
    await frame.getByText('Seen on <b>altra</b>').waitFor();
    await page.getByRole('checkbox', { name: 'skew' }).uncheck();
    await frame.getByRole('heading', { name: /^Skew by/ }).waitFor({ state: 'detached' });
    await page.getByRole('combobox', { name: 'as' }).selectOption('txt');
    await page.locator('pre').getByText('map-on-fault').first().waitFor();
  });

  it('compares two policies, and saves the bytes that the command writes', async () => {
    await open('#report?run=1');
    await page.getByRole('combobox', { name: 'compare with' }).selectOption('policies');
    await page.getByRole('combobox', { name: 'A', exact: true }).selectOption('map-on-fault');
    await page.getByRole('combobox', { name: 'B', exact: true }).selectOption('pin-vm');
    const frame = page.frameLocator('iframe');
    await frame.getByText('Run 1, map-on-fault (A) against pin-vm (B)').waitFor();
    expect(await accessibility(page)).toEqual([]);
    await page.getByRole('checkbox', { name: 'windows' }).uncheck();
    await frame.getByRole('heading', { name: 'Blackout windows' }).waitFor({ state: 'detached' });
    const download = page.waitForEvent('download');
    await page.getByRole('button', { name: 'Save', exact: true }).click();
    const saved = await download;
    const typed = (await page.locator('.command').innerText()).replace(/^umbra /, '').split(/\s+/);
    const written = join(folder, saved.suggestedFilename());
    expect(umbra(...typed.slice(0, typed.indexOf('-o')), '-o', written).code).toBe(0);
    const text = (file: string) => readFileSync(file, 'utf8').replaceAll(written, saved.suggestedFilename());
    expect(text(await saved.path())).toBe(text(written));
    await page.getByRole('combobox', { name: 'B', exact: true }).selectOption('map-on-fault');
    await page.getByText('Choose two policies that aren’t the same.').waitFor();
    await page.getByRole('combobox', { name: 'compare with' }).selectOption('');
    await frame.getByRole('heading', { name: 'Blackout windows' }).waitFor();
  });
});
