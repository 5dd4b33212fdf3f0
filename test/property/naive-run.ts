/** A whole run of the naive simulator: rules 1 to 4, 7, 27, 29 and 30 of docs/design/replay-rules.md, one moment after the other. */
import { createRandom } from '../../core/model/random.ts';
import { seededStream } from '../../core/model/seeds.ts';
import { lanesOf, paramsOf, policyOf } from '../vectors/vector.ts';
import type { Scenario, VectorOutcome, VectorRow } from '../vectors/vector.ts';
import type { Hit } from './naive-coverage.ts';
import { defaultCause } from './naive-pages.ts';
import type { NaiveRow } from './naive-pages.ts';
import { PAGE } from './naive-lane.ts';
import type { NaiveFault, NaiveShared } from './naive-lane.ts';
import { NaiveLane } from './naive-simulator.ts';
import { isEmpty, lose } from './naive-windows.ts';

function rowOf(row: VectorRow, hit: Hit): NaiveRow {
  const named = row.cause === null || row.cause === 'first-touch' ? undefined : row.cause;
  if (!named) hit(5, 'no class named');
  return {
    ...{ t: row.t, kind: row.kind, first: Number(BigInt(row.ipa) / BigInt(PAGE)), pages: row.pages },
    ...{ cause: named ?? defaultCause[row.kind], notify: row.notify ?? 'unknown', contents: row.contents ?? 'kept' },
    writable: row.writable !== false && row.writable !== 0,
  };
}

/** What the rules make of the scenario, in the form of the vectors. */
export function naiveOutcome(scenario: Scenario, hit: Hit = () => undefined): VectorOutcome {
  const params = paramsOf(scenario.params);
  const policy = policyOf(scenario.policy);
  const inputs = lanesOf(scenario);
  const rows = scenario.rows.map((row) => rowOf(row, hit));
  const seeds = seededStream(params.seed, 'lanes', scenario.trial ?? 0);
  const ends = inputs.flatMap((l) => [...l.sessions]);
  const [runStart, runEnd] = [Math.min(...ends), Math.max(...ends)];
  const { distributions = {} } = scenario;
  const shared: NaiveShared = { policy, params, distributions, lanes: inputs.length, runEnd, hit };
  const lanes = inputs.map((lane) => new NaiveLane(shared, lane, createRandom(seeds.next())));
  if (policy.pin === 'no-stage-2') {
    hit(7, 'bare metal');
    for (const lane of lanes) for (const s of lane.samples) if (s.session) s.fate = 'kept';
    return outcome(scenario, lanes, { peak: 0, byteNs: 0 }, hit);
  }

  // Rule 3.
  for (const lane of lanes) {
    for (const page of lane.pages) {
      const unmapped = (r: NaiveRow) =>
        r.kind === 'initial-unmapped' && r.first <= page.number && page.number < r.first + r.pages;
      if (params.initial === 'mapped' && !rows.some(unmapped)) continue;
      hit(3, params.initial === 'mapped' ? 'initial-unmapped' : 'all unmapped');
      page.startUnmapped();
    }
  }
  const ofBuffers = lanes.reduce((sum, l) => sum + l.bytes, 0);
  const vmBytes = Math.max(params.vmBytes === 'auto' ? 0 : params.vmBytes, ofBuffers);
  if (policy.pin === 'vm') {
    hit(3, vmBytes > ofBuffers ? 'vmBytes above the buffers' : 'pin vm');
    const perPage = lanes[0].time('walkNsPerPage') + lanes[0].time('pinNsPerPage');
    lanes[0].stall('pin', runStart, Math.ceil(vmBytes / PAGE) * perPage);
    for (const page of lanes.flatMap((l) => l.pages)) page.makePinned();
  }
  if (policy.pin === 'private-buffer') hit(7, 'private buffer');

  const fixed = [...rows.map((r) => r.t), ...ends, ...lanes.flatMap((l) => l.samples.map((s) => s.t))];
  let [held, peak, byteNs] = [0, 0, 0];
  let death: (NaiveFault & { at: number; lane: NaiveLane }) | undefined;
  let now = -Infinity;
  for (;;) {
    const due = lanes.flatMap((l) => [...l.effects.map((e) => e.t), l.stopped?.at ?? Infinity]);
    const t = Math.min(...[...fixed, ...due].filter((x) => x > now));
    const until = Math.min(t, death?.at ?? Infinity);
    byteNs += held * Math.max(0, Math.min(until, runEnd) - Math.max(now, runStart));
    if (until === Infinity || t >= (death?.at ?? Infinity)) break;
    now = t;
    for (const row of rows.filter((r) => r.t === t)) for (const lane of lanes) lane.row(row);
    if (lanes.some((l) => l.effects.some((e) => e.t === t) && l.samples.some((s) => s.t === t))) {
      hit(1, 'effect and sample at one t');
    }
    for (const lane of lanes) lane.bringEffects(t);
    for (const lane of lanes) lane.enables(t);
    for (const lane of lanes) lane.take(t);
    for (const lane of lanes) lane.ends(t);
    for (const lane of lanes) {
      if (lane.death && lane.death.at < (death?.at ?? Infinity)) death = { ...lane.death, lane };
    }
    if (held && policy.pin !== 'vm') hit(29, 'pinned at times');
    held = lanes.reduce((sum, l) => sum + l.held.length * PAGE, 0);
    peak = Math.max(peak, held);
  }
  if (death) bury(lanes, death, hit);
  if (policy.pin === 'vm') {
    hit(29, 'pinned throughout');
    peak = vmBytes;
    byteNs = vmBytes * (Math.min(runEnd, death?.at ?? Infinity) - runStart);
  }
  return outcome(scenario, lanes, { peak, byteNs }, hit);
}

