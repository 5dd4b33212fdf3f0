/** Which sample started a blackout, and where in the buffer the SPU was then. */
import { KEPT, LOST, NONE } from '../model/outcome.ts';
import type { Lane, PolicyOutcome, Windows } from '../model/outcome.ts';
import type { RunParams } from '../model/params.ts';
import { code, PAGE_SHIFT, windowKinds } from '../model/terms.ts';
import type { WindowKind } from '../model/terms.ts';

const PAGE = 2 ** PAGE_SHIFT;
const DISCARDED = code(windowKinds, 'discarded');
const DEAD = code(windowKinds, 'vm-dead');
const TORN = code(windowKinds, 'torn');
const IRQ = code(windowKinds, 'irq-latency');
const after: readonly WindowKind[] = ['buffer-full', 'copy-out'];

export interface WindowTrigger {
  /**
   * `fault`: the SPU wrote to a page that was not valid. `service-point`, `private-full`: a kept sample filled the buffer up to its
   * watermark, or KVM's own buffer. Without their own fault: `torn`, a record after one (the fault's is `window`); `wiped`, written and
   * then lost to an unmap; `copy-failed`, in KVM's own buffer, for a page that was gone when it was copied; `refused`, an enable that KVM
   * refused.
   */
  readonly what: 'fault' | 'service-point' | 'private-full' | 'torn' | 'wiped' | 'copy-failed' | 'refused';
  /** The window in which the blackout began: a different one if discarded, carried into a later session, or on another lane. */
  readonly window: number;
  /** Place of its lane among the lanes. */
  readonly lane: number;
  /** The sample that triggered it: its place in the lane. */
  readonly sample: number;
  /** ns in the run. */
  readonly t: number;
  /** Where in the buffer its record began, bytes; and which of the buffer's pages faulted (-1 without a fault). */
  readonly offset: number;
  readonly slot: number;
  /** Samples kept between the last service point (or the session's start) and that sample. */
  readonly sinceService: { readonly bytes: number; readonly samples: number };
  /** When a record was last written to the faulting page; -Infinity if never. */
  readonly lastWrite: number;
  /** The blackout's end, in whichever session; with `session-killed` and `vm-dead` maybe that of the lane's last one. */
  readonly end: number;
}

/** @param lanes the replay's input, in the order of `outcome.fates` @param window its place among the outcome's windows */
export function findTrigger(
  lanes: readonly Lane[],
  outcome: PolicyOutcome,
  params: Pick<RunParams, 'watermarkBytes'>,
  window: number,
): WindowTrigger {
  const { windows } = outcome;
  const first = beginning(lanes, windows, window);
  const index = lanes.findIndex((l) => l.lane === windows.lane[first]);
  const lane = lanes[index];
  const fates = outcome.fates[index];
  const kind = windowKinds[windows.kind[first]];
  const start = windows.start[first];
  const what = whatBegan(windows, window, first);
  const isFault = !after.includes(kind) && what !== 'refused';

  let sample = fates.length - 1;
  // Of what was written and lost later, the last record: nothing had happened to its page yet.
  if (isFault) sample = lostSamples(fates, windows, first).at(what === 'wiped' || what === 'copy-failed' ? -1 : 0)!;
  else if (what === 'refused')
    sample = Math.max(
      0,
      lane.t.findIndex((t) => t >= start),
    );
  else while (sample > 0 && (lane.t[sample] > start || !wasWritten(fates[sample]))) sample--;
  const slot = isFault ? lane.pages.indexOf(windows.page[first]) : -1;
  return {
    what,
    window: first,
    lane: index,
    sample,
    t: lane.t[sample],
    slot,
    ...position(lane, fates, params.watermarkBytes, sample, slot),
    end: windows.end[last(lane.sessions, windows, first)],
  };
}

/**
 * The samples that a window counts, by their places in its lane, ascending. A lane's windows are consecutive, so those of one kind take
 * that kind's lost samples in order.
 */
export function lostSamples(fates: Uint8Array, windows: Windows, window: number): number[] {
  const kind = windows.kind[window];
  let skipped = 0;
  for (let w = window - 1; w >= 0 && windows.lane[w] === windows.lane[window]; w--) {
    if (windows.kind[w] === kind) skipped += windows.lost[w];
  }
  const samples: number[] = [];
  for (let i = 0; i < fates.length && samples.length < windows.lost[window]; i++) {
    if (fates[i] !== LOST + kind) continue;
    if (skipped > 0) skipped--;
    else samples.push(i);
  }
  return samples;
}

