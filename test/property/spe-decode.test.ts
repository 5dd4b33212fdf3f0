import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { PerfData } from '../../core/formats/perf-data/perf-data.ts';
import { ticksToNs } from '../../core/formats/perf-data/time-conv.ts';
import { Warnings } from '../../core/formats/problems.ts';
import { dumpBytes, dumpPackets } from '../../core/formats/spe/dump.ts';
import { DecodedColumns } from '../../core/formats/spe/record-memory.ts';
import { aux, auxtrace, identityTime, perfFile, speFile, speInfo, words } from '../unit/perf-data.builder.ts';
import { fixture, open, rows } from '../unit/spe.rows.ts';

/** Bytes that are packets often enough to get somewhere. */
const stream = fc
  .array(
    fc.oneof(
      {
        weight: 3,
        arbitrary: fc.constantFrom(0, 1, 0x20, 0x21, 0x23, 0x42, 0x49, 0x52, 0x65, 0x71, 0x98, 0x9a, 0xb0, 0xb2, 0xb4),
      },
      { weight: 1, arbitrary: fc.integer({ min: 0, max: 255 }) },
    ),
    { maxLength: 400, size: 'max' },
  )
  .map((list) => Uint8Array.from(list));

const u64 = fc.bigInt({ min: 0n, max: (1n << 64n) - 1n });
const u32 = fc.integer({ min: 0, max: 2 ** 32 - 1 });

describe('any bytes', () => {
  it('decode to an end, and the dump holds every byte once, in order', () => {
    fc.assert(
      fc.property(stream, (bytes) => {
        rows(open(speFile(bytes)));
        const lines = dumpBytes(bytes).split('\n').slice(0, -1);
        const hex = lines.flatMap((line) => line.slice(13, 61).trim().split(/ +/));
        expect(hex.map((byte) => parseInt(byte, 16))).toEqual([...bytes]);
      }),
      { numRuns: 300 },
    );
  });

  it('give the same records in batches of any size', () => {
    fc.assert(
      fc.property(stream, fc.integer({ min: 1, max: 9 }), (bytes, capacity) => {
        const file = speFile(bytes);
        expect(rows(open(file), capacity)).toEqual(rows(open(file), 1000));
      }),
      { numRuns: 200 },
    );
  });
});

/** The capture over a source that gives at most `limit` bytes a read, and spoils what it gave before. */
function narrow(perf: PerfData, limit: number): PerfData {
  let before = new Uint8Array(0);
  const read = (offset: number, length: number): Uint8Array => {
    before.fill(0xa5);
    before = Uint8Array.from(perf.source.read(offset, Math.min(length, limit)));
    return before;
  };
  return { ...perf, source: { ...perf.source, read } };
}

/** Records of a few layouts, again and again, with any payloads; some damaged. */
const records = fc
  .record({
    layouts: fc.array(
      fc.record({
        packets: fc.array(
          fc.tuple(
            fc.constantFrom(...[0xb0, 0xb1, 0xb2, 0xb3, 0xb4, 0x42, 0x52, 0x62, 0x72, 0x43, 0x53, 0x48, 0x49, 0x4a]),
            fc.integer({ min: 0, max: 6 }),
          ),
          { maxLength: 9 },
        ),
        counters: fc.subarray([0x64, 0x98, 0x99, 0x9a, 0x9c, 0x65, 0x20]),
        end: fc.constantFrom(0x71, 0x71, 0x01),
      }),
      { minLength: 1, maxLength: 5 },
    ),
    picks: fc.array(fc.nat(), { minLength: 20, maxLength: 60, size: 'max' }),
    seed: fc.integer({ min: 1 }),
    damage: fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { maxLength: 5 }),
  })
  .map(({ layouts, picks, seed, damage }) => {
    const bytes: number[] = [];
    let state = seed;
    const any = () => (state = (Math.imul(state, 1103515245) + 12345) >>> 0) >>> 24;
    const packet = (header: number) => {
      // Of extended headers one: a further address.
      if (header === 0x20) bytes.push(0x20, 0xb4);
      else bytes.push(header);
      const payload = header === 0x01 ? 0 : 1 << (((header === 0x20 ? 0xb4 : header) >> 4) & 3);
      for (let i = 0; i < payload; i++) bytes.push(any());
    };
    for (const pick of picks) {
      const { packets, counters, end } = layouts[pick % layouts.length];
      for (const [header, padding] of packets) {
        packet(header);
        for (let i = 0; i < padding; i++) bytes.push(0);
      }
      for (const header of [...counters, end]) packet(header);
    }
    for (const [at, byte] of damage) bytes[at % bytes.length] = byte;
    return Uint8Array.from(bytes);
  });

it('records known by their layout decode as packet by packet', () => {
  fc.assert(
    fc.property(records, (bytes) => {
      const file = speFile(bytes);
      // A window too small for any record: there is no layout to compare with.
      expect(rows(open(file))).toEqual(rows(narrow(open(file), 20)));
    }),
    { numRuns: 200 },
  );
});

