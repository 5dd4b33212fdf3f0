import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { Warnings } from '../../core/formats/problems.ts';
import { dumpBytes, dumpPackets } from '../../core/formats/spe/dump.ts';
import { Kind, kinds, payloadBytes } from '../../core/formats/spe/packets.ts';
import { fixture, gunzipped, open, rows, truth } from '../unit/spe.rows.ts';

const expected = new URL('expected/spe/', import.meta.url);

function packets(name: string): string {
  return [...dumpPackets(open(fixture(`${name}.perf.data`)))].join('');
}

function without(record: Record<string, string>, ...names: string[]): Record<string, string> {
  return Object.fromEntries(Object.entries(record).filter(([name]) => !names.includes(name)));
}

/** Overwrites CONTEXT packets with padding. The fixtures have no damaged packet and no extended header. */
function blankContext(bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length;) {
    const kind = kinds[bytes[at]];
    const length = kind === Kind.PAD || kind === Kind.END ? 1 : 1 + payloadBytes(bytes[at]);
    if (kind === Kind.CONTEXT) bytes.fill(0, at, at + length);
    at += length;
  }
}

describe('packets as perf 7.2 prints them', () => {
  it.each(['one-record', 'v2meta', 'malformed', 'variant-zstd', 'variant-pipe', 'every-packet'])('%s', (name) => {
    const want = gunzipped(new URL(`${name}.packets.txt.gz`, expected)).split('\n');
    expect(packets(name).split('\n')).toEqual(want);
  });

  const hashes = readFileSync(new URL('packets.sha256', expected), 'utf8').trimEnd().split('\n');
  it.each(hashes.map((line) => line.split(/\s+/)))('%s %s', (hash, name) => {
    expect(createHash('sha256').update(packets(name)).digest('hex')).toBe(hash);
  });

  const published = readFileSync(new URL('../fixtures/spe/published-records.jsonl', import.meta.url), 'utf8').trimEnd();
  it.each(published.split('\n').map((line, i) => [i, JSON.parse(line) as Record<string, string>] as const))(
    'published record %i',
    (_, record) => {
      const bytes = Uint8Array.from(record.bytes.split(/[ |]/), (byte) => parseInt(byte, 16));
      const text = dumpBytes(bytes).trimEnd().split('\n');
      // perf puts at most 16 bytes of padding on a line; the published form counts them as one.
      const merged = text
        .map((line) => line.slice(62))
        .filter((word, i, all) => word !== 'PAD' || all[i - 1] !== 'PAD');
      expect(merged.join('|')).toBe(record.perf_7_2.replace(/PAD(\|PAD)+/g, 'PAD'));
    },
  );
});

describe('records as the generator put them in', () => {
  it.each(['one-record', 'percpu-2cpu', 'perthread', 'gaps', 'v2meta', 'variant-zstd', 'variant-pipe'])(
    '%s',
    (name) => {
      const decoded = rows(open(fixture(`${name}.perf.data`)));
      const want = truth(name);
      expect(decoded.length).toBe(want.length);
      want.forEach((record, i) => expect(decoded[i]).toMatchObject(without(record, 'aux_offset')));
    },
  );

  it.each(['percpu-2cpu', 'gaps'])('%s without its CONTEXT packets: threads by switch records', (name) => {
    const bytes = fixture(`${name}.perf.data`);
    const perf = open(bytes);
    for (const { buffers } of perf.queues)
      for (let i = 0; i < buffers.n; i++)
        blankContext(bytes.subarray(buffers.fileOffset[i], buffers.fileOffset[i] + buffers.size[i]));
    expect(rows(perf).map((row) => row.tid)).toEqual(truth(name).map((row) => row.tid));
  });

  it('gaps: each record that the hardware cut is dropped and counted', () => {
    const warnings = new Warnings();
    rows(open(fixture('gaps.perf.data'), warnings), 777, warnings);
    const told = Object.fromEntries(warnings.list().map((w) => [w.kind, w.count]));
    expect(told).toEqual({ 'spe-truncated': 8, 'spe-collision': 4, 'perf-lost-records': 363, 'spe-cut-record': 5 });
  });

  it('malformed: every record that the damage does not touch is there, unchanged', () => {
    const warnings = new Warnings();
    const decoded = rows(open(fixture('malformed.perf.data')), 777, warnings);
    const damage = JSON.parse(Buffer.from(fixture('malformed.damage.json')).toString()) as Record<string, number>[];
    const hit = (record: Record<string, string>): boolean => {
      const from = Number(record.aux_offset);
      // Damage to a record's end runs it into the next.
      return damage.some(
        (d) => d.cpu === Number(record.cpu) && d.aux_offset < from + 64 && d.aux_offset + d.bytes > from - 64,
      );
    };
    const byTime = new Map(decoded.map((record) => [`${record.cpu} ${record.ts}`, record]));
    const spared = truth('malformed').filter((record) => !hit(record));
    expect(spared.length).toBeGreaterThan(280);
    for (const record of spared)
      expect(byTime.get(`${record.cpu} ${record.ts}`)).toMatchObject(without(record, 'aux_offset', 'len'));
    expect(warnings.list().map(({ kind, bytes }) => ({ kind, bytes }))).toEqual([
      { kind: 'spe-bad-packet', bytes: 48 },
      { kind: 'spe-cut-record', bytes: expect.any(Number) },
    ]);
  });
});
