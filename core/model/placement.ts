/** Where the lanes' SPE buffers lie in the guest's memory (model.md section 2, Buffer). No page is in two buffers. */
import { ModelError } from './errors.ts';
import { pageHeat } from './page-heat.ts';
import { countPages, joinRanges, pageAt, rangeStarts, withoutPages } from './page-ranges.ts';
import type { PageRanges } from './page-ranges.ts';
import type { BufferRange, PlacementKind } from './params.ts';
import { seededStream } from './seeds.ts';
import { PAGE_SHIFT } from './terms.ts';
import type { Stage2Timeline } from './timeline.ts';

/** A piece of a lane's buffer; several pieces follow each other in buffer order. */
export interface BufferPiece {
  readonly lane: number;
  readonly page: number;
  readonly pages: number;
}

export interface PlacementRequest {
  readonly placement: PlacementKind;
  /** The lanes' numbers, ascending. */
  readonly lanes: readonly number[];
  /** Size of every buffer that isn't explicit, bytes, whole pages. */
  readonly bufferBytes: number;
  /** `explicit`: the lanes' buffers (`explicitBuffers`); those of lanes that aren't replayed are skipped. */
  readonly buffers: readonly BufferPiece[];
  readonly seed: number;
}

/** Where buffers may lie. */
export interface GuestMemory {
  /** The VM's slots as pages; undefined if not described. */
  readonly ram: PageRanges | undefined;
  /** Source of pages when there are no slots; `hot` and `quiet` go by its events. */
  readonly timeline: Stage2Timeline;
}

export interface Placement {
  /** Per lane, IPA page numbers in buffer order. */
  readonly pages: readonly Float64Array[];
  /** Notes for the user: one sentence each. */
  readonly warnings: readonly string[];
}

/**
 * - `explicit`: the given ranges; a lane without one gets a random buffer, and a warning says so.
 * - `random`: pages drawn without replacement, all equally likely.
 * - `hot`, `quiet`: the pages with the most or the fewest stage 2 events, the lower IPA first among equals, dealt to the lanes
 *   in turn, so that no lane gets all the extremes.
 *
 * @param trial number of the trial: with `random` each has its own pages, the same for the same seed
 * @throws ModelError when there are too few pages, or two explicit buffers share one
 */
export function placeBuffers(request: PlacementRequest, memory: GuestMemory, trial = 0): Placement {
  const { placement, lanes, bufferBytes } = request;
  const perLane = bufferBytes / 2 ** PAGE_SHIFT;
  const all = memory.ram ?? joinRanges(timelineRanges(memory.timeline));
  const source = memory.ram ? "the VM's memory slots" : 'the pages that the trace names (no VM description)';
  const draw = (pages: PageRanges, buffers: number): Float64Array[] => {
    checkEnough(countPages(pages), buffers, perLane, source);
    return drawPages(pages, buffers, perLane, request.seed, trial);
  };

  switch (placement) {
    case 'random':
      return { pages: draw(all, lanes.length), warnings: [] };
    case 'hot':
    case 'quiet': {
      checkEnough(countPages(all), lanes.length, perLane, source);
      return { pages: dealByHeat(placement, memory.timeline, all, lanes.length, perLane), warnings: [] };
    }
    case 'explicit': {
      const given = placeExplicit(request);
      const rest = lanes.filter((lane) => !given.has(lane));
      if (!rest.length) return { pages: lanes.map((l) => given.get(l)!), warnings: [] };
      const taken = Float64Array.from([...given.values()].flatMap((pages) => [...pages])).sort();
      const drawn = draw(withoutPages(all, taken), rest.length);
      rest.forEach((lane, i) => given.set(lane, drawn[i]));
      const names = rest.length > 1 ? `lanes ${rest.join(', ')} have` : `lane ${rest[0]} has`;
      const warnings = [`${names} no explicit buffer: placed at random, ${perLane} pages each`];
      return { pages: lanes.map((l) => given.get(l)!), warnings };
    }
  }
}

