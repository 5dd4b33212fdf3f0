/** Columns, tables and random numbers under the replay: each against a plain way to the same answer. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Ascending } from '../../core/model/ascending.ts';
import { BlockTable } from '../../core/model/block-table.ts';
import { byteSums } from '../../core/model/byte-sums.ts';
import { grown } from '../../core/model/grown.ts';
import { KvmEvents, KvmKind } from '../../core/model/kvm-events.ts';
import { Latencies } from '../../core/model/latencies.ts';
import { defaultParams } from '../../core/model/params.ts';
import { builtinPolicy } from '../../core/model/policies.ts';
import { createRandom } from '../../core/model/random.ts';
import { Rows } from '../../core/model/rows.ts';
import { timeOrder } from '../../core/model/time-order.ts';

const plainAtLeast = (values: ArrayLike<number>, x: number, lo: number, hi: number): number => {
  while (lo < hi && values[lo] < x) lo++;
  return lo;
};
const plainAbove = (values: ArrayLike<number>, x: number, lo: number, hi: number): number => {
  while (lo < hi && values[lo] <= x) lo++;
  return lo;
};

describe('searches in an ascending column', () => {
  const column = fc.array(fc.integer({ min: 0, max: 300 }), { maxLength: 200 }).map((v) => Float64Array.from(v).sort());

  test('find what a walk finds, anywhere, among many equal values', () => {
    fc.assert(
      fc.property(column, fc.nat(200), fc.nat(200), (values, a, b) => {
        const [lo, hi] = [a, b].map((i) => Math.min(i, values.length)).sort((x, y) => x - y);
        const ascending = new Ascending(values);
        const wanted = [-1, 0, 1, 150, 151, 299, 300, 301, Infinity, values[lo] ?? 7, values[hi - 1] ?? 7];
        expect(wanted.map((x) => [ascending.firstAtLeast(x, lo, hi), ascending.firstAbove(x, lo, hi)])).toEqual(
          wanted.map((x) => [plainAtLeast(values, x, lo, hi), plainAbove(values, x, lo, hi)]),
        );
      }),
      { numRuns: 100 },
    );
  });

  test('look at few values in a long column, one step apart or all alike', () => {
    for (const step of [1, 0]) {
      const values = Float64Array.from({ length: 5000 }, (_, i) => i * step);
      const ascending = new Ascending(values);
      for (const x of [0, 1, 2500, 4998, 4999, 5000]) {
        expect(ascending.firstAtLeast(x, 0, 5000)).toBe(plainAtLeast(values, x, 0, 5000));
        expect(ascending.firstAbove(x, 0, 5000)).toBe(plainAbove(values, x, 0, 5000));
        expect(ascending.firstAbove(x, 4990, 4995)).toBe(plainAbove(values, x, 4990, 4995));
      }
    }
  });
});

test('byte sums: of many sizes, and of long runs of one', () => {
  const runs = fc.array(fc.tuple(fc.constantFrom(32, 64, 4096), fc.integer({ min: 1, max: 60 })), { maxLength: 6 });
  const sizes = fc.oneof(
    runs.map((r) => r.flatMap(([size, n]) => Array<number>(n).fill(size))),
    fc.array(fc.nat(100)),
  );
  fc.assert(
    fc.property(sizes, fc.nat(400), fc.nat(400), (size, a, b) => {
      const sums = byteSums(Uint32Array.from(size));
      const before = [0];
      for (const s of size) before.push((before.at(-1) ?? 0) + s);
      expect(before.map((_, i) => sums.at(i))).toEqual(before);
      const [lo, hi] = [a, b].map((i) => Math.min(i, size.length + 1)).sort((x, y) => x - y);
      const wanted = [-5, 0, 1, 64, 65, 1000, 4096, before.at(-1) ?? 0, 1e9];
      expect(wanted.map((x) => sums.firstAtLeast(x, lo, hi))).toEqual(
        wanted.map((x) => plainAtLeast(before, x, lo, hi)),
      );
    }),
    { numRuns: 100 },
  );
});

describe('a table of blocks', () => {
  test('numbers them in order of first use, keeps levels apart, and grows', () => {
    const table = new BlockTable();
    const keys = Array.from({ length: 3000 }, (_, k): [number, number] => [(k * 7919) % 100_003, [0, 3, 9][k % 3]]);
    const numbers = keys.map((_, k) => k);
    expect(keys.map((key) => table.findOrAdd(...key))).toEqual(numbers);
    expect(keys.map((key) => table.find(...key))).toEqual(numbers);
    expect(keys.map((key) => table.findOrAdd(...key))).toEqual(numbers);
    expect(keys.some(([index]) => table.find(index, 40) >= 0)).toBe(false);
    expect([table.count, table.levels()]).toEqual([3000, [0, 3, 9]]);
    expect(new BlockTable().levels()).toEqual([]);
    // 2^40 pages: an index of 46 bits.
    expect([table.findOrAdd(2 ** 46 - 1, 0), table.find(2 ** 46 - 1, 0), table.find(2 ** 46 - 2, 0)]).toEqual([
      3000, 3000, -1,
    ]);
  });

  test('finds pages that lie close together, or far apart, by their new values', () => {
    for (const apart of [1, 3, 1000]) {
      const table = new BlockTable();
      for (let k = 0; k < 20; k++) table.findOrAdd(50 + k * apart, 0);
      table.findOrAdd(2, 4);
      table.revalue((value) => value * 10 + 5);
      for (let k = 0; k < 20; k++) expect(table.find(50 + k * apart, 0)).toBe(k * 10 + 5);
      expect([table.find(49, 0), table.find(51 + 19 * apart, 0), table.find(1e6, 0)]).toEqual([-1, -1, -1]);
      expect([table.find(2, 4), table.find(50, 4), table.find(50 + apart, 1)]).toEqual([205, -1, -1]);
    }
    const none = new BlockTable();
    none.findOrAdd(3, 2);
    none.revalue(() => 7);
    expect([none.find(3, 2), none.find(3, 0)]).toEqual([7, -1]);
  });
});

test('moments in order, equal ones as they came', () => {
  expect([...timeOrder(Float64Array.of(3, 1, 3, 2, 1), 5)]).toEqual([1, 4, 3, 0, 2]);
  expect([...timeOrder(Float64Array.of(1, 1, 2, 0), 3)]).toEqual([0, 1, 2]);
  expect([...timeOrder(Float64Array.of(2, 1), 2)]).toEqual([1, 0]);
});

test('what grows keeps its values: columns, tables, events', () => {
  const small = Float64Array.of(1, 2);
  expect([...grown(small)]).toEqual([1, 2, 0, 0]);
  expect(small).toHaveLength(0);
  // Twice as long; by a quarter once it is large.
  expect([grown(new Uint8Array(2 ** 18 - 1)).length, grown(new Uint8Array(2 ** 18)).length]).toEqual([
    ...[2 ** 19 - 2, 2 ** 18 + 2 ** 16],
  ]);
  const rows = new Rows(3, 2);
  for (let k = 0; k < 500; k++) {
    const at = rows.add();
    rows.data.set([k, 2 * k, 3 * k], at);
  }
  expect([...rows.data.slice(0, 1500)]).toEqual(Array.from({ length: 500 }, (_, k) => [k, 2 * k, 3 * k]).flat());
  expect(rows.n).toBe(500);

  const events = new KvmEvents();
  for (let k = 0; k < 3000; k++) {
    const i = k % 3 ? events.push(k, k, k % 7, KvmKind.UNMAP, k, k + 1, k) : events.push(k, k, k % 7, KvmKind.ENTRY);
    if (k % 3 === 1) events.setOther(i, 2 * k);
    if (k % 3 === 2) events.setFlags(i, 1);
  }
  const read = Array.from({ length: 3000 }, (_, k) => [
    ...[events.t[k], events.tid[k], events.cpu[k], events.word[k]],
    ...[events.page(k), events.end(k), events.other(k), events.flags(k)],
  ]);
  const written = Array.from({ length: 3000 }, (_, k) => {
    const other = k % 3 === 1 ? 2 * k : 0;
    return [k, k, k % 7, ...(k % 3 ? [k, k, k + 1, other, k % 3 === 2 ? 1 : 0] : [0, 0, 0, 0, 0])];
  });
  expect(read).toEqual(written);
  expect([events.has(KvmKind.UNMAP), events.has(KvmKind.AGE)]).toEqual([true, false]);
  expect([events.blocks().length, events.blocks(KvmKind.ENTRY).length, events.blocks(KvmKind.AGE).length]).toEqual([
    1, 1, 0,
  ]);
  // Used again: rows of the first time don't show.
  events.clear();
  const i = events.push(1, 1, 0, KvmKind.UNMAP, 5, 6);
  expect([events.n, events.other(i), events.flags(i), events.page(i), events.has(KvmKind.ENTRY)]).toEqual([
    1,
    0,
    0,
    5,
    false,
  ]);
  events.reserve(20_000);
  expect(events.t.length).toBeGreaterThanOrEqual(20_000);
  expect(events.page(i)).toBe(5);
});

describe('random numbers', () => {
  /** xoshiro128** 1.1 and splitmix32 as published, in BigInt. */
  function published(seed: number): () => number {
    const u32 = (x: bigint) => BigInt.asUintN(32, x);
    const high = BigInt(Math.floor(seed / 2 ** 32));
    let mix = u32(BigInt(seed) ^ u32(high * 0x85ebca6bn));
    const split = () => {
      mix = u32(mix + 0x9e3779b9n);
      let z = u32((mix ^ (mix >> 16n)) * 0x21f0aaadn);
      z = u32((z ^ (z >> 15n)) * 0x735a2d97n);
      return z ^ (z >> 15n);
    };
    const s = [split(), split(), split(), split()];
    const rotl = (x: bigint, k: bigint) => u32(x << k) | (x >> (32n - k));
    return () => {
      const result = u32(rotl(u32(s[1] * 5n), 7n) * 9n);
      const shifted = u32(s[1] << 9n);
      s[2] ^= s[0];
      s[3] ^= s[1];
      s[1] ^= s[2];
      s[0] ^= s[3];
      s[2] ^= shifted;
      s[3] = rotl(s[3], 11n);
      return Number(result);
    };
  }

  test.each([0, 1, 12345, 2 ** 32, 2 ** 53 - 1])('are those of xoshiro128** for the seed %i', (seed) => {
    const [ours, theirs] = [createRandom(seed), published(seed)];
    for (let k = 0; k < 20; k++) expect(ours.next()).toBe(theirs());
  });

  test('between 0 and 1: 27 bits of one number, then 26 of the next', () => {
    const [ours, theirs] = [createRandom(7), published(7)];
    for (let k = 0; k < 20; k++) {
      const [high, low] = [theirs(), theirs()];
      expect(ours.uniform()).toBe((Math.floor(high / 32) * 2 ** 26 + Math.floor(low / 64)) / 2 ** 53);
    }
  });

  test('below n: without the numbers that would make some of them likelier', () => {
    for (const n of [1, 2, 10, 3 * 2 ** 30, 2 ** 31 + 1, 2 ** 32]) {
      const [ours, theirs] = [createRandom(9), published(9)];
      for (let k = 0; k < 20; k++) {
        let x = theirs();
        while (x >= 2 ** 32 - (2 ** 32 % n)) x = theirs();
        expect(ours.below(n)).toBe(x % n);
      }
    }
  });
});