/** Rule 27. */
function bury(lanes: readonly NaiveLane[], death: NaiveFault & { at: number; lane: NaiveLane }, hit: Hit): void {
  const { at, cause, page, action } = death;
  for (const lane of lanes) {
    lane.stalls.splice(0, lane.stalls.length, ...lane.stalls.filter((s) => s.t < at));
    hit(27, lane === death.lane ? 'the killer' : 'another lane');
    for (const session of lane.sessions.filter((s) => s.end >= at)) {
      if (lane.death && lane !== death.lane) hit(27, 'dying already');
      // A lane's own death shows as such to its end.
      let window = session.track.filter((e) => e.is === 'window').find((w) => w.kind === 'vm-dead');
      if (!window && lane.death) window = session.open({ ...lane.death, kind: 'vm-dead', start: at, end: session.end });
      if (!window) {
        for (const w of session.track) if (w.is === 'window') w.end = Math.min(w.end, at);
        window = session.open({ kind: 'vm-dead', start: at, end: session.end, cause, page, action });
      }
      for (const s of lane.samples.filter((s) => s.session === session && s.t >= at)) lose(s, window);
    }
  }
}

function outcome(
  scenario: Scenario,
  lanes: readonly NaiveLane[],
  pinned: { peak: number; byteNs: number },
  hit: Hit,
): VectorOutcome {
  for (const lane of lanes) for (const s of lane.samples) if (!s.session) hit(2, 'outside');
  const next = new Map(lanes.map((l) => [l.number, l.samples.values()]));
  const faults: Record<string, number> = {};
  for (const cause of lanes.flatMap((l) => l.faults)) faults[cause] = (faults[cause] ?? 0) + 1;
  return {
    fates: scenario.samples.map(({ lane }) => next.get(lane)!.next().value!.fate),
    windows: lanes.flatMap((lane) =>
      lane.sessions.flatMap((session) =>
        session.track.flatMap((w) => {
          if (w.is === 'sample') return [];
          if (isEmpty(w)) {
            hit(26, 'empty window left out');
            return [];
          }
          if (w.end === session.end) hit(26, "cut at the session's end");
          const { start, end, kind, cause, page, action, lost } = w;
          const ipa = page === null ? null : `0x${(page * PAGE).toString(16)}`;
          return [{ lane: lane.number, start, end, kind, cause, ipa, action, lost }];
        }),
      ),
    ),
    stalls: lanes.flatMap((lane) => lane.stalls.map(({ t, ns, kind }) => ({ lane: lane.number, t, ns, kind }))),
    faults,
    refused: lanes.reduce((sum, l) => sum + l.refused, 0),
    pinnedBytesPeak: pinned.peak,
    pinnedByteNs: pinned.byteNs,
  };
}