describe('windows', () => {
  const captures = ['malformed', 'v2meta', 'every-packet', 'gaps'].map((name) => open(fixture(`${name}.perf.data`)));
  const warned = (perf: PerfData): unknown => {
    const warnings = new Warnings();
    const list = rows(perf, 500, warnings);
    return { list, skipped: warnings.list().map(({ kind, bytes, offset }) => ({ kind, bytes, offset })) };
  };
  const whole = captures.map(warned);

  it.each([33, 48, 61, 64, 127, 1021])('of %i bytes give the same records', (limit) => {
    captures.forEach((perf, i) => {
      const seen = warned(narrow(perf, limit)) as { list: unknown[]; skipped: unknown[] };
      const want = whole[i] as typeof seen;
      expect(seen.list.length).toBe(want.list.length);
      expect(seen).toEqual(want);
    });
  });

  it('of any size give the same text', () => {
    for (const perf of captures.slice(0, 3)) {
      const text = [...dumpPackets(perf)].join('');
      for (const limit of [49, 64, 333]) expect([...dumpPackets(narrow(perf, limit))].join('')).toBe(text);
    }
  });
});

describe('records that were encoded', () => {
  interface Made {
    pc: bigint;
    va: bigint | undefined;
    tid: number;
    total: number;
    events: number;
    ticks: bigint | undefined;
    padding: number;
  }
  const made: fc.Arbitrary<Made> = fc.record({
    pc: fc.bigInt({ min: 0n, max: (1n << 55n) - 1n }),
    va: fc.option(fc.bigInt({ min: 0n, max: (1n << 48n) - 1n }), { nil: undefined }),
    tid: fc.integer({ min: 0, max: 2 ** 31 - 1 }),
    total: fc.integer({ min: 0, max: 65535 }),
    events: u32,
    ticks: fc.option(u64, { nil: undefined }),
    padding: fc.integer({ min: 0, max: 20 }),
  });
  const NS = 1n << 63n;

  function packets({ pc, va, tid, total, events, ticks, padding }: Made): Uint8Array[] {
    return [
      words(Uint8Array.of(0xb0), pc | NS),
      words(Uint8Array.of(0x64), tid),
      words(Uint8Array.of(0x62), events),
      words(Uint8Array.of(0x98, total & 255, total >> 8)),
      ...(va === undefined ? [] : [words(Uint8Array.of(0xb2), va)]),
      ...(ticks === undefined ? [Uint8Array.of(1)] : [words(Uint8Array.of(0x71), ticks)]),
      new Uint8Array(padding),
    ];
  }

  it('come back, however the stream was cut into buffers', () => {
    fc.assert(
      fc.property(
        fc.array(made, { minLength: 1, maxLength: 20 }),
        fc.array(fc.nat(200), { maxLength: 6 }),
        (list, cuts) => {
          const all = list.flatMap(packets);
          const size = all.reduce((sum, part) => sum + part.length, 0);
          const at = [...new Set(cuts.map((c) => c % all.length))].sort((a, b) => a - b);
          let offset = 0n;
          const buffers = [0, ...at].map((from, i) => {
            const part = words(...all.slice(from, at[i]));
            const buffer = auxtrace(0, 0, -1, offset, part);
            offset += BigInt(part.length);
            return buffer;
          });
          const perf = open(perfFile([identityTime, speInfo, aux(0n, BigInt(size), 0n), ...buffers]));
          const want = list.map((r) => ({
            pc: r.pc.toString(16),
            va: r.va === undefined ? '-' : r.va.toString(16),
            tid: String(r.tid),
            total: String(r.total),
            events: r.events.toString(16),
            ts: r.ticks === undefined ? '-' : String(r.ticks),
            time_ns: r.ticks === undefined ? '-' : String(r.ticks),
            len: String(packets(r).reduce((sum, part) => sum + part.length, 0)),
          }));
          const got = rows(perf, 3);
          expect(got.length).toBe(want.length);
          want.forEach((record, i) => expect(got[i]).toMatchObject(record));
        },
      ),
      { numRuns: 150 },
    );
  });
});

it('the clock of the hot loops equals that of the rest', () => {
  const short = fc.record({
    cycles: u64,
    mask: fc.integer({ min: 1, max: 64 }).map((bits) => (1n << BigInt(bits)) - 1n),
  });
  const conv = fc.record({
    shift: fc.bigInt({ min: 0n, max: 40n }),
    mult: fc.oneof(u32.map(BigInt), u64).filter((m) => m > 0n),
    zero: u64,
    short: fc.option(short, { nil: undefined }),
  });
  const columns = new DecodedColumns(8);
  fc.assert(
    fc.property(conv, fc.array(u64, { minLength: 1, maxLength: 8 }), (c, ticks) => {
      const { rows, counter, t, wasm } = columns;
      columns.setClock(c);
      counter.set(ticks);
      ticks.forEach((_, i) => (rows[i] = i));
      wasm.convert(rows.byteOffset, rows.byteOffset + 4 * ticks.length, counter.byteOffset, t.byteOffset);
      expect([...t.subarray(0, ticks.length)]).toEqual(ticks.map((x) => ticksToNs(c, x)));
    }),
    { numRuns: 500 },
  );
});
