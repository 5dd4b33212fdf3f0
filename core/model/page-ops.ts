/** What a row of the timeline does to one page. */
import { causeClasses, code, contentsFates, notifies, stage2Kinds } from './terms.ts';
import type { CauseClass } from './terms.ts';
import type { Stage2Timeline } from './timeline.ts';

export const MAP = 0;
/** A mapping that is read-only from the start. */
export const MAP_READ_ONLY = 1;
export const UNMAP = 2;
export const WRITE_PROTECT = 3;
export const ACCESS_CLEAR = 4;
/** The page was unmapped before its first event in the trace. */
export const INITIAL_UNMAPPED = 5;
/** Nothing: the replay goes on with the last known state, and the timeline reports the doubt. */
export const NOTHING = 255;

const kinds = {
  initialUnmapped: code(stage2Kinds, 'initial-unmapped'),
  map: code(stage2Kinds, 'map'),
  unmap: code(stage2Kinds, 'unmap'),
  writeProtect: code(stage2Kinds, 'write-protect'),
  accessClear: code(stage2Kinds, 'access-clear'),
};

export function opOfRow({ kind, writable }: Stage2Timeline, row: number): number {
  switch (kind[row]) {
    case kinds.initialUnmapped:
      return INITIAL_UNMAPPED;
    case kinds.map:
      return writable[row] ? MAP : MAP_READ_ONLY;
    case kinds.unmap:
      return UNMAP;
    case kinds.writeProtect:
      return WRITE_PROTECT;
    case kinds.accessClear:
      return ACCESS_CLEAR;
    default:
      return NOTHING;
  }
}

const FIRST_TOUCH = code(causeClasses, 'first-touch');
const unnamed = (cause: CauseClass): number => code(causeClasses, cause);
const KVM = unnamed('kvm');
const DIRTY_LOG = unnamed('dirty-log');
const HOST_MM = unnamed('host-mm');

/** A row's way is an index into `notifies`, or this one: how it reaches a pinned page (replay-rules.md, rule 6). */
export const WAY_DIRTY_LOG = notifies.length;
export const WAY_UNKNOWN = code(notifies, 'unknown');
const CLEAR = code(notifies, 'clear');
const MEMSLOT = code(notifies, 'memslot');

export function wayOfRow({ notify }: Stage2Timeline, row: number, op: number, cause: number): number {
  if (cause === DIRTY_LOG) return WAY_DIRTY_LOG;
  return op === ACCESS_CLEAR ? CLEAR : notify[row];
}

/** Whether an unmap loses the page's contents: deleting a memslot alone doesn't (rule 23). */
export function losesContents({ contents, notify }: Stage2Timeline, row: number): boolean {
  return contents[row] === DROPPED || (contents[row] === GONE && notify[row] !== MEMSLOT);
}

export const DROPPED = code(contentsFates, 'dropped');
export const GONE = code(contentsFates, 'gone');

/** The class of the next fault there. Nothing that happens to a page makes it a first touch. */
export function causeOfRow({ cause }: Stage2Timeline, row: number, op: number): number {
  if (cause[row] < causeClasses.length && cause[row] !== FIRST_TOUCH) return cause[row];
  return op === UNMAP ? KVM : op === WRITE_PROTECT ? DIRTY_LOG : HOST_MM;
}
