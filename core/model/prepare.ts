/**
 * What all policies of a run share: the byte positions of the samples, and the stage 2 events that touch each lane's buffer.
 * Computed once; moving the buffers keeps the byte positions.
 */
import { Ascending } from './ascending.ts';
import { byteSums } from './byte-sums.ts';
import type { ByteSums } from './byte-sums.ts';
import { ModelError } from './errors.ts';
import type { Lane } from './outcome.ts';
import { eventsOn, indexTimeline, samplesAt } from './timeline-index.ts';
import type { BufferEvents, TimelineIndex } from './timeline-index.ts';
import type { Stage2Timeline } from './timeline.ts';

export interface PreparedLane {
  readonly lane: Lane;
  readonly times: Ascending;
  /** Bytes of all samples before each one, and of all at the end. */
  readonly bytesBefore: ByteSums;
  /** Whether any record has 0 bytes. */
  readonly hasEmpty: boolean;
  /** Per row of the timeline the lane's first sample after it. */
  readonly sampleOfRow: Uint32Array;
  readonly events: BufferEvents;
}

export interface Prepared {
  readonly lanes: readonly PreparedLane[];
  readonly index: TimelineIndex;
  /** First session's start and last session's end, ns. */
  readonly start: number;
  readonly end: number;
}

/**
 * @param lanes ascending by number, each with its buffer
 * @param timeline in the run's time (alignment.ts)
 * @throws ModelError when lanes are out of order, times descend, sessions overlap, or a page lies in two buffers
 */
export function prepare(lanes: readonly Lane[], timeline: Stage2Timeline | TimelineIndex): Prepared {
  const index = 'blocks' in timeline ? timeline : indexTimeline(timeline);
  lanes.forEach((lane, i) => {
    if (i && lane.lane <= lanes[i - 1].lane) throw new ModelError(`lane ${lane.lane} comes after ${lanes[i - 1].lane}`);
    checkLane(lane);
  });
  checkBuffers(lanes);
  const prepared = lanes.map((lane) => {
    const times = new Ascending(lane.t);
    const sampleOfRow = samplesAt(index.timeline, times);
    return {
      ...{ lane, times, sampleOfRow },
      bytesBefore: byteSums(lane.size),
      hasEmpty: lane.size.includes(0),
      events: eventsOn(index, lane.pages, sampleOfRow),
    };
  });
  const withSessions = lanes.filter((l) => l.sessions.length);
  const start = withSessions.reduce((m, l) => Math.min(m, l.sessions[0]), Infinity);
  const end = withSessions.reduce((m, l) => Math.max(m, l.sessions[l.sessions.length - 1]), -Infinity);
  return { lanes: prepared, index, start: withSessions.length ? start : 0, end: withSessions.length ? end : 0 };
}

/** The same samples and timeline with the buffers elsewhere: IPA page numbers for each lane. @throws ModelError as `prepare` */
export function withBuffers(prepared: Prepared, pages: readonly Float64Array[]): Prepared {
  const lanes = prepared.lanes.map(({ lane, ...same }, i) => {
    const moved = { ...lane, pages: pages[i] };
    return { ...same, lane: moved, events: eventsOn(prepared.index, moved.pages, same.sampleOfRow) };
  });
  checkBuffers(lanes.map((l) => l.lane));
  return { ...prepared, lanes };
}

function checkLane({ lane, t, size, sessions }: Lane): void {
  if (t.length !== size.length) throw new ModelError(`lane ${lane}: ${t.length} times, ${size.length} sizes`);
  for (let i = 1; i < t.length; i++) {
    if (!(t[i] >= t[i - 1]))
      throw new ModelError(`lane ${lane}: sample ${i} (${t[i]} ns) is earlier than the one before`);
  }
  for (let i = 0; i < sessions.length; i += 2) {
    const fits = sessions[i] <= sessions[i + 1] && (i === 0 || sessions[i - 1] < sessions[i]);
    if (!fits)
      throw new ModelError(`lane ${lane}: session ${i / 2} (from ${sessions[i]} ns) overlaps or ends too early`);
  }
}

/** Two SPUs that write to one page would overwrite each other, and so would one that meets a page twice. */
function checkBuffers(lanes: readonly Lane[]): void {
  for (const { lane, pages } of lanes) {
    if (!pages.length) throw new ModelError(`lane ${lane} has no buffer`);
    if (pages.length >= 2 ** 21)
      throw new ModelError(`lane ${lane}: its buffer has ${pages.length} pages; 2^21 are too many`);
  }
  // A Set would take longer than the rest of the placement.
  const total = lanes.reduce((sum, l) => sum + l.pages.length, 0);
  const mask = 2 ** Math.ceil(Math.log2(2 * total)) - 1;
  const seen = new Float64Array(mask + 1).fill(-1);
  for (const { pages } of lanes) {
    for (const page of pages) {
      let at = (Math.imul(page | 0, 0x9e3779b1) >>> 7) & mask;
      while (seen[at] !== -1 && seen[at] !== page) at = (at + 1) & mask;
      if (seen[at] === page) throwShared(lanes);
      seen[at] = page;
    }
  }
}

/** Names the first page that occurs twice. */
function throwShared(lanes: readonly Lane[]): never {
  const owner = new Map<number, number>();
  for (const { lane, pages } of lanes) {
    for (const page of pages) {
      const other = owner.get(page);
      if (other !== undefined) {
        throw new ModelError(
          `the page at IPA 0x${(page * 4096).toString(16)} is in the buffer of lane ${other} and of ${lane}`,
        );
      }
      owner.set(page, lane);
    }
  }
  throw new Error('no page is shared');
}
