/**
 * The timeline's data, fetched on demand: a stretch about twice as wide as the view, so that panning has something to
 * show at once. While new data loads the old is drawn, in its proper place.
 */
import { shallowRef } from 'vue';
import type {
  Bins,
  Fates,
  ObservedBands,
  RunBands,
  SideMarks,
  TimelineFacts,
  TraceTrack,
} from '../../core/contract/timeline.ts';
import type { Method, Params, Result } from '../../core/contract/contract.ts';
import { indexBands } from './band-index.ts';
import type { BandIndex } from './band-index.ts';
import type { Camera } from './camera.ts';
import type { DlVariant } from '../../core/model/terms/results.ts';

export type Ask = <M extends Method>(method: M, params: Params<M>, signal?: AbortSignal) => Promise<Result<M>>;

export interface Picture {
  readonly start: number;
  readonly end: number;
  /** ns per bin. */
  readonly grain: number;
  /** For data without a run: a capture alone. */
  readonly density: Result<'density'>;
  /** Samples kept and lost, of the lanes in view. */
  readonly fates?: Fates;
  /** Samples per ns of the busiest bins, which fill their lane's height. */
  readonly peak: number;
  readonly side?: SideMarks;
  /** For a capture alone, once it is known. */
  readonly observed?: ObservedBands | undefined;
  readonly tracks: readonly TraceTrack[];
  readonly bands?: RunBands;
  readonly index?: { readonly [K in 'windows' | 'stalls' | 'buffer' | 'sessions']: BandIndex };
}

export interface Wanted {
  readonly camera: Camera;
  /** px. */
  readonly width: number;
  readonly policies: readonly string[];
  readonly dlDiscard: DlVariant;
  /** vCPUs in view, with some around them: only these are requested. */
  readonly lanes: readonly number[];
}

/** Time to wait for a gesture to end, ms. */
const REST_MS = 40;
/** Bins per px, about: bins are powers of two, and none is wider than a px, so that nothing looks wider than it is. */
const BIN_PX = 0.5;
const MAX_BINS = 16_384;
/** Extra fetched on either side of the view, as a share of it. */
const MARGIN = 0.6;

export function createSource(facts: TimelineFacts, ask: Ask, onChange: () => void) {
  const picture = shallowRef<Picture>();
  const problem = shallowRef<string>();
  let key = '';
  let wanted: Wanted | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let busy = false;
  let closed = false;
  let observed: ObservedBands | undefined;
  if (facts.run === undefined && facts.spe !== undefined) void findObserved(facts.spe);

  /** It reads every sample once: the picture doesn't wait for it. */
  async function findObserved(spe: number): Promise<void> {
    observed = await ask('observedBands', { spe, origin: facts.origin }).catch(() => undefined);
    if (closed || !observed || !picture.value) return;
    picture.value = { ...picture.value, observed };
    onChange();
  }

  function want(next: Wanted): void {
    wanted = next;
    if (!covers(picture.value, next) || key !== keyOf(next)) {
      timer ??= setTimeout(() => void load(), picture.value ? REST_MS : 0);
    }
  }

  async function load(): Promise<void> {
    timer = undefined;
    if (busy || closed || !wanted) return;
    busy = true;
    const now = wanted;
    const stretch = stretchOf(now);
    try {
      // The first picture shows losses as soon as it can; patterns, stalls and the buffer's changes follow.
      const early = picture.value ? undefined : (first: Picture) => !closed && show(first);
      const next = await fetchPicture(facts, ask, now, stretch, early);
      if (closed) return;
      picture.value = { ...next, observed };
      key = keyOf(now);
      problem.value = undefined;
      onChange();
    } catch (error) {
      if (!closed) problem.value = (error as Error).message;
      return;
    } finally {
      busy = false;
    }
    // Where the view has moved meanwhile.
    if (wanted !== now) want(wanted);
  }

  function show(first: Picture): void {
    picture.value = { ...first, observed };
    onChange();
  }

  return {
    picture,
    problem,
    want,
    /** The lab changed: what is shown may be stale. */
    refresh(): void {
      key = '';
      if (wanted) want(wanted);
    },
    close(): void {
      closed = true;
      clearTimeout(timer);
    },
  };
}

function keyOf({ policies, dlDiscard, lanes }: Wanted): string {
  return `${dlDiscard} ${policies.join()} ${lanes.join()}`;
}

