import { describe, expect, it } from 'vitest';
import { GuestRuns } from '../../core/lab/captures/event-levels.ts';
import { KvmKind } from '../../core/model/kvm-events.ts';

/** Runs that one thread's entries and exits, taking turns, are read as. */
function runs(...times: number[]): [number, number][] {
  const found: [number, number][] = [];
  const kind = Uint8Array.from(times, (_, i) => (i % 2 ? KvmKind.EXIT : KvmKind.ENTRY));
  new GuestRuns(() => (start, end) => found.push([start, end])).take({
    n: times.length,
    t: Float64Array.from(times),
    tid: new Int32Array(times.length).fill(313),
    kind,
  });
  return found;
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
});
