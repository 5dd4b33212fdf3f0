/**
 * The blackouts that follow from the true changes of stage 2: the model's own replay over them, not over what a trace shows of them. A
 * replay of the imported pair differs from it by the errors of reading and reconstruction.
 */
import { alignTimeline } from '../model/alignment.ts';
import { NONE } from '../model/outcome.ts';
import type { Lane, PolicyOutcome } from '../model/outcome.ts';
import { defaultParams } from '../model/params.ts';
import type { RunParams } from '../model/params.ts';
import { builtinPolicies } from '../model/policies.ts';
import { prepare } from '../model/prepare.ts';
import { replayPrepared } from '../model/replay.ts';
import { wholeLane } from '../model/sessions.ts';
import { causeClasses, windowKinds } from '../model/terms.ts';
import type { CauseClass, WindowKind } from '../model/terms.ts';
import { PAGE } from './guest-memory.ts';
import type { KvmTrace } from './kvm-trace.ts';
import { RECORD_BYTES } from './samples.ts';

/** Pairs with more records than this go without: the replay holds all of them, some 40 bytes each. */
export const TRUTH_SAMPLES = 1e7;

export interface TrueWindow {
  readonly lane: number;
  /** perf ns. */
  readonly start: number;
  readonly end: number;
  readonly kind: WindowKind;
  readonly cause: CauseClass | null;
  readonly ipa: string | null;
  readonly lost: number;
}

export interface PolicyTruth {
  readonly policy: string;
  readonly kept: number;
  readonly lost: number;
  readonly windows: readonly TrueWindow[];
}

/** The run parameters for which the truth holds: the defaults, with buffers where the VM description says and no measured latency. */
export function truthParams(vmBytes: number): RunParams {
  return { ...defaultParams().params, align: 'absolute', placement: 'explicit', calibrate: false, vmBytes };
}

/**
 * @param times perf ns of each lane's records
 * @param onPolicy what it throws ends the work
 */
export function trueBlackouts(
  times: readonly Float64Array[],
  { memory, timeline }: KvmTrace,
  params: RunParams,
  onPolicy: (done: number, total: number) => void = () => undefined,
): PolicyTruth[] {
  const origin = Math.min(...times.map((t) => t[0]));
  const lanes = times.map((ns, lane): Lane => {
    const t = ns.map((at) => at - origin);
    const page = memory.ipaPage(memory.bufferPage(lane, 0));
    return {
      ...{ lane, t, ...wholeLane(t[0], t[t.length - 1]) },
      size: new Uint32Array(t.length).fill(RECORD_BYTES),
      pages: Float64Array.from({ length: memory.bufferPages }, (_, i) => page + i),
    };
  });
  const span = Math.max(...lanes.map(({ t }) => t[t.length - 1]));
  const request = { align: 'absolute', offsetNs: 0, scale: 1 } as const;
  const aligned = alignTimeline(timeline, { origin: BigInt(origin), span }, request, 'same').timeline;
  const prepared = prepare(lanes, aligned);
  return builtinPolicies.map((policy, i) => {
    onPolicy(i, builtinPolicies.length);
    return truthOfOutcome(replayPrepared(prepared, policy, params), origin);
  });
}

/** @param origin perf ns of the run's zero */
export function truthOfOutcome(outcome: PolicyOutcome, origin: number): PolicyTruth {
  const { windows: w } = outcome;
  const lost = outcome.lost.reduce((sum, pairs) => sum + pairs.reduce((n, at, k) => n + (k % 2 ? at : -at), 0), 0);
  const windows = Array.from({ length: w.n }, (_, i) => ({
    lane: w.lane[i],
    start: origin + w.start[i],
    end: origin + w.end[i],
    kind: windowKinds[w.kind[i]],
    cause: w.cause[i] === NONE ? null : causeClasses[w.cause[i]],
    ipa: w.page[i] < 0 ? null : `0x${(w.page[i] * PAGE).toString(16)}`,
    lost: w.lost[i],
  }));
  return { policy: outcome.policy, kept: outcome.reference.reduce((a, b) => a + b, 0) - lost, lost, windows };
}
