/** Everything a replay needs, from the lab file: the reference on the run's clock, the stage 2 timeline, buffers, latencies. */
import { alignTimeline } from '../../model/alignment.ts';
import { clocksOf } from '../../model/align-rules.ts';
import type { Alignment } from '../../model/alignment.ts';
import type { ClockPair } from '../../model/clocks.ts';
import { calibrate } from '../../model/calibration.ts';
import type { Calibration } from '../../model/calibration.ts';
import type { Distributions } from '../../model/latencies.ts';
import type { Lane } from '../../model/outcome.ts';
import { joinRanges } from '../../model/page-ranges.ts';
import { paramSpecs, setParams } from '../../model/params.ts';
import type { ResolvedParams, RunParams } from '../../model/params.ts';
import { explicitBuffers, placeBuffers } from '../../model/placement.ts';
import { prepare, withBuffers } from '../../model/prepare.ts';
import type { Prepared } from '../../model/prepare.ts';
import { mergeScenario } from '../../model/scenario.ts';
import type { Scenario } from '../../model/terms/scenario.ts';
import { PAGE_SHIFT } from '../../model/terms.ts';
import { indexTimeline } from '../../model/timeline-index.ts';
import type { Stage2Timeline } from '../../model/timeline.ts';
import type { Vm } from '../../model/vm.ts';
import { getCapture } from '../../store/captures.ts';
import { readClockPair } from '../../store/clock-pairs.ts';
import type { CaptureRow } from '../../store/captures.ts';
import type { Db } from '../../store/lab-file.ts';
import { RequestError } from '../about.ts';
import { loadReference } from '../captures/reference.ts';
import type { Reference } from '../captures/reference.ts';
import { loadStage2, unfollowedSentences } from '../captures/stage2.ts';
import type { Stage2 } from '../captures/stage2.ts';

/** What a run reads from its captures; of the parameters only `lanes` affects it. */
export interface RunCaptures {
  readonly spe: CaptureRow;
  readonly kvm: CaptureRow;
  readonly reference: Reference;
  readonly stage2: Stage2;
  /** How their clocks relate, if measured. */
  readonly clocks?: ClockPair;
}

export interface RunInputs extends RunCaptures {
  readonly lanes: readonly Lane[];
  /** The VM whose timeline is replayed: its index in the description, and its entry there. */
  readonly vmIndex: number;
  readonly vm: Vm | undefined;
  /** The timeline in run time, the scenario's events included. */
  readonly timeline: Stage2Timeline;
  readonly alignment: Alignment;
  readonly calibration: Calibration;
  /** Resolved: measured values filled in, `auto` sizes decided where the trace or the file gives them. */
  readonly settings: ResolvedParams;
  readonly distributions: Distributions;
  readonly prepared: Prepared;
  /** Buffers of a further placement trial; trial 0 is that of `prepared`. */
  trial(number: number): Prepared;
  readonly warnings: readonly string[];
}

/**
 * @param settings what the user set over the defaults
 * @param stage2 the trace's, if available
 * @throws RequestError, ModelError (parameters that don't fit these captures), LabFileError (no such capture)
 */
export function loadRunInputs(
  db: Db,
  speId: number,
  kvmId: number,
  settings: ResolvedParams,
  scenario: Scenario | undefined,
  stage2?: Stage2,
): RunInputs {
  return runInputs(loadCaptures(db, speId, kvmId, settings, stage2), settings, scenario);
}

/**
 * @param stage2 the trace's, if available
 * @throws RequestError, LabFileError (no such capture)
 */
export function loadCaptures(
  db: Db,
  speId: number,
  kvmId: number,
  { params }: ResolvedParams,
  stage2?: Stage2,
): RunCaptures {
  const spe = getCapture(db, speId, 'spe');
  const kvm = getCapture(db, kvmId, 'kvm');
  const clocks = readClockPair(db, speId, kvmId);
  return {
    spe,
    kvm,
    reference: loadReference(db, spe, params.lanes),
    stage2: stage2 ?? loadStage2(db, kvm),
    ...(clocks && { clocks }),
  };
}

/**
 * @param change applied to the timeline once the buffers are placed, before the scenario's events are added
 * @throws RequestError, ModelError (parameters that don't fit these captures)
 */
