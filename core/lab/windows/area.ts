/** What happened in an area of a run's timeline: samples kept and lost, by cause; its windows. */
import { causeClasses } from '../../model/terms.ts';
import { firstAtLeast } from '../../model/terms/search.ts';
import { MAX_AREA_WINDOWS } from '../../contract/limits.ts';
import type { AreaFacts, FoundWindow } from '../../contract/timeline.ts';
import type { Params } from '../../contract/contract.ts';
import { signed } from '../../store/captures.ts';
import { intervalKinds, readIntervals } from '../../store/intervals.ts';
import type { Intervals, ReadIntervals } from '../../store/intervals.ts';
import type { Db } from '../../store/lab-file.ts';
import { getRun } from '../../store/run-store.ts';
import { fatesOf } from './fates.ts';
import { runLanes } from './timeline-facts.ts';

/** Number of bins that an area is counted in. */
const BINS = 4096;

/** Throws a LabFileError if there is no such run. */
export function areaFacts(
  db: Db,
  { run, policy, dlDiscard, from, to, lanes }: Params<'area'>,
  read: ReadIntervals = readIntervals,
): AreaFacts {
  const { origin: zero, span } = getRun(db, run).facts;
  const origin = BigInt(zero);
  const bins = Math.min(BINS, Math.max(1, to - from));
  const stretch = { run, policies: [policy], dlDiscard, start: from, end: to, bins, ...(lanes && { lanes }) };
  const fates = fatesOf(db, stretch, read);
  const facts = { samples: 0, lost: 0, sessionNs: 0, darkNs: 0 };
  for (const lane of fates.lanes) {
    // Bins extend past either end; past the end of the run they are empty.
    const inside = (bin: number) => {
      const start = Math.max(0, lane.first + bin * lane.width);
      const end = Math.min(span, lane.first + (bin + 1) * lane.width);
      const share = (Math.min(to, end) - Math.max(from, start)) / (end - start);
      return end > start ? Math.max(0, share) : 1;
    };
    lane.samples.forEach((n, bin) => (facts.samples += n * inside(bin)));
    lane.session.forEach((ns, bin) => (facts.sessionNs += ns * inside(bin)));
    const loss = fates.policies.find((p) => p.lane === lane.lane);
    loss?.bin.forEach((bin, i) => {
      facts.lost += loss.lost[i] * inside(bin);
      facts.darkNs += loss.dark[i] * inside(bin);
    });
  }
  const shown = lanes ?? runLanes(db, run).map(({ lane }) => lane);
  const touching = shown.map((lane) => {
    const all = read(db, 'windows', [run, policy, dlDiscard, lane], origin);
    return { lane, all, range: touches(all, from, to) };
  });
  const windowCount = touching.reduce((n, { range }) => n + range[1] - range[0], 0);
  const most = touching
    .flatMap(({ lane, all, range: [first, last] }) =>
      first < last ? windowsOf(db, [run, policy, dlDiscard, lane], origin, all.start[first], all.start[last - 1]) : [],
    )
    .sort((a, b) => b.lost - a.lost || a.lane - b.lane || a.start - b.start)
    .slice(0, MAX_AREA_WINDOWS)
    .sort((a, b) => a.lane - b.lane || a.start - b.start);
  return {
    samples: Math.round(facts.samples),
    lost: Math.round(facts.lost),
    sessionNs: Math.round(facts.sessionNs),
    darkNs: Math.round(facts.darkNs),
    stallNs: stallNs(db, run, policy, shown, origin + BigInt(from), origin + BigInt(to)),
    byReason: reasonsOf(touching, from, to),
    windows: most,
    windowCount,
  };
}

/** Those that touch `[from, to)`; one that ends at `from` does. */
function touches({ n, start, end }: Intervals, from: number, to: number): readonly [number, number] {
  const first = firstAtLeast(end, from, 0, n);
  return [first, firstAtLeast(start, to, first, n)];
}

function reasonsOf(
  touching: readonly { readonly all: Intervals; readonly range: readonly [number, number] }[],
  from: number,
  to: number,
): AreaFacts['byReason'] {
  const sums = new Map<number, { kind: string; cause: string | null; windows: number; lost: number; ns: number }>();
  for (const { all, range } of touching) {
    for (let i = range[0]; i < range[1]; i++) {
      const key = all.kind[i] * 256 + all.cause[i];
      let sum = sums.get(key);
      if (!sum) {
        const [kind, cause] = [intervalKinds.windows[all.kind[i]] ?? 'unknown', causeClasses[all.cause[i]] ?? null];
        sums.set(key, (sum = { kind, cause, windows: 0, lost: 0, ns: 0 }));
      }
      sum.windows++;
      sum.lost += all.lost[i];
      sum.ns += Math.min(to, all.end[i]) - Math.max(from, all.start[i]);
    }
  }
  return [...sums.values()].sort((a, b) => b.lost - a.lost || b.ns - a.ns);
}

/** Of a lane's windows that start in `[first, last]` those that lose most. */
function windowsOf(
  db: Db,
  of: readonly [run: number, policy: string, dlDiscard: string, lane: number],
  origin: bigint,
  first: number,
  last: number,
): FoundWindow[] {
  const query = db
    .prepare(
      `SELECT lane, start_ns - ? AS start, end_ns - ? AS end, kind, cause, printf('0x%x', ipa) AS ipa, ipa IS NULL AS bare, action, lost
       FROM blackout_window WHERE run_id = ? AND policy = ? AND dl_discard = ? AND lane = ? AND start_ns BETWEEN ? AND ?
       ORDER BY lost DESC, start_ns LIMIT ${MAX_AREA_WINDOWS}`,
    )
    .safeIntegers(false);
  const zero = signed(origin);
  const rows = query.all(zero, zero, ...of, ...[first, last].map((t) => signed(origin + BigInt(t))));
  return (rows as (FoundWindow & { readonly bare: number })[]).map(({ bare, ...w }) => ({
    ...w,
    ipa: bare ? null : w.ipa,
  }));
}

function stallNs(db: Db, run: number, policy: string, lanes: readonly number[], from: bigint, to: bigint): number {
  const sum = db
    .prepare(
      'SELECT sum(duration_ns) FROM stall WHERE run_id = ? AND policy = ? AND lane = ? AND t_ns >= ? AND t_ns < ?',
    )
    .pluck();
  return lanes.reduce((ns, lane) => ns + Number(sum.get(run, policy, lane, signed(from), signed(to)) ?? 0), 0);
}
