import { describe, expect, test } from 'vitest';
import { list, range, shorten } from '../../core/words/lists.ts';
import {
  bytes,
  count,
  counted,
  duration,
  excess,
  percent,
  percentNumber,
  points,
  pValue,
  significant,
} from '../../core/words/numbers.ts';

/** Thin spaces and minus signs as on a keyboard. */
const plain = (text: string): string => text.replaceAll('\u202f', ' ').replaceAll('\u2212', '-');

describe('numbers as shown', () => {
  test.each([
    [0, '0'],
    [999, '999'],
    [12000, '12 000'],
    [1234567, '1 234 567'],
    [-4096, '-4 096'],
  ])('count %d', (n, text) => expect(plain(count(n))).toBe(text));

  test.each([
    [0, '0'],
    [0.25, '0.25 ns'],
    [850, '850 ns'],
    [999.6, '1.00 µs'],
    [1008, '1.01 µs'],
    [999_600, '1.00 ms'],
    [1_234_567, '1.23 ms'],
    [59_700_000, '59.7 ms'],
    [-2_500_000_000, '-2.50 s'],
    [4_321_000_000_000, '4 320 s'],
    [NaN, '–'],
  ])('duration %d', (ns, text) => expect(plain(duration(ns))).toBe(text));

  test.each([
    [0, '0 B'],
    [1000, '1 000 B'],
    [2 ** 20, '1 MiB'],
    [3456789, '3.3 MiB'],
    [2 ** 40, '1 TiB'],
  ])('bytes %d', (n, text) => expect(plain(bytes(n))).toBe(text));

  test.each([
    [1, '100 %'],
    [0.9992, '99.92 %'],
    [0.999987, '99.9987 %'],
    [1 - 1e-9, '99.999999 %'],
    [0.653, '65.3 %'],
    [0.1736, '17.4 %'],
    [0.0123, '1.23 %'],
    [0, '0 %'],
    [0.99996, '99.996 %'],
    [1 - 2 ** -53, '99.999999 %'],
    [0.995, '99.5 %'],
    [1.32, '132 %'],
    [NaN, '–'],
  ])('percent %d', (share, text) => expect(plain(percent(share))).toBe(text));

  test.each([
    [1, '100.00'],
    [0.99996, '99.996'],
    [0.5, '50.00'],
    [0.9912, '99.12'],
    [0, '0.00'],
    [0.00001, '0.001'],
  ])('percent %d with two decimals at least', (share, text) => expect(percentNumber(share, 2)).toBe(text));

  test('at most the digits asked for, no exponent', () => {
    expect(['0.0412', '1 230', '0.00000124', '-12'].join()).toBe(
      [significant(0.04123), significant(1234), significant(1.2351e-6), significant(-12)].map(plain).join(),
    );
    expect(plain(percent(0.25912))).toBe('25.9 %');
  });

  test('percentage points have the decimals that their interval supports', () => {
    expect(plain(points(-1.4234, 0.31))).toBe('-1.42 pp');
    expect(plain(points(0.8812, 2.5))).toBe('+0.9 pp');
    expect(plain(points(0.001, 0.5))).toBe('0.00 pp');
  });

  test('words', () => {
    expect(pValue(0.0004)).toBe('p\u202f<\u202f0.001');
    expect(pValue(0.4321)).toBe('p\u202f=\u202f0.43');
    expect(list(['a'])).toBe('a');
    expect(list(['a', 'b', 'c'])).toBe('a, b and c');
    expect(list(['a', 'b', 'c', 'd'], 3)).toBe('a, b and 2 more');
    expect(shorten('abcdefghij', 5)).toBe('ab…ij');
    expect(shorten('abc', 5)).toBe('abc');
    expect(plain(range(0.645, 0.998, percent))).toBe('64.5–99.8 %');
    expect(plain(range(900, 1100, duration))).toBe('900 ns – 1.10 µs');
    expect(plain(range(5, 5, count))).toBe('5');
  });
});

test('things are counted in words: one, several, and those that end in y', () => {
  const words = [
    counted(1, 'key'),
    counted(0, 'pair'),
    counted(12_345, 'sample'),
    counted(1, 'policy'),
    counted(13, 'policy'),
  ];
  expect(words.map(plain)).toEqual(['1 key', '0 pairs', '12 345 samples', '1 policy', '13 policies']);
});

test('an excess is named where chance didn’t make it, never as a rounded zero', () => {
  expect([excess(0.00012, 0.01), excess(0.0302, 0.05), excess(-0.004, 0.04)].map(plain)).toEqual([
    '0.00012',
    '0.03',
    '-0.004',
  ]);
  expect([excess(0.2, 0.06), excess(undefined, 0.01), excess(0.1, null)]).toEqual(['≈ 0', '–', '–']);
});
