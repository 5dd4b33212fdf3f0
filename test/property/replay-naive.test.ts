import fc from 'fast-check';
import { expect, test } from 'vitest';
import { KEPT, NONE, OUTSIDE } from '../../core/model/outcome.ts';
import type { PolicyOutcome } from '../../core/model/outcome.ts';
import { prepare, withBuffers } from '../../core/model/prepare.ts';
import { replayPrepared } from '../../core/model/replay.ts';
import { answers, causeClasses, stallKinds, windowKinds } from '../../core/model/terms.ts';
import { simulate } from './naive-simulator.ts';
import type { NaiveOutcome } from './naive-simulator.ts';
import { someInput } from './replay-inputs.ts';
import { property } from './replay-property.ts';

/** Some latencies have one, as in a trace, each of other values so that a draw out of turn shows. */
const distributions = {
  irqNs: Float64Array.of(1, 3, 9),
  trapNs: Float64Array.of(4, 6),
  mapNs: Float64Array.of(2, 5),
  pinNsPerPage: Float64Array.of(1, 2, 3, 4),
  unpinNsPerPage: Float64Array.of(7, 8),
  injectNs: Float64Array.of(2, 11),
  reenableNs: Float64Array.of(5, 30),
  fullExtraNs: Float64Array.of(0, 7),
  copyBytesPerNs: Float64Array.of(1, 10),
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
    fc.property(someInput, fc.boolean(), ({ trial, lanes, timeline, policy, params }, moved) => {
      // Prepared for buffers elsewhere, then moved here: the same as prepared here.
      const elsewhere = lanes.map((lane) => ({ ...lane, pages: lane.pages.map((page) => page + 64) }));
      const run = moved
        ? withBuffers(
            prepare(elsewhere, timeline),
            lanes.map((lane) => lane.pages),
          )
        : prepare(lanes, timeline);
      const outcome = replayPrepared(run, policy, params, distributions, trial);
      const { pinnedFrom, diedAt, ...naive } = simulate(lanes, timeline, policy, params, distributions, trial);
      expect(plain(outcome)).toEqual(naive);
      const inside = (lane: string[]): number => lane.filter((fate) => fate !== 'outside').length;
      expect(outcome.reference).toEqual(naive.fates.map(inside));

      if (policy.pin === 'vm') return;
      const last = lanes.flatMap((l) => [...l.sessions.slice(-1)]);
      const end = Math.min(diedAt, Math.max(...last, -Infinity));
      const byteNs = lanes.map((l, i) => l.pages.length * 4096 * Math.max(0, end - pinnedFrom[i]));
      expect(outcome.pinnedByteSeconds).toBeCloseTo(byteNs.reduce((sum, x) => sum + x, 0) / 1e9, 12);
    }),
    { share: 1 },
  );
});
