/** Where each policy's bands on each lane are among all: they come in that order, and by start within it. */
import type { Bands } from '../../core/contract/timeline.ts';
import { firstAtLeast } from '../../core/model/terms/search.ts';

export type BandIndex = ReadonlyMap<number, readonly [from: number, to: number]>;

const key = (lane: number, policy: number) => lane * 65536 + policy;

export function indexBands({ n, lane, policy }: Pick<Bands, 'n' | 'lane' | 'policy'>): BandIndex {
  const index = new Map<number, readonly [number, number]>();
  for (let from = 0; from < n;) {
    let to = from + 1;
    while (to < n && lane[to] === lane[from] && policy[to] === policy[from]) to++;
    index.set(key(lane[from], policy[from]), [from, to]);
    from = to;
  }
  return index;
}

/** The bands of one policy and lane that touch [start, end]: disjoint, so in the order of their ends too. */
export function bandsIn(
  bands: Bands,
  index: BandIndex,
  of: { readonly lane: number; readonly policy: number },
  start: number,
  end: number,
): readonly [from: number, to: number] {
  const [first, last] = index.get(key(of.lane, of.policy)) ?? [0, 0];
  const from = Math.max(first, firstAtLeast(bands.start, start, first, last) - 1);
  return [from, firstAtLeast(bands.start, end, from, last)];
}
