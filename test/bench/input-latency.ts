/** From an input to the frame that shows it, by the browser's own tracing (the events of chrome://tracing). */

export interface TraceEvent {
  readonly name: string;
  readonly ph: string;
  /** µs. */
  readonly ts: number;
  readonly pid: number;
  readonly tid?: number;
  readonly dur?: number;
  readonly tdur?: number;
  readonly id?: unknown;
  readonly id2?: unknown;
  readonly args?: { readonly [name: string]: unknown };
}

export interface InputLatencies {
  /** ms, ascending. */
  readonly shown: readonly number[];
  /** Inputs that no frame came of: keys let go, the ends of wheel gestures, moves that change nothing. */
  readonly unseen: number;
}

/** What a tool that drives the browser makes an input wait for before the browser itself has it. */
const BEFORE_ARRIVAL = 'GenerationToBrowserMain';
const PRESENTED = 'SubmitCompositorFrameToPresentationCompositorFrame';
/** Pointer moves that nobody waits for don't belong to a gesture. */
const quiet = /MOUSE_MOVED_EVENT|MOUSE_ENTERED|MOUSE_EXITED|UNKNOWN/;

interface Open {
  readonly type: string;
  arrived: number;
  presented: boolean;
}

/**
 * Chromium's EventLatency spans with their stages, from an input's arrival in the browser's main thread to the presentation of its frame.
 *
 * Why from there, and not from the input's own time: a wheel event that is sent over the DevTools protocol is given its time at once, but is
 * held back until the page has made a frame (the trace shows a VisualStateRequest, and its answer just before ForwardWheelEvent; median
 * 11 ms). A device's events don't wait so, nor do the protocol's keys and pointer moves (0.1 ms). And since it is let go just after a frame
 * began, it always waits all of the next frame's 16.7 ms, where a hand's comes somewhere in it: what is left is still the worst case.
 *
 * Why only those with a frame: after each wheel event the protocol sends the end of a wheel gesture, with the same time. It waits for the
 * first one's answer, changes nothing, reaches no listener. Keys let go are done at once. Either would shift every quantile.
 */
export function inputLatencies(events: Iterable<TraceEvent>): InputLatencies {
  const open = new Map<string, Open>();
  const shown: number[] = [];
  let unseen = 0;
  for (const { name, ph, ts, pid, id, id2, args } of events) {
    if (ph !== 'b' && ph !== 'e') continue;
    const key = `${pid} ${JSON.stringify(id2 ?? id)}`;
    const input = open.get(key);
    if (name === 'EventLatency' && ph === 'b') open.set(key, { type: typeOf(args), arrived: ts, presented: false });
    else if (!input || ph === 'b') continue;
    else if (name === BEFORE_ARRIVAL) input.arrived = ts;
    else if (name === PRESENTED) input.presented = true;
    else if (name === 'EventLatency') {
      open.delete(key);
      if (quiet.test(input.type || typeOf(args))) continue;
      if (input.presented) shown.push((ts - input.arrived) / 1000);
      else unseen++;
    }
  }
  return { shown: shown.sort((x, y) => x - y), unseen };
}

function typeOf(args: TraceEvent['args']): string {
  const of = args?.['event_latency'];
  return typeof of === 'object' && of && 'event_type' in of ? String(of.event_type) : '';
}
