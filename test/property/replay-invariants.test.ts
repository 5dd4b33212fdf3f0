import fc from 'fast-check';
import { expect, test } from 'vitest';
import { lostIn, sessionsIn } from '../../core/analysis/loss-runs.ts';
import { KEPT, LOST, OUTSIDE } from '../../core/model/outcome.ts';
import type { Lane, PolicyOutcome } from '../../core/model/outcome.ts';
import { defaultParams } from '../../core/model/params.ts';
import { builtinPolicies, builtinPolicy } from '../../core/model/policies.ts';
import { replay } from '../../core/model/replay.ts';
import { causeClasses, code, stage2Kinds, windowKinds } from '../../core/model/terms.ts';
import { property } from './replay-property.ts';
import { timelineOf } from './replay-inputs.ts';
import { someInput } from './replay-scenarios.ts';

const FIRST_TOUCH = code(causeClasses, 'first-touch');

const lost = ({ fates }: PolicyOutcome): number =>
  fates.reduce((sum, lane) => sum + lane.filter((f) => f !== KEPT && f !== OUTSIDE).length, 0);

test('windows are disjoint, sorted, inside sessions, and hold every lost sample once', () => {
  property(
    fc.property(someInput, ({ lanes, timeline, policy, params }) => {
      const outcome = replay(lanes, timeline, policy, params);
      const { windows: w } = outcome;
      const held = lanes.map(() => new Map<number, number>());
      for (let i = 0; i < w.n; i++) {
        const k = lanes.findIndex((l) => l.lane === w.lane[i]);
        const { sessions } = lanes[k];
        if (i && w.lane[i] === w.lane[i - 1]) expect(w.start[i]).toBeGreaterThanOrEqual(w.end[i - 1]);
        if (i) expect(w.lane[i]).toBeGreaterThanOrEqual(w.lane[i - 1]);
        expect(w.end[i]).toBeGreaterThanOrEqual(w.start[i]);
        const s = [...sessions].findLastIndex((x, e) => e % 2 === 0 && x <= w.start[i]);
        expect(s).toBeGreaterThanOrEqual(0);
        expect(w.end[i]).toBeLessThanOrEqual(sessions[s + 1]);
        held[k].set(w.kind[i], (held[k].get(w.kind[i]) ?? 0) + w.lost[i]);
      }
      lanes.forEach(({ t, sessions }, k) => {
        t.forEach((at, i) => {
          const inside = sessions.some((start, s) => s % 2 === 0 && start <= at && at <= sessions[s + 1]);
          expect(outcome.fates[k][i] !== OUTSIDE).toBe(inside);
        });
        for (let kind = 0; kind < windowKinds.length; kind++) {
          const fated = outcome.fates[k].filter((f) => f === LOST + kind).length;
          expect(held[k].get(kind) ?? 0).toBe(fated);
        }
      });
    }),
  );
});

test('the runs of lost samples, and of those in sessions, are those of the fates', () => {
  property(
    fc.property(someInput, ({ lanes, timeline, policy, params }) => {
      const { fates, inside, lost: runs } = replay(lanes, timeline, policy, params);
      expect(inside).toEqual(fates.map(sessionsIn));
      expect(runs).toEqual(fates.map(lostIn));
    }),
  );
});

test('bare metal loses nothing, stalls nothing, pins nothing', () => {
  const bareMetal = builtinPolicy('bare-metal')!;
  property(
    fc.property(someInput, ({ lanes, timeline, params }) => {
      const outcome = replay(lanes, timeline, bareMetal, params);
      expect(lost(outcome)).toBe(0);
      expect([outcome.windows.n, outcome.stalls.n, outcome.pinnedBytesPeak]).toEqual([0, 0, 0]);
    }),
  );
});

