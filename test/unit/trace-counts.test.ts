import { expect, test } from 'vitest';
import { TraceColumns } from '../../core/formats/event-format/columns.ts';
import { TraceCounter } from '../../core/lab/import/trace-counts.ts';

const DAY = 86_400n * 1_000_000_000n;

/** Counts of events given as [t, event, cpu], in batches of two. */
function countsOf(...events: readonly (readonly [t: bigint, event: number, cpu: number])[]) {
  const counter = new TraceCounter();
  for (let i = 0; i < events.length; i += 2) {
    const batch = new TraceColumns(2);
    for (const [t, event, cpu] of events.slice(i, i + 2)) {
      batch.t[batch.n] = t;
      batch.event[batch.n] = event;
      batch.cpu[batch.n++] = cpu;
    }
    counter.take(batch);
  }
  const { events: counted, ...counts } = counter.counts();
  return { ...counts, events: [...counted.subarray(0, 4)] };
}

test('counts events and CPUs over all batches', () => {
  expect(countsOf([1n, 0, 7], [2n, 3, 0], [3n, 3, 7])).toEqual({
    ...{ events: [1, 0, 0, 2], cpus: [0, 7] },
    ...{ leaps: 0, leapAt: undefined },
  });
});

test('times more than 30 days from the one before are leaps, in a batch and from one to the next', () => {
  const leaps = (...times: bigint[]) => {
    const { leaps: n, leapAt } = countsOf(...times.map((t) => [t, 0, 0] as const));
    return [n, leapAt];
  };
  expect(leaps(0n, 31n * DAY)).toEqual([1, 31n * DAY]);
  expect(leaps(0n, 1n, 31n * DAY, 31n * DAY + 1n)).toEqual([1, 31n * DAY]);
  expect(leaps(40n * DAY, 41n * DAY, 0n, 1n)).toEqual([1, 0n]);
  expect(leaps(0n, 40n * DAY, 0n)).toEqual([2, 40n * DAY]);
  expect(leaps(0n, 29n * DAY, 58n * DAY, 87n * DAY)).toEqual([0, undefined]);
  // A capture's first time may be anything.
  expect(leaps(400n * DAY, 400n * DAY)).toEqual([0, undefined]);
});
