import { describe, expect, test } from 'vitest';
import { runningOnCpu } from '../../core/model/running.ts';
import type { CpuSwitches } from '../../core/model/running.ts';

/** [t, own tid, out, the other tid (-1: plain SWITCH)] */
type Row = readonly [number, number, 0 | 1, number];

function switches(...rows: Row[]): CpuSwitches {
  return {
    n: rows.length,
    t: Float64Array.from(rows, (r) => r[0]),
    tid: Int32Array.from(rows, (r) => r[1]),
    out: Uint8Array.from(rows, (r) => r[2]),
    otherTid: Int32Array.from(rows, (r) => r[3]),
  };
}

const running = (...rows: Row[]) => [...runningOnCpu(switches(...rows), 0, 100)];

describe('running time of a CPU', () => {
  test('nothing is known without switches', () => {
    expect(running()).toEqual([]);
  });

  test('system-wide: all but the idle task, in pairs of OUT and IN', () => {
    expect(running([10, 7, 1, 0], [11, 0, 0, 7], [40, 0, 1, 8], [41, 8, 0, 0])).toEqual([0, 10, 40, 100]);
    expect(running([10, 7, 1, 8], [11, 8, 0, 7])).toEqual([0, 100]);
  });

  test('the first record tells who ran before it', () => {
    expect(running([30, 0, 1, 8])).toEqual([30, 100]);
    expect(running([30, 8, 0, 0])).toEqual([30, 100]);
    expect(running([30, 8, 0, 7])).toEqual([0, 100]);
  });

  test('plain SWITCH records: from an in to the next out', () => {
    expect(running([10, 7, 0, -1], [20, 7, 1, -1], [30, 9, 0, -1])).toEqual([10, 20, 30, 100]);
    expect(running([20, 7, 1, -1], [20, 9, 0, -1], [60, 9, 1, -1])).toEqual([0, 60]);
  });

  test('records out of order, and outside the capture', () => {
    expect(running([40, 0, 1, 8], [10, 7, 1, 0])).toEqual([0, 10, 40, 100]);
    expect(running([-50, 7, 1, 0], [-10, 0, 1, 7], [120, 7, 1, 0])).toEqual([0, 100]);
    expect(running([-50, 7, 1, 0], [150, 0, 1, 7])).toEqual([]);
  });
});
