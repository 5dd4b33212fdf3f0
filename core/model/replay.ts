/**
 * The replay: what one policy would have made of a reference profile, given what happened to stage 2.
 *
 * The rules, complete, so that a second implementation agrees to the sample, the ns and the random number. They are
 * model.md sections 4 to 6 with the choices made that the text leaves open.
 *
 * Order
 *  1. Times are whole ns. At one timestamp: timeline rows in their order, then answers' effects, then enables, then samples,
 *     then session ends; within each, lanes in order. Lanes share nothing but the VM's death (rule 17): a page lies in one
 *     buffer only.
 *  2. A sample is in a session when start <= t <= end. All others are OUTSIDE and touch nothing.
 *
 * Pages (mapped, writable, accessed; valid when all three; each has the cause class of its next fault)
 *  3. To begin with all are valid, but those with an `initial-unmapped` row, whatever its time, or all with `initial:
 *     unmapped`: these are unmapped, class `first-touch`. `pin: vm` pins the buffers before everything else, without a stall.
 *  4. Rows. `map`: valid; if not writable: mapped, accessed, read-only, and the row's class (`host-mm` if it names none).
 *     `unmap`: not mapped, the row's class (`kvm`); but a page that is still as in rule 3 stays `first-touch`. `write-protect`:
 *     read-only, the row's class (`dirty-log`). `access-clear`, with `hardwareAccessFlag: false` only: not accessed, the row's
 *     class (`host-mm`). The last two do nothing to an unmapped page; `unknown` does nothing to any.
 *  5. Pinning makes all pages of the buffer valid and pinned. A row of class `dirty-log` does nothing to a pinned page, nor
 *     does one of class `host-mm` if the guard is `gup+notifier-filter`. Any other row but a writable `map` takes the page's pin.
 *  6. With `pin: no-stage-2` or `private-buffer` all pages are valid for good.
 *
 * Samples
 *  7. A record writes [ptr, ptr + size) modulo the buffer. Is any page of it not valid, the first such page (in that order)
 *     faults and the sample is lost; else it is kept and ptr moves on. A record of 0 bytes touches no page.
 *  8. A service point is reached when a kept sample's end reaches or passes a multiple of `watermarkBytes` or the buffer's end.
 *     It opens a `buffer-full` blackout over (t, t + fullExtraNs]. Not with `pin: no-stage-2`. A session's end is a service
 *     point without blackout.
 *  9. `pin: private-buffer`: a kept sample that brings the bytes since the last copy to `privateBytes` or more opens a `copy-out`
 *     blackout over (t, t + irqNs], with a stall of `copy` at t, fill / copyBytesPerNs. A session's end copies what is left.
 * 10. Other samples at that same t are processed as ever; the blackouts of 8 and 9 open when time has passed t, `copy-out` first,
 *     each where the blackouts opened before it end.
 *
 * Faults, at t on a page of class c
 * 11. The answer is `onFault[c]`; from SPEv1p3 on `external-abort` means `serror`. DL is 1 with `dlProbability`, whatever the
 *     answer: the policies whose syndrome says DL=1 are what the default of 1 gives.
 * 12. `map`, `repin`: `irq-latency` over [t, t + irqNs). The effect at t + irqNs: the page valid (no pin), stall `map` of
 *     walkNsPerPage + mapNs; or the buffer pinned, stall `pin` of pages * (walkNsPerPage + pinNsPerPage).
 * 13. `external-abort`, `impdef-event`, `report-s2`: stall `inject` of injectNs at t + irqNs; `session-killed` over [t, restart). With
 *     h = t + irqNs + injectNs + guestHandlerNs: restart is h + reenableNs with DL=1; with DL=0 the first session start >= h in
 *     a per-thread capture, never in a per-CPU one. `guestReaction: discard-session`: the first session start >= h, whatever
 *     DL and the mode. The lane is enabled again at the first moment >= restart that lies in a session.
 * 14. Discards. `dlDiscard: buffer` and DL=1, any answer: the kept samples since the lane's last service point or discard.
 *     `discard-session` and an injected event: the session's kept samples. `discarded` windows reach from the first
 *     of them to t, around windows that are there already. ptr and fill don't move back.
 *
 * Enables and pins
 * 15. A session's start enables unless the lane is stopped (13); `pin: enable` then pins. A restart's enable pins with `enable`, `vm`
 *     and `first-fault`. Stall `pin` of trapNs + pages * (walkNsPerPage + pinNsPerPage). With `cachePins` neither happens
 *     while the buffer is pinned and no page has lost its pin.
 * 16. Pinning a buffer that is pinned releases the old pins first: stall `unpin` of pages * unpinNsPerPage, at the same time and
 *     before the other. Pins are otherwise held to the end.
 *
 * The VM's death
 * 17. `serror` at t: `vm-dead` over [t, end of the run) on that lane. At D = t + irqNs (t + 1 if irqNs is 0), the earliest one (the lowest lane among
 *     equals), the VM is dead: nothing happens from D on, windows and stalls of other lanes end there, and `vm-dead` windows with the
 *     killing fault's class and page cover the rest of their sessions.
 *
 * Windows
 * 18. A blackout over several sessions is a window in each. Windows are cut at the session's end; one with neither length nor lost
 *     samples is left out. Each lost sample counts in one window: that of the blackout that it fell into, its fault's, or its
 *     discard's.
 * 19. Stalls are rounded to whole ns, and left out at 0.
 *
 * Random numbers
 * 20. Lane k draws from `createRandom` of the k-th number of `seededStream(seed, 'lanes', trial)`. With `latency: sampled` a
 *     latency that has a distribution, and no figure of the policy's own, is one `below` of its length; any other draws
 *     nothing. Order: at a fault irqNs, DL (one `uniform`, unless `dlProbability` is 0 or 1), then injectNs, guestHandlerNs,
 *     reenableNs as far as 13 needs them; at an effect walkNsPerPage, mapNs; when pinning trapNs (15), walkNsPerPage,
 *     pinNsPerPage, unpinNsPerPage (16); at a sample of 8 or 9 irqNs, copyBytesPerNs, fullExtraNs.
 *
 * When does a longer `irqNs` never lose fewer samples? When the loss depends on positions in the buffer only, not on time:
 * no row after the first sample, records of one size that divides the page, no two of a lane at one ns, `dlDiscard: record`,
 * `guestReaction: linux`, and no SError on another lane; with `private-buffer` one session. Otherwise a longer blackout may
 * skip an unmap, a discard or the VM's death.
 */
