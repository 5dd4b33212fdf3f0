import fc from 'fast-check';
import { expect, test } from 'vitest';
import { KEPT, NONE, OUTSIDE } from '../../core/model/outcome.ts';
import type { PolicyOutcome } from '../../core/model/outcome.ts';
import { replay } from '../../core/model/replay.ts';
import { answers, causeClasses, stallKinds, windowKinds } from '../../core/model/terms.ts';
import { simulate } from './naive-simulator.ts';
import type { NaiveOutcome } from './naive-simulator.ts';
import { someInput } from './replay-inputs.ts';
import { property } from './replay-property.ts';

const distributions = {
  irqNs: Float64Array.of(1, 3, 9),
  mapNs: Float64Array.of(2, 5),
  fullExtraNs: Float64Array.of(0, 7),
};

/** A replay's columns as the naive simulator's objects. */
function plain({ fates, windows: w, stalls: s, faults }: PolicyOutcome): Omit<NaiveOutcome, 'pinnedFrom' | 'diedAt'> {
  const fate = (f: number): string => (f === KEPT ? 'kept' : f === OUTSIDE ? 'outside' : windowKinds[f - 1]);
  return {
    fates: fates.map((lane) => Array.from(lane, fate)),
    windows: Array.from({ length: w.n }, (_, i) => ({
      lane: w.lane[i],
      start: w.start[i],
      end: w.end[i],
      kind: windowKinds[w.kind[i]],
      ...(w.cause[i] !== NONE && { cause: causeClasses[w.cause[i]] }),
      page: w.page[i],
      ...(w.action[i] !== NONE && { action: answers[w.action[i]] }),
      lost: w.lost[i],
    })),
    stalls: Array.from({ length: s.n }, (_, i) => ({
      lane: s.lane[i],
      t: s.t[i],
      ns: s.ns[i],
      kind: stallKinds[s.kind[i]],
    })),
    faults: Object.fromEntries(causeClasses.flatMap((c, i) => (faults[i] ? [[c, faults[i]]] : []))),
  };
}

test('the replay equals the naive simulator to the sample, window and stall', () => {
  property(
    fc.property(someInput, ({ lanes, timeline, policy, params }) => {
      const outcome = replay(lanes, timeline, policy, params, distributions);
      const { pinnedFrom, diedAt, ...naive } = simulate(lanes, timeline, policy, params, distributions);
      expect(plain(outcome)).toEqual(naive);

      if (policy.pin === 'vm') return;
      const last = lanes.flatMap((l) => [...l.sessions.slice(-1)]);
      const end = Math.min(diedAt, Math.max(...last, -Infinity));
      const byteNs = lanes.map((l, i) => l.pages.length * 4096 * Math.max(0, end - pinnedFrom[i]));
      expect(outcome.pinnedByteSeconds).toBeCloseTo(byteNs.reduce((sum, x) => sum + x, 0) / 1e9, 12);
    }),
    { share: 1 },
  );
});
