/** Phrases that pages, reports and the command line share, word by word. */
import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { grouped, hangingSentence, holdsSentence, sameNamesShort } from '../../core/words/checks.ts';
import type { Checked } from '../../core/words/checks.ts';
import { clockWords } from '../../core/words/clocks.ts';
import { list, plural, range, ranges, shorten } from '../../core/words/lists.ts';
import { count, exactNs, percentNumber, plain, points, pValue, shortDuration, THIN } from '../../core/words/numbers.ts';
import { printable, printableCell } from '../../core/words/printable.ts';
import { shellLine, shellWord } from '../../core/words/shell.ts';

describe('clocks', () => {
  const clocks = { offsetNs: 0n, driftPpb: 0, uncertaintyNs: 0, driftUncertaintyPpb: 0, strainNs: 0 };
  const words = (over: Partial<Parameters<typeof clockWords>[0]>) => clockWords({ ...clocks, ...over });

  test('offsets are exact to the µs, rounded, on their side', () => {
    expect(words({ uncertaintyNs: 184_000, driftUncertaintyPpb: 21_000 })).toBe(
      'the guest’s is 0.000000 s ahead of the host’s, ± 184 µs; drift 0 ± 21 ppm',
    );
    expect(words({ offsetNs: -4_899_000_000_500n })).toMatch(
      /^the guest’s is 4899\.000001 s behind the host’s, ± 0 ns;/,
    );
    expect(words({ offsetNs: '1499' })).toMatch(/^the guest’s is 0\.000001 s ahead of/);
    expect(words({ offsetNs: '1500' })).toMatch(/^the guest’s is 0\.000002 s ahead of/);
    expect(words({ offsetNs: -1n })).toMatch(/^the guest’s is 0\.000000 s behind/);
  });

  test('times in their largest unit, drift in ppm, strain where there is any', () => {
    const within = [999, 1000, 999_999, 1e6, 12_345_678].map(
      (uncertaintyNs) => /± (.*?);/.exec(words({ uncertaintyNs }))?.[1],
    );
    expect(within).toEqual(['999 ns', '1 µs', '1000 µs', '1 ms', '12.3 ms']);
    expect(words({ driftPpb: -1234, driftUncertaintyPpb: 56 })).toMatch(/; drift -1\.2 ± 0\.056 ppm$/);
    expect(words({ strainNs: 2500 })).toMatch(/ppm; one of the clocks didn’t run evenly \(by 2\.5 µs\)$/);
  });
});

describe('lists', () => {
  test('of things, with the rest counted', () => {
    const items = ['a', 'b', 'c', 'd'];
    expect([0, 1, 2, 3, 4].map((n) => list(items.slice(0, n), 3))).toEqual([
      ...['', 'a', 'a and b', 'a, b and c', 'a, b and 2 more'],
    ]);
    expect(list(Array.from({ length: 7 }, (_, i) => String(i)))).toBe('0, 1, 2, 3, 4 and 2 more');
    expect([0, 1, 2].map((n) => plural(n, 'sample'))).toEqual(['0 samples', '1 sample', '2 samples']);
  });

  test('of CPUs as ranges', () => {
    expect(ranges([])).toBe('');
    expect(ranges([0, 1, 2, 3, 8, 10, 11])).toBe('0–3, 8, 10–11');
    fc.assert(
      fc.property(fc.uniqueArray(fc.nat(40)), (cpus) => {
        cpus.sort((a, b) => a - b);
        const read = ranges(cpus)
          .split(', ')
          .filter(Boolean)
          .flatMap((run) => {
            const [from, to = from] = run.split('–').map(Number) as [number, number?];
            return Array.from({ length: to - from + 1 }, (_, i) => from + i);
          });
        expect(read).toEqual(cpus);
      }),
    );
  });

  test('ranges with one unit if shared; names cut in the middle', () => {
    const unit = (x: number) => `${x}${THIN}${x < 10 ? 'ms' : 's'}`;
    expect(range(1, 2, unit)).toBe(`1–2${THIN}ms`);
    expect(range(1, 20, unit)).toBe(`1${THIN}ms – 20${THIN}s`);
    expect(range(1, 1, unit)).toBe(`1${THIN}ms`);
    expect(range(1, 2, String)).toBe('1–2');
    expect(range(0, 1, (x) => (x ? '%' : '0 %'))).toBe('0 % – %');
    for (let most = 1; most < 12; most++) expect(Array.from(shorten('abcdefghijkl', most))).toHaveLength(most);
    expect(shorten('abcdefghijkl', 6)).toBe('abc…kl');
    expect(shorten('abcdef', 6)).toBe('abcdef');
    expect(shorten('😀😀😀😀', 3)).toBe('😀…😀');
  });
});