import { LaneReplay } from './lane-replay.ts';
import type { Death } from './lane-replay.ts';
import { Latencies } from './latencies.ts';
import type { Distributions } from './latencies.ts';
import { W, S } from './lane-record.ts';
import type { LaneRecord } from './lane-record.ts';
import type { Lane, PolicyOutcome, Stalls, Windows } from './outcome.ts';
import type { RunParams } from './params.ts';
import type { Policy } from './policy.ts';
import { prepare } from './prepare.ts';
import type { Prepared } from './prepare.ts';
import { createRandom } from './random.ts';
import { seededStream } from './seeds.ts';
import { causeClasses, PAGE_SHIFT } from './terms.ts';
import type { TimelineIndex } from './timeline-index.ts';
import type { Stage2Timeline } from './timeline.ts';

/**
 * Replays the lanes against a timeline under one policy. For many policies or placements: `prepare` once (and `withBuffers`
 * for another placement), then `replayPrepared`.
 * @param timeline in the run's time (alignment.ts)
 * @param distributions latencies as measured; looked at with `latency: sampled` only
 * @throws ModelError when the lanes don't make sense (prepare.ts)
 */
export function replay(
  lanes: readonly Lane[],
  timeline: Stage2Timeline | TimelineIndex,
  policy: Policy,
  params: RunParams,
  distributions: Distributions = {},
): PolicyOutcome {
  return replayPrepared(prepare(lanes, timeline), policy, params, distributions);
}

/** `replay` with the common work done. @param trial each trial draws its own random numbers */
export function replayPrepared(
  run: Prepared,
  policy: Policy,
  params: RunParams,
  distributions: Distributions = {},
  trial = 0,
): PolicyOutcome {
  const lanes = replayLanes(run, policy, params, distributions, trial);
  const records = lanes.map((l) => l.record);
  const faults = new Uint32Array(causeClasses.length);
  for (const record of records) record.faults.forEach((n, cause) => (faults[cause] += n));
  const death = Math.min(...lanes.map((l) => l.death?.at ?? Infinity));
  let fates: readonly Uint8Array[] | undefined;
  return {
    policy: policy.id,
    reference: records.map((record, i) => run.lanes[i].lane.t.length - record.samplesOutside),
    get fates() {
      return (fates ??= records.map((record) => record.fates()));
    },
    windows: windowColumns(run, records),
    stalls: stallColumns(run, records),
    faults,
    ...pinnedMemory(run, policy, params, records, death),
  };
}

