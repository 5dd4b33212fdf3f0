import { expect, test } from 'vitest';
import { calibrate, MAX_VALUES } from '../../core/model/calibration.ts';
import { KvmEvents, KvmKind } from '../../core/model/kvm-events.ts';

function events(list: readonly (readonly [t: number, kind: number, tid?: number, word?: number])[]): KvmEvents {
  const columns = new KvmEvents();
  for (const [t, kind, tid = 1, word = 0] of list) columns.push(t, tid, 0, kind, 0, 0, word);
  return columns;
}

test('mapping: guest fault to the thread’s next entry; trap: exit to entry without a fault', () => {
  const { mapNs, trapNs } = calibrate(
    events([
      [0, KvmKind.EXIT],
      [10, KvmKind.GUEST_FAULT],
      [20, KvmKind.EXIT, 2],
      [110, KvmKind.ENTRY],
      [520, KvmKind.ENTRY, 2],
    ]),
  );
  expect(mapNs).toMatchObject({ count: 1, median: 100 });
  expect(trapNs).toMatchObject({ count: 1, median: 500 });
});

test('MMIO, user space, sleep and lost events spoil a span', () => {
  const spoiled = [KvmKind.MMIO, KvmKind.USER_EXIT, KvmKind.LOST];
  for (const kind of spoiled) {
    expect(
      calibrate(
        events([
          [0, KvmKind.EXIT],
          [1, KvmKind.GUEST_FAULT],
          [2, kind],
          [9, KvmKind.ENTRY],
        ]),
      ),
    ).toEqual({});
    expect(
      calibrate(
        events([
          [0, KvmKind.EXIT],
          [2, kind],
          [9, KvmKind.ENTRY],
        ]),
      ),
    ).toEqual({});
  }
  expect(
    calibrate(
      events([
        [0, KvmKind.EXIT, 1, 0x01],
        [9, KvmKind.ENTRY],
      ]),
    ),
  ).toEqual({});
});

test('quantiles, and a huge distribution thinned out evenly', () => {
  const list: [number, number][] = [];
  for (let i = 0; i < 100_000; i++)
    list.push([i * 1e6, KvmKind.EXIT], [i * 1e6 + ((i * 7919) % 100_000), KvmKind.ENTRY]);
  const { trapNs } = calibrate(events(list));
  expect(trapNs).toMatchObject({ count: 100_000, median: 49_999.5 });
  expect([trapNs!.p5, trapNs!.p95].map(Math.round)).toEqual([5000, 94_999]);
  expect(trapNs?.values).toHaveLength(MAX_VALUES);
  expect([trapNs?.values[0], trapNs?.values.at(-1)]).toEqual([0, 99_999]);
  expect(trapNs?.values).toEqual(trapNs?.values.slice().sort());
});