describe('text of files', () => {
  test('what a terminal would execute is spelt; the rest stays', () => {
    const controls = [
      0x00, 0x08, 0x0b, 0x1b, 0x1f, 0x7f, 0x9f, 0x61c, 0x200b, 0x200e, 0x200f, 0x2028, 0x202e, 0x2060, 0x206f, 0xfeff,
      0xfff9, 0xfffb,
    ];
    for (const code of controls) {
      const spelt = `\\u${code.toString(16).padStart(4, '0')}`;
      expect(printable(`a${String.fromCharCode(code)}b`)).toBe(`a${spelt}b`);
    }
    const fine = [0x09, 0x0a, 0x20, 0x7e, 0xa0, 0x61b, 0x61d, 0x200d, 0x2010, 0x2027, 0x202f, 0x205f, 0x2070, 0xfefe];
    const text = String.fromCharCode(...fine);
    expect(printable(text)).toBe(text);
    expect(printable('\u{e0041}\u{1f600}')).toBe('\\udb40\\udc41\u{1f600}');
    expect(printableCell('a\tb\nc\u001bd')).toBe('a\\u0009b\\u000ac\\u001bd');
  });

  test('a shell gives back the words of a line', () => {
    expect(shellWord('--set')).toBe('--set');
    expect(shellWord('a b')).toBe("'a b'");
    expect(shellWord("it's")).toBe("'it'\\''s'");
    expect(shellWord('')).toBe("''");
    const words = ['', 'a b', "'", '$HOME', '*', '\\', 'x;y', '~', 'a\nb', '-n', '!', 'k=v', '"', '`', '#', '<&'];
    const out = execFileSync('/bin/sh', ['-c', `printf '%s\\0' ${shellLine(words)}`], { encoding: 'utf8' });
    expect(out).toBe(words.map((word) => `${word}\0`).join(''));
  });
});

describe('numbers', () => {
  test('counts of any kind, and their minus sign', () => {
    expect([12_345.6, 12_345n, '12345', -0, '-0', -0.4, -1234n].map((n) => plain(count(n)))).toEqual([
      ...['12 346', '12 345', '12 345', '0', '0', '0', '-1 234'],
    ]);
    expect(count(-1234)).toBe(`\u22121${THIN}234`);
    expect(plain(exactNs(1_808_412_006n))).toBe('1 808 412 006 ns');
  });

  test('times without trailing zeros', () => {
    const times = [0, 1, 999, 1000, 30_000, 1_230_000, 4_321e9, -1500, 10n, Infinity];
    expect(times.map((ns) => plain(shortDuration(ns)))).toEqual([
      ...['0 ns', '1 ns', '999 ns', '1 µs', '30 µs', '1.23 ms', '4 321 s', '-1.5 µs', '10 ns', '–'],
    ]);
  });

  test('bounds of shares, points and p-values', () => {
    const shares = [0, 0.5, 0.99, 0.990001, 0.999, 0.9999999, 1];
    expect(shares.map((share) => percentNumber(share))).toEqual([
      ...['0', '50', '99', '99', '99.9', '99.99999', '100'],
    ]);
    expect(shares.map((share) => percentNumber(share, 1))).toEqual([
      ...['0.0', '50.0', '99.0', '99.0', '99.9', '99.99999', '100.0'],
    ]);
    expect([0.001, 0.00099, 0.05, 1].map((p) => plain(pValue(p)))).toEqual([
      'p = 0.001',
      'p < 0.001',
      'p = 0.05',
      'p = 1',
    ]);
    expect(
      [points(1.234, 0.5), points(1.234, 0), points(0, 0), points(-20, 12), points(0.004, 0.5)].map(plain),
    ).toEqual([...['+1.23 pp', '+1.2 pp', '0 pp', '-20 pp', '0.00 pp']]);
  });
});

describe('assumption checks', () => {
  const check = (id: string, verdict: Checked['verdict'], coverage = 0.5): Checked => {
    return { id, title: `the ${id}`, verdict, coverage };
  };
  const of = (name: string, ...checks: Checked[]) => ({ name, coverage: 0.9, word: 'representative' as const, checks });

  test('say which verdicts hang on them, the same ones together', () => {
    const all = [
      of('a', check('x', 'dead'), check('y', null)),
      of('b', check('x', 'dead'), check('y', 'representative')),
      of('c', check('x', 'misleading')),
    ];
    expect(hangingSentence(all)).toBe(
      'Verdicts that depend on an assumption: a and b would be dead if the x; a would be without a verdict if the y; ' +
        'c would be misleading if the x.',
    );
    expect(hangingSentence([of('a', check('x', 'representative'))])).toBe('No assumption check changes a verdict.');
    expect(hangingSentence([of('a')])).toBeUndefined();
  });

  test('end with the coverage over all where it differs', () => {
    expect(plain(holdsSentence(of('a', check('x', 'representative')))!)).toBe(
      'Holds if the x, too; coverage over all: 50–90 %.',
    );
    expect(holdsSentence(of('a', check('x', 'representative', 0.9)))).toBe('Holds if the x, too.');
    expect(holdsSentence({ coverage: 1, word: undefined })).toBeUndefined();
  });

  test('groups keep the order of first appearance', () => {
    expect(grouped(['b1', 'a1', 'b2'], (item) => [item[0]])).toEqual([['b1', 'b2'], ['a1']]);
    expect([['a'], ['a', 'b'], ['a', 'b', 'c']].map(sameNamesShort)).toEqual(['a', 'a = b', 'a = 2 others']);
  });
});
