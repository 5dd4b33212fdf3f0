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
  /** Windows one by one, stalls, changes of the buffer; of an earlier stretch unless `detailed`. */
  readonly bands?: RunBands | undefined;
  readonly index?: { readonly [K in 'windows' | 'stalls' | 'buffer' | 'sessions']: BandIndex } | undefined;
  readonly detailed: boolean;
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
/** The same before details are fetched, three times as many bytes: they aren't legible while the view moves. */
const DETAILS_MS = 120;
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
  /** What the picture was fetched for. */
  let fetched: { readonly now: Wanted; readonly stretch: Stretch } | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let detailsTimer: ReturnType<typeof setTimeout> | undefined;
  let begun = false;
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
    const moved = wanted?.camera !== next.camera;
    wanted = next;
    if (!begun) {
      begun = true;
      return void load();
    }
    if (!hasAll(next)) timer ??= setTimeout(() => void load(), REST_MS);
    if (moved) awaitRest();
  }

  function hasAll(next: Wanted): boolean {
    const lanes = fetched?.now.lanes ?? [];
    return key === keyOf(next) && next.lanes.every((lane) => lanes.includes(lane)) && covers(picture.value, next);
  }

  async function load(): Promise<void> {
    timer = undefined;
    if (busy || closed || !wanted) return;
    busy = true;
    const now = wanted;
    const stretch = stretchOf(now);
    try {
      // The server answers in this order. The first time nothing moves: details are requested along with the rest.
      const asked = fetchPicture(facts, ask, now, stretch);
      const bands = picture.value ? undefined : fetchBands(facts, ask, now, stretch);
      bands?.catch(() => undefined);
      const next = await asked;
      if (closed) return;
      // Details of another stretch are in their place, if coarser or finer than they might be.
      const old = key === keyOf(now) ? picture.value : undefined;
      show({ ...next, bands: old?.bands, index: old?.index });
      [key, fetched] = [keyOf(now), { now, stretch }];
      problem.value = undefined;
      if (bands) addDetails(next, await bands);
      else awaitRest();
    } catch (error) {
      if (!closed) problem.value = (error as Error).message;
      return;
    } finally {
      busy = false;
    }
    // Where the view has moved meanwhile.
    if (wanted !== now) want(wanted);
  }

  function awaitRest(): void {
    clearTimeout(detailsTimer);
    if (picture.value && !picture.value.detailed) detailsTimer = setTimeout(() => void loadDetails(), DETAILS_MS);
  }

  async function loadDetails(): Promise<void> {
    if (closed || !fetched) return;
    const { now, stretch } = fetched;
    try {
      const bands = await fetchBands(facts, ask, now, stretch);
      if (!closed && fetched.stretch === stretch) addDetails(picture.value!, bands);
    } catch (error) {
      if (!closed) problem.value = (error as Error).message;
    }
  }

  function addDetails(to: Picture, bands: RunBands | undefined): void {
    show({ ...to, bands, index: bands && indexAll(bands), detailed: true });
  }

  function show(next: Picture): void {
    if (closed) return;
    picture.value = { ...next, observed };
    onChange();
  }

  return {
    picture,
    problem,
    want,
    close(): void {
      closed = true;
      clearTimeout(timer);
      clearTimeout(detailsTimer);
    },
  };
}

function keyOf({ policies, dlDiscard }: Wanted): string {
  return `${dlDiscard} ${policies.join()}`;
}

function covers(picture: Picture | undefined, { camera, width }: Wanted): boolean {
  if (!picture) return false;
  const grain = ((camera.end - camera.start) / width) * BIN_PX;
  const fine = picture.grain <= grain * 1.7 && picture.grain >= grain / 2.5;
  return fine && camera.start >= picture.start && camera.end <= picture.end;
}

interface Stretch {
  readonly start: number;
  readonly end: number;
  readonly bins: number;
}

function stretchOf({ camera, width }: Wanted): Stretch {
  const span = camera.end - camera.start;
  return {
    start: Math.floor(camera.start - MARGIN * span),
    end: Math.ceil(camera.end + MARGIN * span),
    bins: Math.min(MAX_BINS, Math.max(64, Math.ceil(((1 + 2 * MARGIN) * width) / BIN_PX))),
  };
}

async function fetchPicture(facts: TimelineFacts, ask: Ask, now: Wanted, stretch: Stretch): Promise<Picture> {
  const { spe, origin } = facts;
  const choice = choiceOf(facts, now, stretch);
  const [fates, density, side, tracks] = await Promise.all([
    choice && ask('fates', choice),
    spe === undefined || choice ? [] : ask('density', { spe, origin, ...stretch }),
    spe === undefined ? undefined : ask('sideMarks', { spe, origin, ...stretch }),
    fetchTracks(facts, ask, stretch),
  ]);
  const grain = (stretch.end - stretch.start) / stretch.bins;
  return { ...stretch, grain, density, fates, peak: peakOf(density, fates), side, tracks, detailed: !choice };
}

async function fetchBands(
  facts: TimelineFacts,
  ask: Ask,
  now: Wanted,
  stretch: Stretch,
): Promise<RunBands | undefined> {
  const choice = choiceOf(facts, now, stretch);
  return choice && ask('bands', choice);
}

function choiceOf({ run }: TimelineFacts, { policies, dlDiscard, lanes }: Wanted, stretch: Stretch) {
  return run === undefined ? undefined : { run, dlDiscard, policies: [...policies], lanes: [...lanes], ...stretch };
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
  { start, end, bins }: Stretch,
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
