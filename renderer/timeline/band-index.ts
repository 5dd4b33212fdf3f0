/** Where each policy's bands on each lane are among all: they come in that order, and by start within it. */
import type { Bands } from '../../core/contract/timeline.ts';
import { firstAtLeast } from '../../core/model/terms/search.ts';

export interface BandRange {
  readonly from: number;
  /** Excluded. */
  readonly to: number;
  /** ns: of the longest band, and of the longest that isn't several merged into one. */
  readonly longest: number;
  readonly longestSingle: number;
}

export type BandIndex = ReadonlyMap<number, BandRange>;

export interface BandOwner {
  readonly lane: number;
  readonly policy: number;
}

const NONE: BandRange = { from: 0, to: 0, longest: 0, longestSingle: 0 };
const key = ({ lane, policy }: BandOwner) => lane * 65536 + policy;

export function indexBands({ n, lane, policy, start, end, count }: Bands): BandIndex {
  const index = new Map<number, BandRange>();
  for (let from = 0; from < n;) {
    let to = from;
    let [longest, longestSingle] = [0, 0];
    for (; to < n && lane[to] === lane[from] && policy[to] === policy[from]; to++) {
      const ns = end[to] - start[to];
      longest = Math.max(longest, ns);
      if (count[to] === 1) longestSingle = Math.max(longestSingle, ns);
    }
    index.set(key({ lane: lane[from], policy: policy[from] }), { from, to, longest, longestSingle });
    from = to;
  }
  return index;
}

export function rangeOf(index: BandIndex, of: BandOwner): BandRange {
  return index.get(key(of)) ?? NONE;
}

/** The bands of one policy and lane that touch [start, end], and those between them: of several merged in one bin some end earlier. */
export function bandsIn(
  bands: Pick<Bands, 'start' | 'end'>,
  index: BandIndex,
  of: BandOwner,
  start: number,
  end: number,
): readonly [from: number, to: number] {
  const { from, to, longest } = rangeOf(index, of);
  let first = firstAtLeast(bands.start, start - longest, from, to);
  while (first < to && bands.end[first] < start) first++;
  return [first, firstAtLeast(bands.start, end, first, to)];
}
