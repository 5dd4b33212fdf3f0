import { expect, test } from 'vitest';
import { ModelError } from '../../core/model/errors.ts';
import { NONE } from '../../core/model/outcome.ts';
import { joinRanges, slotRanges, withoutPages } from '../../core/model/page-ranges.ts';
import { explicitBuffers, placeBuffers } from '../../core/model/placement.ts';
import type { GuestMemory, Placement, PlacementRequest } from '../../core/model/placement.ts';
import { code, stage2Kinds } from '../../core/model/terms.ts';
import type { Stage2Kind } from '../../core/model/terms.ts';
import type { Stage2Timeline } from '../../core/model/timeline.ts';

function timeline(...rows: [kind: Stage2Kind, page: number, pages: number][]): Stage2Timeline {
  const n = rows.length;
  return {
    n,
    t: Float64Array.from(rows.keys()),
    kind: Uint8Array.from(rows, ([kind]) => code(stage2Kinds, kind)),
    page: Float64Array.from(rows, ([, page]) => page),
    pages: Float64Array.from(rows, ([, , pages]) => pages),
    cause: new Uint8Array(n).fill(NONE),
    evidence: new Uint8Array(n),
    writable: new Uint8Array(n),
    notify: new Uint8Array(n),
    contents: new Uint8Array(n),
    contentsOrigin: new Uint8Array(n),
    origin: 0n,
    span: n,
    exact: true,
    evidences: [],
  };
}

/** Pages 100-149 and 200-249; 110 has three events, 111 two, 112 and 205 one. */
const memory: GuestMemory = {
  ram: Float64Array.of(100, 50, 200, 50),
  timeline: timeline(
    ['initial-unmapped', 100, 5],
    ['unmap', 110, 3],
    ['map', 110, 2],
    ['unmap', 110, 1],
    ['unmap', 205, 1],
    ['unknown', 120, 30],
    ['unmap', 900, 4],
  ),
};
const request: PlacementRequest = { placement: 'random', lanes: [0, 1], bufferBytes: 3 * 4096, buffers: [], seed: 1 };
const place = (change: Partial<PlacementRequest>, where = memory, trial = 0): number[][] =>
  placeBuffers({ ...request, ...change }, where, trial).pages.map((p) => [...p]);

test('hot and quiet deal the extremes to the lanes in turn', () => {
  expect(place({ placement: 'hot' })).toEqual([
    [110, 112, 100],
    [111, 205, 101],
  ]);
  expect(place({ placement: 'quiet', bufferBytes: 4 * 4096 })).toEqual([
    [100, 102, 104, 106],
    [101, 103, 105, 107],
  ]);
});

test('without slots, pages are those that the trace names', () => {
  const unknown = { ...memory, ram: undefined };
  expect(place({ placement: 'hot', bufferBytes: 4096 }, unknown)).toEqual([[110], [111]]);
  const all = place({ bufferBytes: 4096 * 5 }, unknown).flat();
  expect(all.every((p) => (p >= 100 && p < 150) || p === 205 || (p >= 900 && p < 904))).toBe(true);
});

test('random: distinct pages of the VM, the same for the same seed and trial, all about as often', () => {
  const bufferBytes = 4096 * 50;
  const whole = place({ bufferBytes }).flat();
  expect(new Set(whole).size).toBe(100);
  expect([...whole].sort((a, b) => a - b)).toEqual([...whole.keys()].map((i) => (i < 50 ? 100 + i : 150 + i)));
  expect(place({ bufferBytes })).toEqual(place({ bufferBytes }));
  expect(place({ bufferBytes })).not.toEqual(place({ bufferBytes }, memory, 1));
  expect(place({ bufferBytes })).not.toEqual(place({ bufferBytes, seed: 2 }));

  const often = new Map<number, number>();
  for (let trial = 0; trial < 2000; trial++) {
    for (const page of place({}, memory, trial).flat()) often.set(page, (often.get(page) ?? 0) + 1);
  }
  // 2000 draws of 6 in 100: 120 each, standard deviation 10.6.
  expect(often.size).toBe(100);
  expect(Math.min(...often.values())).toBeGreaterThan(120 - 5 * 10.6);
  expect(Math.max(...often.values())).toBeLessThan(120 + 5 * 10.6);
});

test('explicit: the pieces in order, the user before the VM description, the rest at random', () => {
  const vm = [
    { vcpu: 0, page: 140, pages: 2 },
    { vcpu: 1, page: 145, pages: 2 },
  ];
  const user = [
    { lane: 1, ipa: '0xc8000', size: 4096 },
    { lane: 1, ipa: '0xc0000', size: 8192 },
  ];
  const buffers = explicitBuffers(user, vm);
  expect(place({ placement: 'explicit', buffers })).toEqual([
    [140, 141],
    [200, 192, 193],
  ]);

  const some: Placement = placeBuffers({ ...request, placement: 'explicit', lanes: [0, 1, 4], buffers }, memory);
  expect(some.warnings).toEqual(['lane 4 has no explicit buffer: placed at random, 3 pages each']);
  expect(some.pages[2].length).toBe(3);
  expect(new Set(some.pages.flatMap((p) => [...p])).size).toBe(8);
});

test.each([
  [{ bufferBytes: 51 * 4096 }, "2 buffers of 51 pages (4 KiB) don't fit into the 100 pages of the VM's memory slots"],
  [{ placement: 'hot', lanes: [0], bufferBytes: 101 * 4096 }, "1 buffer of 101 pages (4 KiB) don't fit"],
  [
    {
      placement: 'explicit',
      buffers: [
        { lane: 0, page: 5, pages: 4 },
        { lane: 1, page: 8, pages: 1 },
      ],
    },
    'the buffers of lanes 0 and 1 share the page at IPA 0x8000',
  ],
  [
    {
      placement: 'explicit',
      buffers: [
        { lane: 0, page: 5, pages: 4 },
        { lane: 0, page: 8, pages: 1 },
      ],
    },
    "two pieces of lane 0's buffer share the page at IPA 0x8000",
  ],
] as [Partial<PlacementRequest>, string][])('%j is refused', (change, message) => {
  expect(() => place(change)).toThrow(ModelError);
  expect(() => place(change)).toThrow(message);
});

test('page ranges', () => {
  expect([
    ...joinRanges([
      [10, 5],
      [0, 2],
      [2, 1],
      [12, 1],
      [30, 0],
    ]),
  ]).toEqual([0, 3, 10, 5]);
  const slots = [
    { page: 8, pages: 2, readonly: false },
    { page: 0, pages: 4, readonly: true },
  ];
  expect([...slotRanges(slots)]).toEqual([8, 2]);
  expect([...withoutPages(Float64Array.of(0, 3, 10, 5), Float64Array.of(0, 2, 5, 11, 14, 99))]).toEqual([
    1, 1, 10, 1, 12, 2,
  ]);
});
