import fc from 'fast-check';
import { expect, it } from 'vitest';
import { AddressMap } from '../../core/formats/perf-data/address-map.ts';
import { InputError, Warnings } from '../../core/formats/problems.ts';
import { decodeSpe } from '../../core/formats/spe/decode.ts';
import { dumpPackets } from '../../core/formats/spe/dump.ts';
import { sampleJson } from '../../core/formats/spe/sample-json.ts';
import { columnsOf, fixture, open, rows } from '../unit/spe.rows.ts';

const files = ['one-record', 'variant-zstd', 'variant-pipe', 'v2meta', 'perthread'].map((name) =>
  fixture(`${name}.perf.data`),
);

type Edit = (bytes: Uint8Array) => Uint8Array;

/** Half of the damage goes to the first bytes: headers and side band. */
const place = fc.oneof(fc.nat(6000), fc.nat(100_000));
const edits: fc.Arbitrary<Edit> = fc.oneof(
  fc.tuple(place, fc.nat(7)).map(([at, bit]): Edit => (b) => {
    b[at % b.length] ^= 1 << bit;
    return b;
  }),
  fc.nat(100_000).map(
    (n): Edit =>
      (b) =>
        b.slice(0, 1 + (n % b.length)),
  ),
  fc.tuple(place, fc.nat(64), fc.constantFrom(0, 0xff, 0x7f, 0x80)).map(
    ([at, n, value]): Edit =>
      (b) =>
        b.fill(value, at % b.length, (at % b.length) + n),
  ),
  fc.tuple(place, place, fc.nat(5000)).map(
    ([to, from, n]): Edit =>
      (b) =>
        b.copyWithin(to % b.length, from % b.length, (from % b.length) + n),
  ),
  fc.tuple(place, fc.constantFrom(0, 1, 7, 8, 2 ** 16 - 1, 2 ** 31, 2 ** 32 - 1)).map(([at, value]): Edit => (b) => {
    const word = (at % b.length) & ~3;
    if (word + 4 <= b.length) new DataView(b.buffer).setUint32(word, value, true);
    return b;
  }),
);

function readAll(bytes: Uint8Array): void {
  const warnings = new Warnings();
  const perf = open(bytes, warnings);
  const columns = columnsOf(256);
  for (const queue of perf.queues)
    decodeSpe(
      perf,
      queue,
      columns,
      (batch) => expect(() => JSON.parse(sampleJson(batch, batch.n - 1))).not.toThrow(),
      warnings,
    );
  for (const text of dumpPackets(perf)) expect(text.endsWith('\n') || text === '').toBe(true);
  const map = new AddressMap(perf);
  for (const { start, pid } of perf.maps.slice(0, 20)) map.find(pid, start, 0, 5n);
  JSON.stringify(perf.facts);
  JSON.stringify(warnings.list());
}

it('damaged files end in data and warnings, or in one InputError', () => {
  fc.assert(
    fc.property(fc.nat(files.length - 1), fc.array(edits, { minLength: 1, maxLength: 6 }), (which, list) => {
      let bytes: Uint8Array = files[which].slice();
      for (const edit of list) bytes = edit(bytes);
      try {
        readAll(bytes);
      } catch (error) {
        expect(error).toBeInstanceOf(InputError);
      }
    }),
    { numRuns: 250 },
  );
});

it('random bytes behind a magic are no trouble either', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 600 }), fc.boolean(), (tail, pipe) => {
      const head = new TextEncoder().encode('PERFILE2');
      const bytes = Uint8Array.from([...head, pipe ? 16 : 104, 0, 0, 0, 0, 0, 0, 0, ...tail]);
      try {
        readAll(bytes);
      } catch (error) {
        expect(error).toBeInstanceOf(InputError);
      }
    }),
    { numRuns: 400 },
  );
});

it('a cut file gives the records up to the cut', () => {
  const bytes = fixture('percpu-2cpu.perf.data');
  const byQueue = (list: Record<string, string>[], idx: string): string[] =>
    list.filter((row) => row.stream === idx).map(({ ts, pc, va, tid }) => `${ts} ${pc} ${va} ${tid}`);
  const whole = rows(open(bytes));
  fc.assert(
    fc.property(fc.integer({ min: 4000, max: bytes.length }), (length) => {
      const left = rows(open(bytes.subarray(0, length)));
      expect(left.length).toBeGreaterThan((length - 4000) / 64 - 200);
      for (const idx of ['0', '1']) {
        const seen = byQueue(left, idx);
        // The cut itself may make a last record of half a packet.
        expect(seen.slice(0, -1)).toEqual(byQueue(whole, idx).slice(0, Math.max(0, seen.length - 1)));
      }
    }),
    { numRuns: 30 },
  );
});