/** Lanes know nothing of each other until one of them kills the VM; then those that lived longer are replayed up to that moment. */
function replayLanes(
  run: Prepared,
  policy: Policy,
  params: RunParams,
  distributions: Distributions,
  trial: number,
): LaneReplay[] {
  const seeds = seededStream(params.seed, 'lanes', trial);
  const laneSeeds = run.lanes.map(() => seeds.next());
  const start = (i: number, doom: Death): LaneReplay => {
    const latencies = new Latencies(params, policy, distributions, createRandom(laneSeeds[i]));
    const lane = new LaneReplay(run.lanes[i], policy, params, latencies, run.start, doom);
    lane.run();
    return lane;
  };

  let doom: Death = { at: Infinity, cause: 0, page: -1 };
  let killer = -1;
  const limits: number[] = [];
  const lanes = run.lanes.map((_, i) => {
    const lane = start(i, doom);
    limits.push(doom.at);
    if (lane.death && lane.death.at < doom.at) {
      doom = lane.death;
      killer = i;
    }
    return lane;
  });
  return lanes.map((lane, i) => (i !== killer && limits[i] > doom.at ? start(i, doom) : lane));
}

function windowColumns(run: Prepared, records: readonly LaneRecord[]): Windows {
  const n = records.reduce((sum, r) => sum + r.windows.n, 0);
  const columns = {
    n,
    lane: new Int32Array(n),
    start: new Float64Array(n),
    end: new Float64Array(n),
    kind: new Uint8Array(n),
    cause: new Uint8Array(n),
    page: new Float64Array(n),
    action: new Uint8Array(n),
    lost: new Uint32Array(n),
  };
  let out = 0;
  records.forEach(({ windows }, i) => {
    for (let row = 0; row < windows.n * W.WIDTH; row += W.WIDTH, out++) {
      const { data } = windows;
      columns.lane[out] = run.lanes[i].lane.lane;
      columns.start[out] = data[row + W.START];
      columns.end[out] = data[row + W.END];
      columns.kind[out] = data[row + W.KIND];
      columns.cause[out] = data[row + W.CAUSE];
      columns.page[out] = data[row + W.PAGE];
      columns.action[out] = data[row + W.ACTION];
      columns.lost[out] = data[row + W.TO] - data[row + W.FROM];
    }
  });
  return columns;
}

/** Merges the lanes' stalls by time; at one time in lane order. */
function stallColumns(run: Prepared, records: readonly LaneRecord[]): Stalls {
  const n = records.reduce((sum, r) => sum + r.stalls.n, 0);
  const columns = {
    n,
    lane: new Int32Array(n),
    t: new Float64Array(n),
    ns: new Float64Array(n),
    kind: new Uint8Array(n),
  };
  const next = records.map(() => 0);
  for (let out = 0; out < n; out++) {
    let from = -1;
    let earliest = Infinity;
    records.forEach(({ stalls }, i) => {
      const t = next[i] < stalls.n ? stalls.data[next[i] * S.WIDTH + S.T] : Infinity;
      if (t < earliest) [earliest, from] = [t, i];
    });
    const { data } = records[from].stalls;
    const row = next[from]++ * S.WIDTH;
    columns.lane[out] = run.lanes[from].lane.lane;
    columns.t[out] = earliest;
    columns.ns[out] = data[row + S.NS];
    columns.kind[out] = data[row + S.KIND];
  }
  return columns;
}

/** Pins are held from the first pinning to the end of the run or of the VM: an old buffer stays pinned until a new one is. */
function pinnedMemory(
  run: Prepared,
  policy: Policy,
  params: RunParams,
  records: readonly LaneRecord[],
  death: number,
): { pinnedBytesPeak: number; pinnedByteSeconds: number } {
  const end = Math.min(run.end, death);
  const bytes = run.lanes.map((l) => l.lane.pages.length * 2 ** PAGE_SHIFT);
  if (policy.pin === 'vm') {
    const buffers = bytes.reduce((sum, b) => sum + b, 0);
    const vm = params.vmBytes === 'auto' ? buffers : Math.max(params.vmBytes, buffers);
    return { pinnedBytesPeak: vm, pinnedByteSeconds: (vm * Math.max(0, end - run.start)) / 1e9 };
  }
  let peak = 0;
  let byteNs = 0;
  records.forEach(({ pinnedFrom }, i) => {
    if (pinnedFrom === Infinity) return;
    peak += bytes[i];
    byteNs += bytes[i] * Math.max(0, end - pinnedFrom);
  });
  return { pinnedBytesPeak: peak, pinnedByteSeconds: byteNs / 1e9 };
}
