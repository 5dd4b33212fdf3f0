import { describe, expect, it } from 'vitest';
import { GuestRuns } from '../../core/lab/captures/event-levels.ts';
import { KvmKind } from '../../core/model/kvm-events.ts';

type Event = readonly [kind: 'ENTRY' | 'EXIT' | 'LOST', t: number, tid?: number, cpu?: number];

/** What is claimed to have been runs, as [start, end, tid]. */
function runsOf(...events: Event[]): number[][] {
  const found: number[][] = [];
  new GuestRuns((tid) => (start, end) => found.push([start, end, tid])).take({
    n: events.length,
    t: Float64Array.from(events, ([, t]) => t),
    tid: Int32Array.from(events, ([, , tid = 313]) => tid),
    cpu: Uint16Array.from(events, ([, , , cpu = 0]) => cpu),
    kind: Uint8Array.from(events, ([kind]) => KvmKind[kind]),
  });
  return found;
}

/** Runs that one thread's entries and exits, taking turns, are read as. */
function runs(...times: number[]): number[][] {
  return runsOf(...times.map((t, i): Event => [i % 2 ? 'EXIT' : 'ENTRY', t])).map(([start, end]) => [start, end]);
}

describe('guest runs', () => {
  it('claims none that a damaged time makes 68 years long, and goes on after it', () => {
    const damaged = 2 ** 31 * 1e9;
    expect(runs(100, 250, 300, damaged, damaged + 10, damaged + 30)).toEqual([
      [100, 250],
      [damaged + 10, damaged + 30],
    ]);
  });

  it('keeps a run of an hour', () => {
    expect(runs(5, 3600e9)).toEqual([[5, 3600e9]]);
  });

  it('claims none in which its CPU lost events: they may be an exit and an entry', () => {
    expect(runsOf(['ENTRY', 10], ['LOST', 500], ['EXIT', 510], ['ENTRY', 520], ['EXIT', 530])).toEqual([
      [520, 530, 313],
    ]);
  });

  it('keeps those of other CPUs when one loses events', () => {
    expect(
      runsOf(['ENTRY', 10, 1, 0], ['ENTRY', 20, 2, 1], ['LOST', 500, 1, 0], ['EXIT', 510, 1, 0], ['EXIT', 520, 2, 1]),
    ).toEqual([[20, 520, 2]]);
  });

  it('keeps the run of a thread that has left the CPU which loses events', () => {
    expect(
      runsOf(['ENTRY', 10, 1, 0], ['EXIT', 20, 1, 0], ['ENTRY', 30, 1, 1], ['LOST', 40, 9, 0], ['EXIT', 50, 1, 1]),
    ).toEqual([
      [10, 20, 1],
      [30, 50, 1],
    ]);
  });

  it('knows who is in the guest on a CPU that several threads take turns on', () => {
    expect(
      runsOf(
        ...([
          ['ENTRY', 10, 1],
          ['EXIT', 20, 1],
          ['ENTRY', 30, 2],
          ['EXIT', 40, 2],
        ] as const),
        ...([
          ['ENTRY', 50, 1],
          ['LOST', 60, 9],
          ['EXIT', 70, 1],
        ] as const),
      ),
    ).toEqual([
      [10, 20, 1],
      [30, 40, 2],
    ]);
  });
});