function whatBegan(windows: Windows, window: number, first: number): WindowTrigger['what'] {
  const kind = windowKinds[windows.kind[first]];
  if (kind === 'buffer-full') return 'service-point';
  if (kind === 'copy-out') return 'private-full';
  if (kind === 'wiped' || kind === 'copy-failed') return kind;
  if (windowKinds[windows.kind[window]] === 'torn') return 'torn';
  return windows.cause[first] === NONE ? 'refused' : 'fault';
}

/** Kinds of what reached the buffer before it was lost. */
const written = new Set([
  DISCARDED,
  ...(['torn', 'wiped', 'copy-failed'] as const).map((kind) => code(windowKinds, kind)),
]);

function wasWritten(fate: number): boolean {
  return fate === KEPT || (fate >= LOST && written.has(fate - LOST));
}

/** The window whose start is the trigger's time. */
function beginning(lanes: readonly Lane[], windows: Windows, window: number): number {
  let at = window;
  if (windows.kind[at] === DISCARDED) {
    // Discarded samples lie before the fault that caused it.
    do at++;
    while (at < windows.n && (windows.kind[at] === DISCARDED || !same(windows, at, window)));
    if (at === windows.n) return window;
  }
  if (windows.kind[at] === TORN) {
    // The fault that tore it lies before it, maybe with other torn records in between.
    do at--;
    while (at >= 0 && !(windows.kind[at] === IRQ && same(windows, at, window)));
    if (at < 0) return window;
  }
  if (windows.kind[at] === DEAD) {
    // The page that killed the VM lies in the killer's buffer.
    const killer = lanes.find((l) => l.pages.includes(windows.page[at]))?.lane;
    for (let i = 0; i < windows.n; i++) if (windows.lane[i] === killer && windows.kind[i] === DEAD) return i;
  }
  const { sessions } = lanes.find((l) => l.lane === windows.lane[at])!;
  while (isCarried(sessions, windows, at)) at--;
  return at;
}

function last(sessions: Float64Array, windows: Windows, window: number): number {
  let at = window;
  while (at + 1 < windows.n && isCarried(sessions, windows, at + 1)) at++;
  return at;
}

/** Same fault, as far as windows show. */
function same(windows: Windows, a: number, b: number): boolean {
  return (['lane', 'cause', 'page', 'action'] as const).every((column) => windows[column][a] === windows[column][b]);
}

/** The window continues the blackout of the one before it, which its session's end cut off. */
function isCarried(sessions: Float64Array, windows: Windows, window: number): boolean {
  const before = window - 1;
  if (before < 0 || windows.kind[before] !== windows.kind[window] || !same(windows, before, window)) return false;
  const session = sessions.indexOf(windows.start[window]);
  if (session <= 0 || session % 2 !== 0) return false;
  // Zero-length sessions in between have no window.
  let end = session - 1;
  while (end > 1 && sessions[end] === sessions[end - 1] && windows.end[before] !== sessions[end]) end -= 2;
  return windows.end[before] === sessions[end];
}

/** ptr before a sample (replay.ts, rules 7 and 8): samples that were never written don't move it. */
function position(
  { t, size, sessions, pages }: Lane,
  fates: Uint8Array,
  watermarkBytes: number | 'auto',
  sample: number,
  slot: number,
): Pick<WindowTrigger, 'offset' | 'sinceService' | 'lastWrite'> {
  const buffer = pages.length * PAGE;
  const watermark = watermarkBytes === 'auto' ? buffer / 2 : watermarkBytes;
  let ptr = 0;
  let bytes = 0;
  let samples = 0;
  let session = 0;
  let lastWrite = -Infinity;
  for (let i = 0; i <= sample; i++) {
    while (session < sessions.length && t[i] > sessions[session + 1]) {
      session += 2;
      bytes = samples = 0;
    }
    if (i === sample || !wasWritten(fates[i])) continue;
    if (size[i] > 0 && touches(ptr, size[i], slot, pages.length)) lastWrite = t[i];
    const toService = Math.min(watermark - (ptr % watermark), buffer - ptr);
    ptr = (ptr + size[i]) % buffer;
    bytes = size[i] >= toService ? 0 : bytes + size[i];
    samples = size[i] >= toService ? 0 : samples + 1;
  }
  return { offset: ptr, sinceService: { bytes, samples }, lastWrite };
}

/** Whether the bytes [ptr, ptr + size) of a buffer, wrapping around its end, touch a page. */
function touches(ptr: number, size: number, slot: number, pages: number): boolean {
  const first = Math.floor(ptr / PAGE);
  const count = Math.floor(((ptr % PAGE) + size - 1) / PAGE) + 1;
  return slot >= 0 && (slot - first + pages) % pages < count;
}
