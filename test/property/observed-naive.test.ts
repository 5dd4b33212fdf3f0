/** Blackouts that a capture shows, against a plain reading of the rules (docs/design/model.md, section 6). */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  AUX_COLLISION,
  AUX_PARTIAL,
  AUX_TRUNCATED,
  observeBlackouts,
  observedReasons,
} from '../../core/analysis/observed.ts';
import type { ObservedLane } from '../../core/analysis/observed.ts';
import { quantile } from '../../core/analysis/numbers.ts';

const time = fc.nat(60);
const times = fc.array(time, { maxLength: 12 }).map((list) => Float64Array.from(list).sort());
const flags = fc.constantFrom(
  0,
  AUX_TRUNCATED,
  AUX_PARTIAL,
  AUX_COLLISION,
  AUX_TRUNCATED | AUX_PARTIAL | AUX_COLLISION,
);
const someLane: fc.Arbitrary<ObservedLane> = fc.record({
  lane: fc.nat(3),
  t: times,
  // Disjoint, not touching.
  running: fc.uniqueArray(time, { maxLength: 8 }).map((ends) =>
    Float64Array.from(ends)
      .sort()
      .subarray(0, ends.length & ~1),
  ),
  aux: times.chain((t) =>
    fc
      .record({ t: fc.constant(t), flags: fc.array(flags, { minLength: t.length, maxLength: t.length }) })
      .map((aux) => ({
        ...aux,
        flags: Uint32Array.from(aux.flags),
      })),
  ),
  lost: times.map((t) => ({ t, count: Float64Array.from(t, (_, i) => i + 1) })),
});

/** Running time between two moments, ns. */
function ran({ running }: ObservedLane, from: number, to: number): number {
  if (running.length < 2) return to - from;
  let sum = 0;
  for (let i = 0; i < running.length; i += 2)
    sum += Math.max(0, Math.min(to, running[i + 1]!) - Math.max(from, running[i]!));
  return sum;
}

function naive(lane: ObservedLane, gapFactor: number, gapMinNs: number) {
  const { t, running, aux, lost } = lane;
  const known = running.length < 2 ? [t, aux.t, lost.t].flatMap((c) => [...c]) : [...running, ...t];
  const [first, last] = [Math.min(...known), Math.max(...known)];
  const gaps = Array.from(t.subarray(1), (end, i) => ran(lane, t[i]!, end));
  const limit = Math.max(gapFactor * quantile(Float64Array.from(gaps).sort(), 0.5)!, gapMinNs);
  // A flag lies after the records up to its time, and before the next one.
  const after = (at: number): number => t.filter((x) => x <= at).length;
  const rows = [];
  for (let i = 0; i <= t.length; i++) {
    const own = [...aux.t].flatMap((at, k) => (after(at) === i ? [aux.flags[k]!] : []));
    const inner = i > 0 && i < t.length;
    const reason = own.some((f) => f & AUX_TRUNCATED)
      ? 'truncated'
      : own.some((f) => f & AUX_PARTIAL)
        ? 'partial'
        : [...lost.t].some((at) => after(at) === i)
          ? 'lost'
          : inner && gaps[i - 1]! > limit
            ? 'gap'
            : undefined;
    const [start, end] = [i > 0 ? t[i - 1]! : first, i < t.length ? t[i]! : last];
    if (reason && end > start) rows.push([lane.lane, start, end, ran(lane, start, end), reason]);
  }
  return { rows, runningNs: known.length ? ran(lane, first, last) : 0 };
}

test('are those of the rules, whatever was flagged, lost or switched out', () => {
  fc.assert(
    fc.property(
      fc.array(someLane, { maxLength: 3 }),
      fc.constantFrom(0.5, 1, 3),
      fc.nat(8),
      (lanes, gapFactor, gapMinNs) => {
        const found = observeBlackouts(lanes, { gapFactor, gapMinNs });
        const wanted = lanes.map((lane) => naive(lane, gapFactor, gapMinNs));
        const rows = Array.from({ length: found.n }, (_, i) => [
          ...[found.lane[i], found.start[i], found.end[i], found.darkNs[i]],
          observedReasons[found.reason[i]!],
        ]);
        expect(rows).toEqual(wanted.flatMap((w) => w.rows));
        const flagged = (flag: number): number =>
          lanes.reduce((sum, { aux }) => sum + aux.flags.filter((f) => f & flag).length, 0);
        expect(found.totals).toEqual({
          truncated: flagged(AUX_TRUNCATED),
          partial: flagged(AUX_PARTIAL),
          collisions: flagged(AUX_COLLISION),
          lostRecords: lanes.reduce((sum, { lost }) => sum + lost.count.reduce((a, b) => a + b, 0), 0),
          darkNs: rows.reduce((sum, row) => sum + Number(row[3]), 0),
          runningNs: wanted.reduce((sum, w) => sum + w.runningNs, 0),
        });
      },
    ),
    { numRuns: 500 },
  );
});
