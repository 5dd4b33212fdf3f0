/** What a timeline shows of a run or a capture: lanes, and the position of its trace. */
import { getCapture } from '../../store/captures.ts';
import type { CaptureRow } from '../../store/captures.ts';
import type { Db } from '../../store/lab-file.ts';
import { lodTracks } from '../../store/lod.ts';
import { getRun, readResults, variantOf } from '../../store/run-store.ts';
import { readLanes } from '../../store/spe-store.ts';
import type { SpeLane } from '../../store/spe-store.ts';
import type { TimelineFacts, TimelineLane, TracePlace } from '../../contract/timeline.ts';
import { loadDescription } from '../captures/stage2.ts';
import type { RunFacts } from '../../model/terms/run-facts.ts';

export function runTimeline(db: Db, id: number): TimelineFacts {
  const run = getRun(db, id);
  const facts = run.facts;
  const { params } = run.params;
  const kvm = getCapture(db, run.kvmId, 'kvm');
  const results = readResults(db, id);
  const policies = new Map(results.map(({ policy }) => [policy.id, { id: policy.id, title: policy.title }]));
  return {
    origin: facts.origin,
    span: facts.span,
    run: id,
    spe: run.speId,
    kvm: run.kvmId,
    lanes: runLanes(db, id),
    trace: place(kvm, facts.alignment),
    policies: [...policies.values()],
    dlDiscard: variantOf(params.dlDiscard),
    unprepared: !lodTracks(db, run.speId).length || !lodTracks(db, run.kvmId).length,
  };
}

/** The lanes that were replayed, by vCPU. */
export function runLanes(db: Db, id: number): TimelineLane[] {
  const run = getRun(db, id);
  const { vm } = run.facts;
  const { lanes: pairs } = run.params.params;
  const of = (lane: SpeLane) => (pairs === 'auto' ? cpuOf(lane) : pairs.find((p) => p.cpu === cpuOf(lane))?.vcpu);
  return readLanes(db, run.speId)
    .flatMap((lane) => {
      const vcpu = of(lane);
      return vcpu === undefined || !lane.samples || lane.t0 === undefined ? [] : [speLane(lane, vcpu)];
    })
    .map((lane) => {
      const vcpuTid = vm?.vcpus.find((v) => v.vcpu === lane.lane)?.tid;
      return vcpuTid === undefined ? lane : { ...lane, vcpuTid };
    })
    .sort((a, b) => a.lane - b.lane);
}

export function captureTimeline(db: Db, id: number): TimelineFacts {
  const capture = getCapture(db, id);
  const { t0 = 0n, t1 = 0n } = capture;
  const span = Number(t1 - t0);
  const common = { origin: String(t0), span, policies: [], unprepared: !lodTracks(db, id).length };
  if (capture.kind === 'spe') {
    const lanes = readLanes(db, id).map((lane) => speLane(lane, cpuOf(lane)));
    return { ...common, spe: id, lanes };
  }
  const described = loadDescription(capture)?.vms.flatMap((vm) => vm.vcpus) ?? [];
  const vcpus = described.length ? described : guestThreads(db, id);
  const place: TracePlace = { shiftNs: 0, scale: 1, copies: 1, periodNs: Math.max(1, span), span };
  return {
    ...common,
    kvm: id,
    lanes: vcpus.map(({ vcpu, tid }) => ({ lane: vcpu, samples: 0, vcpuTid: tid })).sort((a, b) => a.lane - b.lane),
    trace: place,
  };
}

/** Threads that ran the guest, numbered in the order of their ids: nothing says which vCPU each is. */
function guestThreads(db: Db, kvm: number): { vcpu: number; tid: number }[] {
  const tids = lodTracks(db, kvm).flatMap(({ track, lane }) => (track === 'guest' && lane >= 0 ? [lane] : []));
  return tids.sort((a, b) => a - b).map((tid, vcpu) => ({ vcpu, tid }));
}

function place({ t0 = 0n, t1 = 0n }: CaptureRow, alignment: RunFacts['alignment']): TracePlace {
  const span = Number(t1 - t0);
  const { shiftNs, scale, copies } = alignment;
  return { shiftNs, scale, copies, periodNs: Math.max(1, span * scale), span };
}

function speLane(lane: SpeLane, vcpu: number): TimelineLane {
  const { cpu, tid, samples } = lane;
  return { lane: vcpu, spe: lane.lane, ...(cpu >= 0 ? { cpu } : { tid }), samples };
}

/** Its name in `--lanes`: its CPU, or its number in a per-thread capture. */
function cpuOf(lane: SpeLane): number {
  return lane.cpu < 0 ? lane.lane : lane.cpu;
}
