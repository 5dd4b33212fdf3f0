import { describe, expect, test } from 'vitest';
import { spreadTrials, summarise } from '../../core/analysis/summary.ts';
import { bufferEvents, density } from '../../core/analysis/tracks.ts';
import type { Lane, PolicyOutcome } from '../../core/model/outcome.ts';
import { KEPT, LOST, NONE, OUTSIDE } from '../../core/model/outcome.ts';
import { causeClasses, code, stallKinds, windowKinds } from '../../core/model/terms.ts';

function lane(sessions: number[], n: number): Lane {
  return {
    lane: 0,
    t: Float64Array.from({ length: n }, (_, i) => 10 * i),
    size: new Uint32Array(n).fill(64),
    sessions: Float64Array.from(sessions),
    mode: 'cpu-bound',
    pages: Float64Array.of(1),
  };
}

const irq = code(windowKinds, 'irq-latency');
const killed = code(windowKinds, 'session-killed');
const userspace = code(causeClasses, 'userspace');

const outcome: PolicyOutcome = {
  policy: 'map-on-fault',
  reference: [6, 2],
  fates: [
    Uint8Array.of(OUTSIDE, KEPT, LOST + irq, KEPT, KEPT, LOST + killed, LOST + killed, OUTSIDE),
    Uint8Array.of(KEPT, LOST + irq),
  ],
  inside: [Uint32Array.of(1, 7), Uint32Array.of(0, 2)],
  lost: [Uint32Array.of(2, 3, 5, 7), Uint32Array.of(1, 2)],
  windows: {
    n: 3,
    lane: Int32Array.of(0, 0, 1),
    start: Float64Array.of(20, 50, 10),
    end: Float64Array.of(24, 66, 18),
    kind: Uint8Array.of(irq, killed, irq),
    cause: Uint8Array.of(userspace, userspace, NONE),
    page: Float64Array.of(1, 1, -1),
    action: Uint8Array.of(0, 0, NONE),
    lost: Uint32Array.of(1, 2, 1),
  },
  stalls: {
    n: 2,
    lane: Int32Array.of(0, 1),
    t: Float64Array.of(24, 18),
    ns: Float64Array.of(3, 4),
    kind: Uint8Array.of(code(stallKinds, 'map'), code(stallKinds, 'pin')),
  },
  faults: Uint32Array.of(1, 2, 0, 0, 0, 0, 0),
  refused: 0,
  pinnedBytesPeak: 4096,
  pinnedByteSeconds: 0.5,
};

describe('summary', () => {
  const summary = summarise([lane([5, 30, 40, 66], 8), lane([0, 10], 2)], outcome);

  test('counts samples inside sessions, by fate', () => {
    expect([summary.reference, summary.kept, summary.lost, summary.coverage]).toEqual([8, 4, 4, 0.5]);
    expect(summary.lostByKind).toMatchObject({ 'irq-latency': 2, 'session-killed': 2, 'vm-dead': 0 });
    expect(summary.lostByCause).toMatchObject({ userspace: 3, none: 1, 'host-mm': 0 });
  });

  test('adds up windows and stalls', () => {
    expect([summary.sessionNs, summary.blackoutNs, summary.blackoutShare]).toEqual([61, 28, 28 / 61]);
    expect(summary.windows).toBe(3);
    expect(summary.durations).toEqual({ p50: 8, p90: 14.4, p99: 15.84, max: 16 });
    expect([summary.stallNs, summary.slowdown]).toEqual([7, 7 / 61]);
    expect(summary.stallByKind).toMatchObject({ map: 3, pin: 4, copy: 0 });
    expect([summary.faults, summary.faultsByCause.userspace, summary.vmDead]).toEqual([3, 2, false]);
  });

  test('an empty replay loses nothing', () => {
    const none = { ...outcome.windows, n: 0 };
    const empty = summarise([], {
      ...outcome,
      reference: [],
      fates: [],
      windows: none,
      stalls: { ...outcome.stalls, n: 0 },
    });
    expect([empty.coverage, empty.blackoutShare, empty.slowdown, empty.durations]).toEqual([1, 0, 0, undefined]);
  });

  test('trials give mean and range', () => {
    const trials = spreadTrials([summary, { ...summary, lost: 8, coverage: 0, durations: undefined, vmDead: true }])!;
    expect([trials.n, trials.vmDead]).toEqual([2, 1]);
    expect(trials.lost).toEqual({ mean: 6, p5: 4.2, p95: 7.8 });
    expect(trials.p99).toEqual({ mean: 15.84, p5: 15.84, p95: 15.84 });
    expect(spreadTrials([])).toBeUndefined();
  });
});

describe('tracks', () => {
  test('density counts what lies in the span, its end included', () => {
    expect([...density(Float64Array.of(-1, 0, 4, 5, 10, 11), 0, 10, 2)]).toEqual([2, 2]);
    expect([...density(Float64Array.of(3), 3, 3, 2)]).toEqual([1, 0]);
  });

  test('buffer events are those that touch one of its pages', () => {
    const events = bufferEvents(
      {
        n: 4,
        t: Float64Array.of(1, 2, 3, 4),
        kind: Uint8Array.of(2, 2, 1, 2),
        page: Float64Array.of(10, 13, 12, 21),
        pages: Float64Array.of(2, 4, 1, 100),
        writable: new Uint8Array(4),
        notify: new Uint8Array(4),
        contents: new Uint8Array(4),
        contentsOrigin: new Uint8Array(4),
        cause: Uint8Array.of(1, 1, 255, 2),
      },
      Float64Array.of(20, 12, 11),
    );
    expect([...events.t]).toEqual([1, 3]);
    expect([...events.cause]).toEqual([1, 255]);
  });
});
