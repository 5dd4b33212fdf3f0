/** Reports of the sample pair in all forms, made and verified by the command. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { browserPath, sharedBrowser } from './browser.ts';
import { readSections } from '../../core/lab/reports/report-files.ts';
import { writeReport } from '../../core/lab/reports/report-files.ts';
import { verifyReport } from '../../core/lab/reports/verify.ts';
import { makePairLab } from './pair-lab.ts';
import { pair, umbra } from './umbra.ts';

let folder: string;
let db: string;
const made: Record<string, string> = {};
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'umbra-test-'));
  db = join(folder, 'lab.umbra');
  makePairLab(db, join(folder, 'first.html'), ['map-on-fault', 'serror'], ['synthesised: µ ≤ 3']);
  const notesFile = join(folder, 'notes.md');
  writeFileSync(notesFile, '# Board 7\n\nSee `<b>` & [x](javascript:alert(1)).\n<script>alert(1)</script>\n');
  for (const form of ['html', 'md', 'txt']) {
    made[form] = join(folder, `report.${form}`);
    writeReport(db, 1, made[form], { notesFile });
  }
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('report --verify', () => {
  it('finds a report identical, in HTML and in Markdown', () => {
    for (const form of ['html', 'md']) {
      const { identical, summary } = verifyReport(made[form], []);
      expect([identical, summary]).toEqual([
        true,
        expect.stringMatching(/all 2 results recomputed: identical, to the last byte/),
      ]);
    }
  });

  it('names numbers that come out differently', () => {
    const text = readFileSync(made['html'], 'utf8');
    const forged = join(folder, 'forged.html');
    writeFileSync(forged, text.replace(/("policy":"serror","dlDiscard":"record","kept":)(\d+)/, '$124000'));
    const ran = umbra('report', '--verify', forged);
    expect(ran.code).toBe(1);
    expect(ran.stderr).toMatch(/1 of its numbers do not reproduce/);
    expect(ran.stdout).toMatch(/^serror \(record\): kept 24000, recomputed \d+$/m);
  });

  it('finds captures elsewhere by their SHA-256; sees text that was changed', () => {
    const edited = join(folder, 'edited.html');
    const text = readFileSync(made['html'], 'utf8').replaceAll(pair.spe, '/nowhere/kvbench.perf.data');
    writeFileSync(edited, text);
    expect(verifyReport(edited, [pair.spe, pair.kvm]).summary).toMatch(/to the last byte/);
    expect(text).toContain('Dead under serror');
    writeFileSync(edited, text.replace('Dead under serror', 'Fine under serror'));
    const { identical, summary, differences } = verifyReport(edited, [pair.spe, pair.kvm]);
    expect(identical).toBe(false);
    expect(summary).toMatch(/identical, but its text isn't what Umbra/);
    expect(differences).toEqual([expect.stringMatching(/^first in line \d+$/)]);
  });

  it('finds a report identical that says the same in the words of an earlier version', () => {
    for (const form of ['html', 'md']) {
      const text = readFileSync(made[form], 'utf8');
      expect(text).toContain('Depends on');
      // Markdown names its figures' folder after itself.
      const earlier = join(mkdtempSync(join(folder, 'earlier-')), `report.${form}`);
      const was = text.replace('Depends on', 'Hangs on').replace('template-columns:88px', 'template-columns:76px');
      writeFileSync(earlier, was);
      const { identical, summary } = verifyReport(earlier, []);
      expect([identical, summary]).toEqual([
        true,
        expect.stringMatching(/identical, and so is the report but for words/),
      ]);
      writeFileSync(earlier, was.replace('Hangs on', 'Rests on'));
      expect(verifyReport(earlier, []).identical).toBe(false);
    }
  });

  it('tells how far it is, and leaves nothing behind when it is stopped', () => {
    const own = mkdtempSync(join(folder, 'tmp-'));
    const steps: string[] = [];
    const onStep = (_done: number, _total: number, next: string): void => {
      steps.push(next);
      if (next === 'serror') throw new Error('stop');
    };
    const { TMPDIR } = process.env;
    process.env['TMPDIR'] = own;
    try {
      expect(() => verifyReport(made['html'], [], { onRead: () => undefined, onStep })).toThrow('stop');
    } finally {
      if (TMPDIR === undefined) delete process.env['TMPDIR'];
      else process.env['TMPDIR'] = TMPDIR;
    }
    expect(steps[0]).toBe('map-on-fault');
    expect(readdirSync(own)).toEqual([]);
  });

  it('says what it can’t verify', () => {
    const fail = (content: string, words: RegExp, ...files: string[]): void => {
      const file = join(folder, 'bad.html');
      writeFileSync(file, content);
      expect(() => verifyReport(file, files)).toThrow(words);
    };
    const text = readFileSync(made['html'], 'utf8');
    fail('<!doctype html>', /doesn't say how it was made/);
    fail('<!-- umbra-report {"form":1 -->', /damaged/);
    fail('<!-- umbra-report {"form":1} -->', /damaged: umbra/);
    fail(text.replaceAll(pair.spe, '/nowhere/kvbench.perf.data'), /isn't found.*--input/);
    fail(text.replace(/("kind":"spe".*?"sha256":")./, '$1x'), /damaged: inputs.0.sha256/);
    fail(text.replaceAll('"settings":{', '"settings":{"irqNs":-4,'), /irqNs/);
    fail(text.replaceAll('"settings":{', '"settings":{"irqNs":-4'), /damaged: it can't be verified/);
  });
});

describe('forms', () => {
  it('text fits a mail: ASCII, 72 columns, finding first, command last', () => {
    const text = readFileSync(made['txt'], 'utf8');
    expect(/[^\n\x20-\x7e]/.exec(text)).toBeNull();
    const command = text.indexOf('  umbra run');
    for (const line of text.slice(0, command).split('\n')) expect(line.length, line).toBeLessThanOrEqual(72);
    expect(text.indexOf('samples of kvbench.perf.data')).toBeLessThan(300);
    for (const label of ['Dark', 'Skewed', 'Depends on', 'Rests on', 'Scope']) expect(text).toMatch(`\n${label}:`);
    // The first screen of a mail.
    expect(text.slice(0, text.indexOf('Scope:')).split('\n').length).toBeLessThan(48);
    expect(command).toBeGreaterThan(text.length - 900);
  });

  it('Markdown has its figures beside it, each an SVG that needs nothing else', async () => {
    const text = readFileSync(made['md'], 'utf8');
    const images = [...text.matchAll(/!\[[^\]]*\]\(<([^>]+)>\)/g)].map((m) => m[1]);
    expect(images).toContain('report-figures/timeline.svg');
    const page = await (await sharedBrowser()).newPage();
    try {
      for (const image of images) {
        const svg = readFileSync(join(folder, image), 'utf8');
        expect(svg, image).not.toMatch(/var\(|<script|href="(?!#)|class=/);
        await page.goto(`file://${join(folder, image)}`);
        const problems = await page.evaluate('document.querySelector("parsererror") !== null');
        expect(problems, image).toBe(false);
      }
    } finally {
      await page.close();
    }
  });

  it('shows the notes as text, never as HTML', () => {
    const html = readFileSync(made['html'], 'utf8');
    expect(html).toContain('<h3>Board 7</h3>');
    expect(html).toContain('&lt;script&gt;alert(1)&lt;/script&gt;');
    expect(html).not.toMatch(/<script|href="javascript/);
    const md = readFileSync(made['md'], 'utf8').replace(/<!-- umbra-report .*-->/, '');
    expect(md).toContain('### Board 7');
    expect(md).not.toMatch(/<script|\(javascript:/);
  });

  it('shows the sections asked for', () => {
    const file = join(folder, 'short.html');
    writeReport(db, 1, file, { sections: readSections('skew,policies') });
    const headings = [...readFileSync(file, 'utf8').matchAll(/<h2[^>]*>([^<]*)/g)].map((m) => m[1].trim());
    expect(headings).toEqual(['Policies', 'Skew by page', 'To reproduce this']);
    expect(verifyReport(file, []).identical).toBe(true);
    expect(() => readSections('polices')).toThrow(/no section 'polices'; it has inputs/);
  });

  it('a PDF is printed by the browser that UMBRA_CHROMIUM names: A4, tagged, with an outline and no script', async () => {
    const file = join(folder, 'report.pdf');
    const browser = await browserPath();
    withBrowser(browser, () => writeReport(db, 1, file));
    const pdf = readFileSync(file, 'latin1');
    expect(pdf.startsWith('%PDF-1.')).toBe(true);
    expect(pdf.includes('/Marked true')).toBe(true);
    expect(pdf.includes('/Outlines')).toBe(true);
    expect(pdf.includes('/JavaScript')).toBe(false);
    const pages = [...pdf.matchAll(/\/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]/g)].map((m) => [Number(m[1]), Number(m[2])]);
    expect(pages.length).toBeGreaterThan(2);
    expect(pages.length).toBeLessThan(9);
    for (const [width, height] of pages) {
      expect(width).toBeCloseTo(595, 0);
      expect(height).toBeCloseTo(842, 0);
    }
  });

  it('says why a PDF can’t be printed, and leaves nothing behind', () => {
    const file = join(folder, 'none.pdf');
    const broken = join(folder, 'broken');
    const seen = join(folder, 'seen');
    writeFileSync(broken, `#!/bin/sh\nprintf '%s\\n' "$@" > '${seen}'\necho no display >&2\nexit 1\n`, { mode: 0o755 });
    expect(() => withBrowser(broken, () => writeReport(db, 1, file))).toThrow(/didn't print the report: no display/);
    const profile = /^--user-data-dir=(.*)\/profile$/m.exec(readFileSync(seen, 'utf8'))![1]!;
    expect(existsSync(profile)).toBe(false);
    expect(existsSync(file)).toBe(false);
    expect(() => withBrowser('/nowhere/x', () => writeReport(db, 1, file))).toThrow(
      /names \/nowhere\/x, which can't be run/,
    );
  });

  it('knows its forms', () => {
    expect(() => writeReport(db, 1, join(folder, 'report.doc'))).toThrow(/written as .html, .pdf, .md or .txt/);
  });
});

function withBrowser(path: string, run: () => void): void {
  const before = process.env['UMBRA_CHROMIUM'];
  process.env['UMBRA_CHROMIUM'] = path;
  try {
    run();
  } finally {
    if (before === undefined) delete process.env['UMBRA_CHROMIUM'];
    else process.env['UMBRA_CHROMIUM'] = before;
  }
}
