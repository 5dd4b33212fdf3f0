/** Reports that compare two runs, two policies and two captures, generated and verified in all forms. */
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeComparison } from '../../core/lab/reports/comparison-files.ts';
import type { ComparisonRequest } from '../../core/lab/reports/comparison-report.ts';
import { verifyReport } from '../../core/lab/reports/verify.ts';
import { sharedBrowser } from './browser.ts';
import { makePairLab } from './pair-lab.ts';
import { faulting, pair, umbra, umbraJson } from './umbra.ts';

const captures = fileURLToPath(new URL('../fixtures/spe', import.meta.url));
const policies = 'map-on-fault,impdef-event,serror';
const kinds: Record<string, ComparisonRequest> = {
  runs: { of: 'runs', a: 1, b: 2 },
  policies: { of: 'runs', a: 1, b: 1, policy: 'map-on-fault', withPolicy: 'impdef-event' },
  captures: { of: 'captures', a: 3, b: 4 },
  binaries: { of: 'captures', a: 3, b: 4, by: 'binary' },
};

let folder: string;
let db: string;
const at = (name: string): string => join(folder, name);
const text = (name: string): string => readFileSync(at(name), 'utf8');
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'umbra-test-'));
  db = at('lab.umbra');
  makePairLab(db, at('first.html'), policies.split(','), ['synthesised']);
  umbraJson(
    'replay',
    '--db',
    db,
    '--spe',
    '1',
    '--kvm',
    '2',
    '--policy',
    policies,
    ...faulting,
    '--set',
    'reenableNs=100000000',
  );
  umbraJson('import', ...['gaps', 'percpu-2cpu'].map((n) => join(captures, `${n}.perf.data`)), '--db', db);
  for (const [name, request] of Object.entries(kinds))
    for (const form of ['html', 'md', 'txt']) writeComparison(db, request, at(`${name}.${form}`));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The paragraph under the title. */
const lead = (name: string): string =>
  /<p class="lead">([^<]*)/
    .exec(text(`${name}.html`))![1]!
    .replace(/[\u202f\s]+/g, ' ')
    .replaceAll('&lt;', '<');

describe('what it says first', () => {
  it('two runs: which parameter differs, where coverage does, and whether by more than chance', () => {
    expect(lead('runs')).toMatch(
      /^Run 1 \(A\) against run 2 \(B\) \(reenableNs 1 000 000 against 100 000 000 ns\): coverage differs under 1 of 3 policies, by more than chance\. Most under impdef-event: 99\.[\d]+ % in A, [\d.]+ % in B, \+[\d.]+ pp \(\+[\d.]+ … \+[\d.]+\)\./,
    );
    expect(lead('runs')).toContain('Both replay the same samples');
  });

  it('two runs: whether the assumption checks change which keeps more, and the verdicts', () => {
    expect(lead('runs')).toMatch(/What the assumption checks make of it: .*impdef-event: A keeps more/);
    expect(lead('policies')).toMatch(/A keeps more.*(under all \d assumption checks|if )/);
  });

  it('two policies of one run: coverage, what each costs, and whether the survivors are alike', () => {
    expect(lead('policies')).toMatch(
      /^Run 1, map-on-fault \(A\) against impdef-event \(B\): A keeps [\d.]+ % of the samples and B [\d.]+ %: .* A costs .* of stall .* What survives is (alike|close|differs|the same)/,
    );
  });

  it('two captures: how far their profiles differ, and each one’s own blackouts', () => {
    const dark = 'A is dark by itself for 67 % of 4.46 ms, B for 0 % of 736 µs.';
    expect(lead('captures')).toMatch(
      /^The profile by page of gaps\.perf\.data \(A\) and percpu-2cpu\.perf\.data \(B\) can’t be told apart or alike: TVD 0\.2\d?, but its phases leave only \d independent blocks on a side\. /,
    );
    expect(lead('binaries')).toMatch(
      /^The profile by binary of .* differs: TVD 0\.06\d?, where reshuffling blocks of time gives 0\.0\d+ \(95 % up to 0\.0\d+; p = 0\.00\d+\)\. libc\.so\.6 holds [\d.]+ % in A and [\d.]+ % in B/,
    );
    for (const name of ['captures', 'binaries']) expect(lead(name)).toContain(dark);
  });
});

