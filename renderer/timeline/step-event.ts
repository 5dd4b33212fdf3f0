/** Stepping through a trace's events: `,` and `.`. */
import type { TimelineFacts, TraceLine } from '../../core/contract/timeline.ts';
import type { Ask } from './source.ts';
import { fromTrace, traceTime } from './trace-time.ts';

const LIMIT = 500;
/** The first range searched, ns; each further one is eight times as wide. */
const FIRST_LOOK = 2000;

/** Time of the next or previous event on the timeline, ns; undefined at the trace's ends. */
export async function stepEvent(facts: TimelineFacts, ask: Ask, at: number, by: 1 | -1): Promise<number | undefined> {
  const { kvm, trace } = facts;
  const place = traceTime(facts, at);
  if (kvm === undefined || !trace || !place) return undefined;
  const t = Math.round(place.t);
  const lines = (start: number, end: number) => ask('traceEvents', { kvm, start, end, limit: LIMIT });
  for (let look = FIRST_LOOK; ; look *= 8) {
    const [start, end] = by > 0 ? [t + 1, t + 1 + look] : [t - look, t];
    const found = await lines(start, end);
    const event = by > 0 ? found[0] : await lastOf(found, lines, end);
    if (event) return fromTrace(facts, event.t, place.copy);
    if (by > 0 ? end > trace.span : start < 0) return undefined;
  }
}

/** A full answer holds only the first ones: the rest follows. */
async function lastOf(
  found: readonly TraceLine[],
  lines: (start: number, end: number) => Promise<readonly TraceLine[]>,
  end: number,
): Promise<TraceLine | undefined> {
  let last = found.at(-1);
  for (let part = found; part.length === LIMIT && last;) {
    part = await lines(last.t + 1, end);
    last = part.at(-1) ?? last;
  }
  return last;
}
