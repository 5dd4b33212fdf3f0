import fc from 'fast-check';
import { expect, it } from 'vitest';
import { AddressMap } from '../../core/formats/perf-data/address-map.ts';
import type { MapEntry } from '../../core/formats/perf-data/maps.ts';

const map = fc.record({
  t: fc.bigInt({ min: 0n, max: 20n }),
  pid: fc.integer({ min: 1, max: 2 }),
  start: fc.bigInt({ min: 0n, max: 40n }).map((n) => n * 0x4000_0000n),
  length: fc.bigInt({ min: 0n, max: 10n }).map((n) => n * 0x4000_0000n),
});
const query = fc.record({
  t: fc.bigInt({ min: 0n, max: 25n }),
  pid: fc.integer({ min: 1, max: 3 }),
  pc: fc.bigInt({ min: 0n, max: 55n * 0x4000_0000n }),
});

it('finds what a look at every mapping finds: the newest of its time, else the oldest', () => {
  fc.assert(
    // No more than one range remembers.
    fc.property(fc.array(map, { maxLength: 8 }), fc.array(query, { maxLength: 20 }), (list, queries) => {
      const maps: MapEntry[] = list.map((m, i) => ({
        ...m,
        tid: m.pid,
        pgoff: 0n,
        prot: 5,
        filename: String(i),
        buildId: undefined,
        kernel: false,
      }));
      const addresses = new AddressMap({ maps, forks: [], execs: [] });
      for (const { pid, pc, t } of queries) {
        const holding = maps
          .map((m, i) => ({ ...m, i }))
          .filter((m) => m.pid === pid && m.start <= pc && pc < m.start + m.length)
          .sort((a, b) => Number(a.t - b.t) || a.i - b.i);
        const want = holding.findLast((m) => m.t <= t) ?? holding[0];
        expect(addresses.find(pid, pc, 0, t)).toBe(want?.i ?? -1);
      }
    }),
    { numRuns: 500 },
  );
});