test('without stage 2 events only the first touch differs between policies', () => {
  const stage2 = builtinPolicies.filter((p) => p.pin !== 'no-stage-2' && p.pin !== 'private-buffer');
  property(
    fc.property(someInput, ({ lanes, params: some }) => {
      const params = { ...some, rlimitBytes: 'none' as const };
      const outcomes = stage2.map((policy) => replay(lanes, timelineOf([]), policy, params));
      for (const { faults } of outcomes) expect([...faults.subarray(FIRST_TOUCH + 1)].every((n) => n === 0)).toBe(true);
      if (params.initial === 'unmapped') return;
      for (const { fates, windows } of outcomes) {
        expect(fates).toEqual(outcomes[0].fates);
        expect(windows).toEqual(outcomes[0].windows);
      }
    }),
  );
});

test("events on other pages than the buffers' change nothing", () => {
  property(
    fc.property(someInput, ({ lanes, timeline, policy, params }) => {
      const away = { ...timeline, page: timeline.page.map((p) => p + 1000) };
      expect(replay(lanes, away, policy, params)).toEqual(replay(lanes, timelineOf([]), policy, params));
    }),
  );
});

/** Records of one size, no two at one ns. */
function evenly(lane: Lane): Lane {
  return { ...lane, size: lane.size.map(() => 512), t: lane.t.map((t, i) => t + i) };
}

/** The conditions that replay.ts states: loss depends on positions in the buffer alone. */
test('where loss depends on position only, a longer irqNs never loses fewer samples', () => {
  const regular = someInput.map(({ lanes }) => lanes.map(evenly));
  const single = (lane: Lane): Lane =>
    lane.t.length ? { ...lane, sessions: Float64Array.of(0, lane.t[lane.t.length - 1]) } : lane;
  property(
    fc.property(regular, someInput, fc.nat(20), (lanes, { policy, params }, longer) => {
      fc.pre(!Object.values(policy.onFault).includes('serror'));
      const p = {
        ...params,
        initial: 'unmapped' as const,
        speVersion: 'SPEv1p2' as const,
        dlDiscard: 'record' as const,
        guestReaction: 'linux' as const,
        dlProbability: Math.round(params.dlProbability),
        latency: 'median' as const,
        watermarkBytes: 2048,
        privateBytes: 2048,
      };
      const own = { ...policy, times: {} };
      const used = policy.pin === 'private-buffer' ? lanes.map(single) : lanes;
      const short = replay(used, timelineOf([]), own, p);
      const long = replay(used, timelineOf([]), own, { ...p, irqNs: p.irqNs + longer });
      expect(lost(long)).toBeGreaterThanOrEqual(lost(short));
    }),
  );
});

test('where stage 2 changes, a longer irqNs may lose fewer samples: its answer undoes the unmaps meanwhile', () => {
  const lane: Lane = {
    lane: 0,
    t: Float64Array.of(10, 20, 30, 40, 50),
    size: new Uint32Array(5).fill(4096),
    sessions: Float64Array.of(10, 50),
    mode: 'cpu-bound',
    pages: Float64Array.of(5),
  };
  const unmap = {
    kind: code(stage2Kinds, 'unmap'),
    page: 5,
    pages: 1,
    cause: code(causeClasses, 'userspace'),
    writable: 1,
  };
  const timeline = timelineOf([15, 26, 36].map((t) => ({ t, ...unmap })));
  const params = { ...defaultParams().params, fullExtraNs: 0, tornRecords: 0 };
  const run = (irqNs: number): PolicyOutcome =>
    replay([lane], timeline, builtinPolicy('map-on-fault')!, { ...params, irqNs });
  expect(lost(run(5))).toBe(3);
  expect(lost(run(17))).toBe(2);
});

test('the same seed gives the same rows', () => {
  property(
    fc.property(someInput, ({ lanes, timeline, policy, params }) => {
      const distributions = { irqNs: Float64Array.of(1, 3, 9) };
      const sampled = { ...params, latency: 'sampled' as const, dlProbability: 0.5 };
      const again = [1, 2].map(() => replay(lanes, timeline, policy, sampled, distributions));
      expect(again[0]).toEqual(again[1]);
    }),
  );
});
