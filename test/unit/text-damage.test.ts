/** Captures that something took for text on their way. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { openPerfData } from '../../core/formats/perf-data/perf-data.ts';
import { Warnings } from '../../core/formats/problems.ts';
import { memorySource } from '../../core/formats/source.ts';
import { damageAsText } from '../../core/formats/text-damage.ts';

/** 300 records; see its README. */
const capture = readFileSync(new URL('../fixtures/spe/variant-zstd.perf.data', import.meta.url));
const latin1 = capture.toString('latin1');
const open = (bytes: Buffer) => openPerfData(memorySource(new Uint8Array(bytes), 'perf.data'), new Warnings());

test('as it was', () => {
  expect(() => open(capture)).not.toThrow();
});

test.each([
  ['FTP’s ASCII mode', latin1.replaceAll('\n', '\r\n'), 'latin1', /each line feed in it follows a carriage return/],
  ['an editor that took it for latin1', latin1, 'utf8', /all its bytes are UTF-8/],
  ['an editor that took it for UTF-8', capture.toString('utf8'), 'utf8', /all its bytes are UTF-8/],
] as const)('%s', (_, text, encoding, message) => {
  expect(() => open(Buffer.from(text, encoding))).toThrow(message);
});

test('little shows nothing', () => {
  expect(damageAsText(new Uint8Array(Buffer.from('\r\n'.repeat(15))))).toBeUndefined();
  expect(damageAsText(new Uint8Array(Buffer.from('\r\n'.repeat(16))))).toBeDefined();
  expect(damageAsText(new Uint8Array(Buffer.from(`${'\r\n'.repeat(16)}\n`)))).toBeUndefined();
  expect(damageAsText(new Uint8Array(Buffer.from('é'.repeat(31))))).toBeUndefined();
  expect(damageAsText(new Uint8Array(Buffer.from('é'.repeat(32))))).toBeDefined();
  // Cut within a character.
  expect(damageAsText(new Uint8Array(Buffer.from('é'.repeat(40))).subarray(0, 79))).toBeDefined();
});
