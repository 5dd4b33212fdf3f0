import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Page } from 'playwright-core';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** The rules that a theme can break: the others see the same page in each. */
const OF_COLOURS = ['color-contrast', 'link-in-text-block'];

/** What axe-core finds wrong with the current page, in words. @param rules all, or those of colours */
export async function accessibility(page: Page, rules: 'all' | 'colours' = 'all'): Promise<string[]> {
  // A page keeps it until it is loaded again; reading it takes as long as half a run.
  if (!(await page.evaluate('typeof axe === "object"'))) await page.evaluate(axe);
  // A theme just set is painted by the frame after next: in between, the text is of one theme and its ground of the other.
  await page.evaluate('new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))');
  // Of what passes, a page has hundreds of nodes that would each be described.
  const options = {
    resultTypes: ['violations'],
    ...(rules === 'colours' && { runOnly: { type: 'rule', values: OF_COLOURS } }),
  };
  const { violations } = (await page.evaluate(`axe.run(${JSON.stringify(options)})`)) as {
    violations: { id: string; help: string; nodes: { target: string[]; failureSummary: string }[] }[];
  };
  return violations.map(
    (v) => `${v.id}: ${v.help}: ${v.nodes.map((n) => `${n.target.join()} ${n.failureSummary}`).join('; ')}`,
  );
}

/** The same in both themes: in the dark one with its colours. The page is left in the dark one. */
export async function inBothThemes(page: Page): Promise<string[]> {
  await page.emulateMedia({ colorScheme: 'light' });
  const light = await accessibility(page);
  await page.emulateMedia({ colorScheme: 'dark' });
  return [...light, ...(await accessibility(page, 'colours'))];
}
