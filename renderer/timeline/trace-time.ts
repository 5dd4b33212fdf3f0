/** A moment on the timeline in the trace's own time. */
import type { TimelineFacts } from '../../core/contract/timeline.ts';

/** Looking further around than this would cost too much, ns. */
const MOST_REACH = 5e6;

/** The moment in the trace's own time, and the copy it is in; undefined without a trace. */
export function traceTime(
  { trace }: TimelineFacts,
  at: number,
): { readonly t: number; readonly copy: number } | undefined {
  if (!trace) return undefined;
  const { shiftNs, periodNs, copies, scale } = trace;
  const copy = Math.min(copies - 1, Math.max(0, Math.floor((at - shiftNs) / periodNs)));
  return { t: (at - shiftNs - copy * periodNs) / scale, copy };
}

/** Back to the timeline. */
export function fromTrace({ trace }: TimelineFacts, t: number, copy: number): number {
  return trace ? trace.shiftNs + copy * trace.periodNs + t * trace.scale : t;
}

/** Undefined without a trace, or where the view is too wide to look for single events. */
export function toTrace(
  facts: TimelineFacts,
  at: number,
  reach: number,
): { readonly kvm: number; readonly t: number; readonly reach: number } | undefined {
  const time = traceTime(facts, at);
  if (facts.kvm === undefined || !time || reach > MOST_REACH) return undefined;
  return { kvm: facts.kvm, t: time.t, reach: Math.max(1, reach / facts.trace!.scale) };
}
