/** A moment of the timeline in the trace's own time. */
import type { TimelineFacts } from '../../core/contract/timeline.ts';

/** A look further around than that would cost too much, ns. */
const MOST_REACH = 5e6;

/** Undefined without a trace, or where the view is too wide to look for single events. */
export function toTrace(
  { kvm, trace }: TimelineFacts,
  at: number,
  reach: number,
): { readonly kvm: number; readonly t: number; readonly reach: number } | undefined {
  if (kvm === undefined || !trace || reach > MOST_REACH) return undefined;
  const { shiftNs, periodNs, copies, scale } = trace;
  const copy = Math.min(copies - 1, Math.max(0, Math.floor((at - shiftNs) / periodNs)));
  return { kvm, t: (at - shiftNs - copy * periodNs) / scale, reach: Math.max(1, reach / scale) };
}