describe('its parts', () => {
  it('parameters that differ with their origin, both sides of coverage, windows by cause, shares with intervals', () => {
    expect(text('runs.html').replace(/\s*\n\s*/g, '')).toContain(
      '<th scope="row">reenableNs</th><td>1\u202f000\u202f000</td><td>100\u202f000\u202f000</td><td class="words">ns</td><td class="words">assumed / user</td>',
    );
    expect(text('runs.txt')).toMatch(/^impdef-event +9[\d.]+ % +[\d.]+ % +\+[\d.]+ pp \(/m);
    expect(text('runs.txt')).toMatch(/^userspace: session-killed +\d+ +[\d.]+ ms +\d+ +\d+ +[\d.]+ ms +[\d ]+$/m);
    expect(text('policies.txt')).toMatch(/^answer to userspace +map +impdef-event$/m);
    expect(text('captures.txt')).toMatch(/^truncated +5 +2\.00 ms +0 +0$/m);
    // Too few blocks for an interval, and no star without one.
    expect(text('captures.txt')).toMatch(/^kvbench\+0x2000 +31\.4 % +51\.7 % +-20 pp +-$/m);
    expect(text('binaries.txt')).toMatch(
      /^libc\.so\.6 +[\d.]+ % +[\d.]+ % +[+-][\d.]+ pp +[+-][\d.]+ \.\.\. [+-][\d.]+ +\*$/m,
    );
  });

  it('can be chosen, all but the finding and what reproduces it', () => {
    const file = at('short.html');
    writeComparison(db, kinds['runs']!, file, { sections: ['skew', 'parameters'] });
    const headings = [...readFileSync(file, 'utf8').matchAll(/<h2[^>]*>([^<]*)/g)].map((m) => m[1]);
    expect(headings).toEqual(['Parameters that differ', 'Shares by page', 'To reproduce this']);
    expect(() => writeComparison(db, kinds['runs']!, file, { sections: ['timeline'] })).toThrow(
      /a comparison has no section 'timeline'; it has parameters, policies/,
    );
  });

  it('ends with what makes it again', () => {
    const command = `umbra report --db ${db} --run 1 --policy map-on-fault --with-policy impdef-event -o ${at('policies.md')}`;
    expect(text('policies.md')).toContain(command);
    const again = at('twice.md');
    const words = command.split(' ').slice(1, -1);
    expect(umbra(...words, again).code).toBe(0);
    const figures = (md: string) => md.replaceAll('twice', 'policies');
    expect(figures(readFileSync(again, 'utf8'))).toBe(text('policies.md'));
  });
});

describe('forms', () => {
  it.each(Object.keys(kinds))('text of %s fits a mail: ASCII, 72 columns but for commands', (name) => {
    const txt = text(`${name}.txt`);
    expect(/[^\n\x20-\x7e]/.exec(txt)).toBeNull();
    const command = txt.search(/^ {2}umbra/m);
    for (const line of txt.slice(0, command).split('\n')) expect(line.length, line).toBeLessThanOrEqual(72);
  });

  it.each(Object.keys(kinds))(
    'HTML of %s has no script, loads nothing and is small; nothing overflows it',
    async (name) => {
      const html = text(`${name}.html`);
      expect(html).not.toMatch(/<script|href="(?!#)|src=|url\((?!#)/);
      expect(statSync(at(`${name}.html`)).size).toBeLessThan(2e6);
      const page = await (await sharedBrowser()).newPage({ viewport: { width: 1024, height: 700 } });
      try {
        await page.goto(`file://${at(`${name}.html`)}`);
        const wide =
          '[...document.querySelectorAll(".sides, main")].filter((e) => e.scrollWidth > e.clientWidth + 1).length';
        expect(await page.evaluate(wide)).toBe(0);
      } finally {
        await page.close();
      }
    },
  );

  it.each(Object.keys(kinds))('Markdown of %s has its figures beside it', (name) => {
    const images = [...text(`${name}.md`).matchAll(/!\[[^\]]*\]\(<([^>]+)>\)/g)].map((m) => m[1]!);
    expect(images.length).toBeGreaterThan(0);
    for (const image of images) expect(existsSync(at(image)), image).toBe(true);
  });
});

describe('--verify', () => {
  it.each(Object.keys(kinds))('finds %s identical to the last byte, in HTML and Markdown', (name) => {
    for (const form of ['html', 'md']) {
      const { identical, summary } = verifyReport(at(`${name}.${form}`), []);
      expect([identical, summary]).toEqual([true, expect.stringMatching(/recomputed: identical, to the last byte/)]);
    }
  });

  it('finds one identical that says the same in the words of an earlier version', () => {
    const earlier = at('earlier.html');
    const was = text('binaries.html').replace(/p\u202f=\u202f(?=\d)/g, 'p = ');
    expect(was).toMatch(/p = 0\.00\d/);
    writeFileSync(earlier, was);
    const { identical, summary } = verifyReport(earlier, []);
    expect([identical, summary]).toEqual([true, expect.stringMatching(/and so is the report but for words/)]);
  });

  it('names what comes out differently, of a side and of the comparison', () => {
    const forged = at('forged.html');
    const html = text('runs.html');
    writeFileSync(forged, html.replace(/("pair":"impdef-event","coverageDifference":)[\d.]+/, '$13'));
    const ran = umbra('report', '--verify', forged);
    expect(ran.code).toBe(1);
    expect(ran.stdout).toMatch(/^impdef-event: coverageDifference 3, recomputed \d/m);
    const side = html.lastIndexOf('"policy":"serror","dlDiscard":"record","kept":');
    writeFileSync(forged, html.slice(0, side) + html.slice(side).replace(/"kept":\d+/, '"kept":1'));
    expect(verifyReport(forged, []).differences).toEqual([
      expect.stringMatching(/^B: serror \(record\): kept 1, recomputed \d+$/),
    ]);
  });

  it('finds the captures elsewhere, and sees text that was changed', () => {
    const edited = at('edited.html');
    const moved = text('captures.html').replaceAll(captures, '/nowhere');
    writeFileSync(edited, moved);
    const files = ['gaps', 'percpu-2cpu'].map((n) => join(captures, `${n}.perf.data`));
    expect(verifyReport(edited, files).summary).toMatch(/to the last byte/);
    expect(() => verifyReport(edited, [pair.spe])).toThrow(/isn't found.*--input/);
    writeFileSync(edited, moved.replace('can’t be told apart or alike: TVD', 'is alike: TVD'));
    expect(verifyReport(edited, files).differences).toEqual([expect.stringMatching(/^first in line \d+$/)]);
  });
});

describe('umbra report says what is wrong with what is asked', () => {
  const fails = (...words: string[]): [number | null, string] => {
    const ran = umbra('report', '--db', db, '-o', at('none.html'), ...words);
    expect(ran.stdout).toBe('');
    expect(existsSync(at('none.html'))).toBe(false);
    return [ran.code, ran.stderr];
  };
  it.each([
    [2, 'either --run or --spe', ['--with', '2']],
    [2, '--spe A needs --with B', ['--spe', '1']],
    [2, '--policy is of runs', ['--spe', '3', '--with', '4', '--policy', 'serror']],
    [2, '--policy is of comparisons', ['--run', '1', '--policy', 'serror']],
    [1, 'run 1 against itself', ['--run', '1', '--with', '1']],
    [1, '--with-policy needs --policy', ['--run', '1', '--with-policy', 'serror']],
    [1, "has no policy 'nope'", ['--run', '1', '--policy', 'serror', '--with-policy', 'nope']],
    [1, "not both the policy 'nope'", ['--run', '1', '--with', '2', '--policy', 'nope']],
    [1, 'no run 9', ['--run', '1', '--with', '9']],
    [1, 'kind kvm', ['--spe', '1', '--with', '2']],
  ] as const)('%i: %s', (code, words, options) => {
    expect(fails(...options)).toEqual([code, expect.stringContaining(words)]);
  });
});
