import { code, contentsFates, contentsOrigins, notifies, stage2Kinds } from './terms.ts';
import type { Contents, ContentsOrigin, Notify } from './terms.ts';

/** What else an unmap or a read-only remap does besides changing the mapping. */
export interface UnmapEffect {
  readonly notify: Notify;
  readonly contents: Contents;
  readonly origin: ContentsOrigin;
}

/**
 * The stage 2 timeline of one VM: what happened to its guest pages, in time order. Times are ns after the trace's origin
 * (exact in a double: a trace spans less than 2^53 ns = 104 days); pages are IPA >> 12 (exact: an IPA has at most 52 bits).
 */
export interface Stage2Timeline {
  readonly n: number;
  /** ns after `origin`, ascending. */
  readonly t: Float64Array;
  /** Index into `stage2Kinds`. `initial-unmapped` rows come first, at the trace's first event. */
  readonly kind: Uint8Array;
  /** First page. */
  readonly page: Float64Array;
  /** Number of pages. */
  readonly pages: Float64Array;
  /** Index into `causeClasses` (of an unmap or write-protect; the class of the next fault there). */
  readonly cause: Uint8Array;
  /** Index into `evidences`: what in the trace shows it. */
  readonly evidence: Uint8Array;
  /** `map` rows: 1 if the mapping is writable. */
  readonly writable: Uint8Array;
  /** Index into `notifies`; meant for `unmap` and read-only `map` rows, 0 elsewhere. */
  readonly notify: Uint8Array;
  /** Index into `contentsFates`, likewise. */
  readonly contents: Uint8Array;
  /** Index into `contentsOrigins`, likewise. */
  readonly contentsOrigin: Uint8Array;
  /** The trace's first event, ns in its clock. */
  readonly origin: bigint;
  /** ns from the trace's first to its last event. */
  readonly span: number;
  /** True when the kernel's own page-table calls were in the trace: nothing inferred. */
  readonly exact: boolean;
  /** The kinds of evidence, by index. */
  readonly evidences: readonly string[];
}

/** What the timeline says about one buffer, or any other set of pages, in time order. */
export type EventTrack = Pick<Stage2Timeline, 't' | 'cause' | keyof EffectColumns>;

type EffectColumns = Pick<Stage2Timeline, 'kind' | 'writable' | 'notify' | 'contents' | 'contentsOrigin'>;

const MAP = code(stage2Kinds, 'map');
const UNMAP = code(stage2Kinds, 'unmap');

/** Who announced a row and what became of the contents; undefined for rows that take nothing away. */
export function effectOfRow(
  { kind, writable, notify, contents, contentsOrigin }: EffectColumns,
  i: number,
): UnmapEffect | undefined {
  if (kind[i] !== UNMAP && (kind[i] !== MAP || writable[i])) return undefined;
  return {
    notify: notifies[notify[i]],
    contents: contentsFates[contents[i]],
    origin: contentsOrigins[contentsOrigin[i]],
  };
}