test('latencies: the policy’s own figure, else a draw from what was measured, else the run’s (rule 30)', () => {
  const { params } = defaultParams();
  const policy = { ...builtinPolicy('map-on-fault')!, times: { mapNs: 77 } };
  const measured = { mapNs: Float64Array.of(1, 2, 3), irqNs: Float64Array.of(40, 50, 60), trapNs: new Float64Array(0) };
  const drawn: string[] = [];
  const random = {
    next: () => 0,
    uniform: () => (drawn.push('uniform'), 0.25),
    below: (n: number) => (drawn.push(`below ${n}`), 1),
  };
  const take = (latency: 'median' | 'sampled') => {
    drawn.length = 0;
    const l = new Latencies({ ...params, latency }, policy, measured, random);
    return [l.take('mapNs'), l.take('irqNs'), l.take('trapNs'), l.take('exitNs'), l.readNs, ...drawn];
  };
  expect(take('median')).toEqual([77, 1000, 1500, 50_000, 1_000_000]);
  expect(take('sampled')).toEqual([77, 50, 1500, 50_000, 1_000_000, 'below 3']);
  const chance = (probability: number) => {
    drawn.length = 0;
    return [new Latencies(params, policy, {}, random).chance(probability), drawn.length];
  };
  expect([0, 0.2, 0.25, 0.26, 1].map(chance)).toEqual([
    [false, 0],
    [false, 1],
    [false, 1],
    [true, 1],
    [true, 0],
  ]);
});
