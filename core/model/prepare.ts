/**
 * What all policies of a run share: the byte positions of the samples, and the stage 2 events that touch each lane's buffer.
 * Computed once; another placement of the buffers keeps the former.
 */
import { ModelError } from './errors.ts';
import type { Lane } from './outcome.ts';
import { causeClasses, code, stage2Kinds } from './terms.ts';
import type { CauseClass } from './terms.ts';
import { indexTimeline, rowsOnPages } from './timeline-index.ts';
import type { TimelineIndex } from './timeline-index.ts';
import type { Stage2Timeline } from './timeline.ts';

/** What a stage 2 event does to one page. */
export const MAP = 0;
/** A mapping that is read-only from the start. */
export const MAP_READ_ONLY = 1;
export const UNMAP = 2;
export const WRITE_PROTECT = 3;
export const ACCESS_CLEAR = 4;

/** Stage 2 events on one buffer, in time order. */
export interface BufferEvents {
  readonly n: number;
  /** ns in the run. */
  readonly t: Float64Array;
  /** Index into the lane's `pages`. */
  readonly slot: Uint32Array;
  readonly op: Uint8Array;
  /** Index into `causeClasses`: the class of the next fault there. */
  readonly cause: Uint8Array;
  /** 1 for pages that were unmapped before the trace's first word on them. */
  readonly initialUnmapped: Uint8Array;
}

export interface PreparedLane {
  readonly lane: Lane;
  /** Bytes of all samples before each one, and of all at the end. */
  readonly bytesBefore: Float64Array;
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
  const prepared = lanes.map((lane) => ({
    lane,
    bytesBefore: sums(lane.size),
    events: bufferEvents(index, lane.pages),
  }));
  const withSessions = lanes.filter((l) => l.sessions.length);
  const start = withSessions.reduce((m, l) => Math.min(m, l.sessions[0]), Infinity);
  const end = withSessions.reduce((m, l) => Math.max(m, l.sessions[l.sessions.length - 1]), -Infinity);
  return { lanes: prepared, index, start: withSessions.length ? start : 0, end: withSessions.length ? end : 0 };
}

/** The same samples and timeline with the buffers elsewhere: IPA page numbers for each lane. @throws ModelError as `prepare` */
export function withBuffers(prepared: Prepared, pages: readonly Float64Array[]): Prepared {
  const lanes = prepared.lanes.map(({ lane, bytesBefore }, i) => {
    const moved = { ...lane, pages: pages[i] };
    return { lane: moved, bytesBefore, events: bufferEvents(prepared.index, moved.pages) };
  });
  checkBuffers(lanes.map((l) => l.lane));
  return { ...prepared, lanes };
}

function sums(size: Uint32Array): Float64Array {
  const before = new Float64Array(size.length + 1);
  let sum = 0;
  for (let i = 0; i < size.length; i++) {
    sum += size[i];
    before[i + 1] = sum;
  }
  return before;
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
  const owner = new Map<number, number>();
  for (const { lane, pages } of lanes) {
    if (!pages.length) throw new ModelError(`lane ${lane} has no buffer`);
    if (pages.length >= 2 ** 21)
      throw new ModelError(`lane ${lane}: its buffer has ${pages.length} pages; 2^21 are too many`);
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
}

/** Nothing that happens to a page makes its next fault a first touch. */
const isClass = (cause: number): boolean => cause < causeClasses.length && causeClasses[cause] !== 'first-touch';

/** Classes for rows that name none. */
const unnamed: Record<number, CauseClass> = {
  [UNMAP]: 'kvm',
  [WRITE_PROTECT]: 'dirty-log',
  [MAP_READ_ONLY]: 'host-mm',
  [ACCESS_CLEAR]: 'host-mm',
};

function bufferEvents(index: TimelineIndex, pages: Float64Array): BufferEvents {
  const { kind, cause, writable, t } = index.timeline;
  const hits = rowsOnPages(index, pages);
  const events = {
    n: 0,
    t: new Float64Array(hits.length),
    slot: new Uint32Array(hits.length),
    op: new Uint8Array(hits.length),
    cause: new Uint8Array(hits.length),
    initialUnmapped: new Uint8Array(pages.length),
  };
  for (const hit of hits) {
    const row = Math.floor(hit / pages.length);
    const slot = hit - row * pages.length;
    const what = stage2Kinds[kind[row]];
    if (what === 'initial-unmapped') {
      events.initialUnmapped[slot] = 1;
      continue;
    }
    const op = opOf(what, writable[row]);
    if (op === undefined) continue;
    const n = events.n++;
    events.t[n] = t[row];
    events.slot[n] = slot;
    events.op[n] = op;
    if (op !== MAP) events.cause[n] = isClass(cause[row]) ? cause[row] : code(causeClasses, unnamed[op]);
  }
  return events;
}

/** `unknown` rows change nothing: the replay goes on with the last known state, and the timeline reports the doubt. */
function opOf(kind: Exclude<(typeof stage2Kinds)[number], 'initial-unmapped'>, writable: number): number | undefined {
  switch (kind) {
    case 'map':
      return writable ? MAP : MAP_READ_ONLY;
    case 'unmap':
      return UNMAP;
    case 'write-protect':
      return WRITE_PROTECT;
    case 'access-clear':
      return ACCESS_CLEAR;
    case 'unknown':
      return undefined;
  }
}