export function runInputs(
  captures: RunCaptures,
  settings: ResolvedParams,
  scenario?: Scenario,
  change: (timeline: Stage2Timeline) => Stage2Timeline = (timeline) => timeline,
): RunInputs {
  const { spe, kvm, reference, stage2 } = captures;
  const { index, warnings } = chooseVm(stage2, kvm, settings.params.vm);
  const vm = stage2.description?.vms[index];
  const aligned = alignTimeline(
    stage2.timelines[index],
    reference,
    settings.params,
    captures.clocks ?? clocksOf(spe.clock, kvm.clock),
  );
  const { alignment } = aligned;

  const calibration = calibrate(stage2.events);
  const resolved = resolve(settings, spe, vm, calibration, alignment.scale);
  const { params } = resolved;
  const request = {
    placement: params.placement,
    lanes: reference.lanes.map((l) => l.lane),
    bufferBytes: params.bufferBytes,
    buffers: explicitBuffers(params.buffers, vm?.buffers),
    seed: params.seed,
  };
  const ram = vm?.slots.length ? joinRanges(vm.slots.map((s) => [s.page, s.pages] as const)) : undefined;
  const memory = { ram, timeline: aligned.timeline };
  const placement = placeBuffers(request, memory);
  const lanesAt = (pages: readonly Float64Array[]) => reference.lanes.map((lane, i) => ({ ...lane, pages: pages[i] }));
  const lanes = lanesAt(placement.pages);
  const changed = change(aligned.timeline);
  const timeline = scenario ? mergeScenario(changed, scenario, lanes) : changed;
  const prepared = prepare(lanes, timeline);
  const trial = (number: number): Prepared => {
    if (number === 0) return prepared;
    const { pages } = placeBuffers(request, memory, number);
    // A scenario acts on a lane's buffer wherever that is.
    const moves = scenario?.events.some((event) => event.lane !== undefined);
    const index = moves ? indexTimeline(mergeScenario(changed, scenario!, lanesAt(pages))) : prepared.index;
    return withBuffers({ ...prepared, index }, pages);
  };
  return {
    ...captures,
    lanes,
    vmIndex: index,
    vm,
    timeline,
    alignment,
    calibration,
    settings: resolved,
    distributions: distributions(resolved, calibration, alignment.scale),
    prepared,
    trial,
    warnings: [...warnings, ...unfollowedSentences(stage2), ...placement.warnings],
  };
}

/** The requested VM, or the one with the most vCPUs in the trace's description; without one, the only VM. */
function chooseVm(
  stage2: Stage2,
  kvm: CaptureRow,
  wanted: RunParams['vm'] | undefined,
): { index: number; warnings: string[] } {
  const { length } = stage2.timelines;
  if (!length) throw new RequestError(`capture ${kvm.id} (${kvm.name}): its VM description names no VM`);
  if (typeof wanted === 'number') {
    if (wanted >= length)
      throw new RequestError(`vm ${wanted}: capture ${kvm.id} (${kvm.name}) has ${length}, numbered from 0`);
    return { index: wanted, warnings: [] };
  }
  const vcpus = stage2.description?.vms.map((vm) => vm.vcpus.length) ?? [0];
  const index = vcpus.indexOf(Math.max(...vcpus));
  const note = `the VM description names ${length} VMs; this is VM ${index}, with the most vCPUs: set vm for another one`;
  return { index, warnings: length > 1 ? [note] : [] };
}

function resolve(
  settings: ResolvedParams,
  spe: CaptureRow,
  vm: Vm | undefined,
  calibration: Calibration,
  scale: number,
): ResolvedParams {
  const measured: Record<string, unknown> = {};
  const aux = spe.facts.spe?.auxBufferBytes;
  if (aux && paramSpecs.bufferBytes.read(aux)) measured['bufferBytes'] = aux;
  if (vm?.slots.length) measured['vmBytes'] = vm.slots.reduce((sum, s) => sum + s.pages, 0) * 2 ** PAGE_SHIFT;
  if (vm?.buffers.length) measured['placement'] = 'explicit';
  if (settings.params.calibrate) {
    for (const name of ['mapNs', 'trapNs'] as const) {
      if (calibration[name]) measured[name] = Math.round(calibration[name].median * scale);
    }
  }
  return setParams(settings, measured, 'measured', 'calibration');
}

/**
 * What `latency: sampled` draws from: measured latencies that the user didn't set. Stretching the timeline stretches what was
 * measured on it.
 */
function distributions({ origin }: ResolvedParams, calibration: Calibration, scale: number): Distributions {
  const measured = (['mapNs', 'trapNs'] as const).flatMap((name) => {
    const values = origin[name] === 'measured' ? calibration[name]?.values : undefined;
    return values ? [[name, values.map((ns) => Math.round(ns * scale))] as const] : [];
  });
  return Object.fromEntries(measured);
}
