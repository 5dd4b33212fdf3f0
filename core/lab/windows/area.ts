/** What happened in an area of a run's timeline: samples kept and lost, by cause; its windows. */
import { MAX_AREA_WINDOWS } from '../../contract/timeline.ts';
import type { AreaFacts, FoundWindow } from '../../contract/timeline.ts';
import type { Params } from '../../contract/contract.ts';
import { signed } from '../../store/captures.ts';
import type { Db } from '../../store/lab-file.ts';
import { getRun } from '../../store/run-store.ts';
import { fatesOf } from './fates.ts';
import { runLanes } from './timeline-facts.ts';

/** Number of bins that an area is counted in. */
const BINS = 4096;

/** Throws a LabFileError if there is no such run. */
export function areaFacts(db: Db, { run, policy, dlDiscard, from, to, lanes }: Params<'area'>): AreaFacts {
  const { origin: zero, span } = getRun(db, run).facts;
  const origin = BigInt(zero);
  const bins = Math.min(BINS, Math.max(1, to - from));
  const fates = fatesOf(db, {
    run,
    policies: [policy],
    dlDiscard,
    start: from,
    end: to,
    bins,
    ...(lanes && { lanes }),
  });
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
  const windows = windowsIn(db, { run, policy, dlDiscard, from, to, lanes: shown }, origin);
  const reasons = new Map<string, { kind: string; cause: string | null; windows: number; lost: number; ns: number }>();
  for (const { kind, cause, lost, start, end } of windows) {
    const key = `${kind} ${cause}`;
    const sum = reasons.get(key) ?? { kind, cause, windows: 0, lost: 0, ns: 0 };
    sum.windows++;
    sum.lost += lost;
    sum.ns += Math.min(to, end) - Math.max(from, start);
    reasons.set(key, sum);
  }
  const most =
    windows.length > MAX_AREA_WINDOWS
      ? windows
          .toSorted((a, b) => b.lost - a.lost)
          .slice(0, MAX_AREA_WINDOWS)
          .sort((a, b) => a.lane - b.lane || a.start - b.start)
      : windows;
  return {
    samples: Math.round(facts.samples),
    lost: Math.round(facts.lost),
    sessionNs: Math.round(facts.sessionNs),
    darkNs: Math.round(facts.darkNs),
    stallNs: stallNs(db, run, policy, shown, origin + BigInt(from), origin + BigInt(to)),
    byReason: [...reasons.values()].sort((a, b) => b.lost - a.lost || b.ns - a.ns),
    windows: most,
    windowCount: windows.length,
  };
}

function windowsIn(db: Db, of: Params<'area'> & { readonly lanes: readonly number[] }, origin: bigint): FoundWindow[] {
  const query = db
    .prepare(
      `SELECT lane, start_ns - ? AS start, end_ns - ? AS end, kind, cause, printf('0x%x', ipa) AS ipa, ipa IS NULL AS bare, action, lost
       FROM blackout_window WHERE run_id = ? AND policy = ? AND dl_discard = ? AND lane = ?
         AND start_ns < ? AND start_ns >= coalesce((SELECT max(start_ns) FROM blackout_window WHERE run_id = ? AND policy = ?
           AND dl_discard = ? AND lane = ? AND start_ns <= ?), ?) AND end_ns >= ?
       ORDER BY start_ns`,
    )
    .safeIntegers(false);
  const zero = signed(origin);
  const [from, to] = [of.from, of.to].map((t) => signed(origin + BigInt(t)));
  return of.lanes.flatMap((lane) => {
    const own = [of.run, of.policy, of.dlDiscard, lane];
    const rows = query.all(zero, zero, ...own, to, ...own, from, from, from);
    return (rows as (FoundWindow & { readonly bare: number })[]).map(({ bare, ...w }) => ({
      ...w,
      ipa: bare ? null : w.ipa,
    }));
  });
}

function stallNs(db: Db, run: number, policy: string, lanes: readonly number[], from: bigint, to: bigint): number {
  const sum = db
    .prepare(
      'SELECT sum(duration_ns) FROM stall WHERE run_id = ? AND policy = ? AND lane = ? AND t_ns >= ? AND t_ns < ?',
    )
    .pluck();
  return lanes.reduce((ns, lane) => ns + Number(sum.get(run, policy, lane, signed(from), signed(to)) ?? 0), 0);
}
