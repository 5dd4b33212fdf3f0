/** Every fixture prints as `trace-cmd report -N -t` printed it (expected/trace, made by derive-trace.mjs). */
import { readdirSync, readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { TraceColumns } from '../../core/formats/event-format/columns.ts';
import { EventPrinter } from '../../core/formats/event-format/event-printer.ts';
import { Warnings } from '../../core/formats/problems.ts';
import { memorySource, type ByteSource } from '../../core/formats/source.ts';
import { isTraceDat, openTraceDat } from '../../core/formats/trace-dat/trace-dat.ts';
import { synthesised } from './trace-fixtures.ts';

const fixtures = new URL('../fixtures/trace/', import.meta.url);
const names = readdirSync(fixtures).filter((n) => n.endsWith('.dat'));

function fixture(name: string): Uint8Array {
  return new Uint8Array(readFileSync(new URL(name, fixtures)));
}

function expected(name: string): string[] {
  const file = name.replace('zlib', 'zstd');
  const url = new URL(`expected/trace/${file}.txt.gz`, import.meta.url);
  return gunzipSync(readFileSync(url)).toString('utf8').trimEnd().split('\n');
}

function report(source: ByteSource, capacity?: number): string[] {
  const file = openTraceDat(source, new Warnings());
  const printer = new EventPrinter(file);
  const lines = [printer.head()];
  file.read(new TraceColumns(capacity), (columns) => {
    for (let i = 0; i < columns.n; i++) lines.push(...printer.line(columns, i).split('\n'));
  });
  return lines;
}

/** Hands out short pieces from one buffer that it overwrites: what `read` lent before is gone. */
function meanSource(bytes: Uint8Array): ByteSource {
  const lent = new Uint8Array(1 << 20);
  return {
    name: 'mean',
    size: bytes.length,
    read(offset, length) {
      lent.fill(0xee);
      const part = bytes.subarray(Math.min(offset, bytes.length), Math.min(offset + length, bytes.length));
      if (part.length > lent.length) return part.slice();
      lent.set(part);
      return lent.subarray(0, part.length);
    },
  };
}

describe('fixtures read as trace-cmd reads them', () => {
  test.each(names)('%s', (name) => {
    const bytes = fixture(name);
    expect(isTraceDat(bytes.subarray(0, 10))).toBe(true);
    expect(report(memorySource(bytes))).toEqual(expected(name));
  });

  test.each(names)('%s, with other batches and a source that reuses its memory', (name) => {
    expect(report(meanSource(fixture(name)), 7)).toEqual(expected(name));
  });
});

test('the synthesised fixtures are what trace-fixtures.ts makes', () => {
  for (const [name, bytes] of Object.entries(synthesised())) {
    if (name.includes('zstd') || name.includes('zlib') || name.includes('instances')) {
      expect(report(memorySource(bytes)), name).toEqual(report(memorySource(fixture(name))));
    } else {
      expect(Buffer.compare(bytes, fixture(name)), name).toBe(0);
    }
  }
});