function covers(picture: Picture | undefined, { camera, width }: Wanted): boolean {
  if (!picture) return false;
  const grain = ((camera.end - camera.start) / width) * BIN_PX;
  const fine = picture.grain <= grain * 1.7 && picture.grain >= grain / 2.5;
  return fine && camera.start >= picture.start && camera.end <= picture.end;
}

function stretchOf({ camera, width }: Wanted): { start: number; end: number; bins: number } {
  const span = camera.end - camera.start;
  return {
    start: Math.floor(camera.start - MARGIN * span),
    end: Math.ceil(camera.end + MARGIN * span),
    bins: Math.min(MAX_BINS, Math.max(64, Math.ceil(((1 + 2 * MARGIN) * width) / BIN_PX))),
  };
}

async function fetchPicture(
  facts: TimelineFacts,
  ask: Ask,
  { policies, dlDiscard, lanes }: Wanted,
  stretch: { start: number; end: number; bins: number },
  early?: (picture: Picture) => unknown,
): Promise<Picture> {
  const { spe, run, origin } = facts;
  const choice =
    run === undefined ? undefined : { run, dlDiscard, policies: [...policies], lanes: [...lanes], ...stretch };
  // The server answers in this order.
  const asked = Promise.all([
    choice && ask('fates', choice),
    spe === undefined || choice ? [] : ask('density', { spe, origin, ...stretch }),
    spe === undefined ? undefined : ask('sideMarks', { spe, origin, ...stretch }),
    fetchTracks(facts, ask, stretch),
  ]);
  const [[fates, density, side, tracks], bands] = await Promise.all([
    asked.then((parts) => {
      early?.(pictureOf(stretch, parts));
      return parts;
    }),
    choice && ask('bands', choice),
  ]);
  return { ...pictureOf(stretch, [fates, density, side, tracks]), bands, ...(bands && { index: indexAll(bands) }) };
}

type Parts = readonly [
  fates: Fates | undefined,
  density: Result<'density'>,
  side: SideMarks | undefined,
  tracks: readonly TraceTrack[],
];

function pictureOf(
  stretch: { readonly start: number; readonly end: number; readonly bins: number },
  [fates, density, side, tracks]: Parts,
): Picture {
  const grain = (stretch.end - stretch.start) / stretch.bins;
  return { ...stretch, grain, density, fates, peak: peakOf(density, fates), side, tracks };
}

/** The same for all lanes; an outlier doesn't flatten the others. */
function peakOf(density: readonly Bins[], fates: Fates | undefined): number {
  const all = [...density, ...(fates?.lanes.map(({ samples, width }) => ({ counts: samples, width })) ?? [])];
  const rates = all.flatMap(({ counts, width }) => {
    const some = counts.filter((n) => n > 0).sort();
    return some.length ? [some[Math.floor(some.length * 0.99)] / width] : [];
  });
  return Math.max(1e-12, ...rates) * 1.1;
}

function indexAll({ windows, stalls, buffer, sessions }: RunBands): NonNullable<Picture['index']> {
  return {
    windows: indexBands(windows),
    stalls: indexBands(stalls),
    buffer: indexBands(buffer),
    sessions: indexBands(sessions),
  };
}

/** In the trace's own time: the part in view, or all of it if its copies repeat there. */
function fetchTracks(
  { kvm, trace }: TimelineFacts,
  ask: Ask,
  { start, end, bins }: { start: number; end: number; bins: number },
): Promise<readonly TraceTrack[]> {
  if (kvm === undefined || !trace) return Promise.resolve([]);
  const { shiftNs, scale, periodNs, copies, span } = trace;
  const first = Math.min(copies - 1, Math.max(0, Math.floor((start - shiftNs) / periodNs)));
  const last = Math.min(copies - 1, Math.max(0, Math.floor((end - shiftNs) / periodNs)));
  const shown = first === last ? [start, end].map((t) => (t - shiftNs - first * periodNs) / scale) : [0, span + 1];
  const [from, to] = [Math.floor(shown[0]), Math.ceil(shown[1])];
  const share = Math.min(1, (to - from) / ((end - start) / scale));
  return ask('traceTracks', {
    kvm,
    start: from,
    end: Math.max(from + 1, to),
    bins: Math.max(16, Math.ceil(bins * share)),
  });
}