function* timelineRanges({ n, page, pages }: Stage2Timeline): Iterable<[number, number]> {
  for (let row = 0; row < n; row++) yield [page[row], pages[row]];
}

function checkEnough(pages: number, buffers: number, perLane: number, source: string): void {
  if (pages >= buffers * perLane) return;
  throw new ModelError(
    `${buffers} ${buffers > 1 ? 'buffers' : 'buffer'} of ${perLane} pages (4 KiB) don't fit into the ${pages} pages of ${source}; ` +
      `set bufferBytes lower, or give a VM description with more memory`,
  );
}

/** A Fisher-Yates shuffle that goes only as far as needed: swapped entries are in a map, the rest is untouched. */
function drawPages(all: PageRanges, buffers: number, perLane: number, seed: number, trial: number): Float64Array[] {
  const before = rangeStarts(all);
  const total = countPages(all);
  const random = seededStream(seed, 'placement', trial);
  const swapped = new Map<number, number>();
  let drawn = 0;
  return Array.from({ length: buffers }, () => {
    const pages = new Float64Array(perLane);
    for (let i = 0; i < perLane; i++, drawn++) {
      const pick = drawn + Math.floor(random.uniform() * (total - drawn));
      pages[i] = pageAt(all, before, swapped.get(pick) ?? pick);
      swapped.set(pick, swapped.get(drawn) ?? drawn);
    }
    return pages;
  });
}

function dealByHeat(
  order: 'hot' | 'quiet',
  timeline: Stage2Timeline,
  all: PageRanges,
  buffers: number,
  perLane: number,
): Float64Array[] {
  const sign = order === 'hot' ? -1 : 1;
  const heat = pageHeat(timeline, all).sort((a, b) => sign * (a.events - b.events) || a.first - b.first);
  const pages = Array.from({ length: buffers }, () => new Float64Array(perLane));
  let dealt = 0;
  for (const range of heat) {
    for (let page = range.first; page < range.first + range.pages && dealt < buffers * perLane; page++, dealt++) {
      pages[dealt % buffers][Math.floor(dealt / buffers)] = page;
    }
  }
  return pages;
}

/** The buffers that the user gave, and those of the VM description for the lanes that the user left out. */
export function explicitBuffers(
  given: readonly BufferRange[],
  vm: readonly { readonly vcpu: number; readonly page: number; readonly pages: number }[] = [],
): BufferPiece[] {
  const user = given.map(({ lane, ipa, size }) => ({
    lane,
    page: Number(BigInt(ipa) >> BigInt(PAGE_SHIFT)),
    pages: size / 2 ** PAGE_SHIFT,
  }));
  const rest = vm.filter(({ vcpu }) => !user.some((u) => u.lane === vcpu));
  return [...user, ...rest.map(({ vcpu, page, pages }) => ({ lane: vcpu, page, pages }))];
}

function placeExplicit({ lanes, buffers }: PlacementRequest): Map<number, Float64Array> {
  const used = buffers.filter((b) => lanes.includes(b.lane));
  checkDisjoint(used);
  const pages = new Map<number, number[]>();
  for (const piece of used) pages.set(piece.lane, [...(pages.get(piece.lane) ?? []), ...pagesOf(piece)]);
  return new Map([...pages].map(([lane, list]) => [lane, Float64Array.from(list)]));
}

function pagesOf({ page, pages }: BufferPiece): number[] {
  return Array.from({ length: pages }, (_, i) => page + i);
}

function checkDisjoint(pieces: readonly BufferPiece[]): void {
  const sorted = [...pieces].sort((a, b) => a.page - b.page);
  for (let i = 1; i < sorted.length; i++) {
    const [a, b] = [sorted[i - 1], sorted[i]];
    if (a.page + a.pages <= b.page) continue;
    const ipa = (b.page * 2 ** PAGE_SHIFT).toString(16);
    const whose =
      a.lane === b.lane ? `two pieces of lane ${a.lane}'s buffer` : `the buffers of lanes ${a.lane} and ${b.lane}`;
    throw new ModelError(`${whose} share the page at IPA 0x${ipa}; give each pages of its own`);
  }
}
