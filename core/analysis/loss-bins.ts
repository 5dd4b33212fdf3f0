/**
 * What a policy loses, bin by bin of a timeline: from windows and the density of samples alone. A window's lost samples are known to the
 * one; where it reaches over bins they are those of the bins that it covers whole, and what is left goes to its two ends. Sums over
 * all bins are the windows' own.
 */

/** A window, ns after the first bin's start. */
export interface LossInterval {
  readonly start: number;
  readonly end: number;
  readonly kind: number;
  readonly lost: number;
}

/** Windows of one kind inside one bin. */
export interface LossInBin {
  readonly bin: number;
  readonly kind: number;
  readonly windows: number;
  readonly ns: number;
  readonly lost: number;
}

/** Sparse: the bins that windows touch, ascending. */
export interface LossBins {
  readonly bin: Uint32Array;
  /** Samples lost. */
  readonly lost: Float32Array;
  /** ns in windows; of that, in windows that lose samples. */
  readonly dark: Float32Array;
  readonly losing: Float32Array;
  /** Windows that touch it. */
  readonly windows: Uint32Array;
  /** The kind that loses most there, or else covers most. */
  readonly kind: Uint8Array;
}

interface Cell {
  lost: number;
  dark: number;
  losing: number;
  windows: number;
  readonly byKind: Map<number, { lost: number; dark: number }>;
}

/**
 * @param samples per bin, kept and lost
 * @param width ns a bin
 */
export function lossBins(
  within: readonly LossInBin[],
  crossing: readonly LossInterval[],
  samples: Uint32Array,
  width: number,
): LossBins {
  const cells = new Map<number, Cell>();
  const add = (bin: number, kind: number, windows: number, dark: number, lost: number, loses: boolean): void => {
    let cell = cells.get(bin);
    if (!cell) cells.set(bin, (cell = { lost: 0, dark: 0, losing: 0, windows: 0, byKind: new Map() }));
    cell.lost += lost;
    cell.dark += dark;
    if (loses) cell.losing += dark;
    cell.windows += windows;
    const own = cell.byKind.get(kind);
    if (own) {
      own.lost += lost;
      own.dark += dark;
    } else cell.byKind.set(kind, { lost, dark });
  };
  for (const { bin, kind, windows, ns, lost } of within) add(bin, kind, windows, ns, lost, lost > 0);
  for (const window of crossing) spread(window, samples, width, add);

  const order = [...cells.keys()].sort((a, b) => a - b);
  const column = (of: (cell: Cell) => number) => Float32Array.from(order, (bin) => of(cells.get(bin)!));
  return {
    bin: Uint32Array.from(order),
    lost: column((c) => c.lost),
    dark: column((c) => c.dark),
    losing: column((c) => c.losing),
    windows: Uint32Array.from(order, (bin) => cells.get(bin)!.windows),
    kind: Uint8Array.from(order, (bin) => worst(cells.get(bin)!)),
  };
}

function worst({ byKind }: Cell): number {
  return [...byKind].reduce((a, b) => ((b[1].lost - a[1].lost || b[1].dark - a[1].dark) > 0 ? b : a))[0];
}

function spread(
  { start, end, kind, lost }: LossInterval,
  samples: Uint32Array,
  width: number,
  add: (bin: number, kind: number, windows: number, dark: number, lost: number, loses: boolean) => void,
): void {
  const begin = Math.floor(start / width);
  const final = Math.floor(end / width);
  const overlap = (bin: number) => Math.max(0, Math.min(end, (bin + 1) * width) - Math.max(start, bin * width));
  let inner = 0;
  for (let bin = Math.max(0, begin + 1); bin < Math.min(final, samples.length); bin++) inner += samples[bin];
  const isWhole = begin >= 0 && final < samples.length;
  // Of a window that is cut off by the stretch the samples outside aren't known: each end has its share by time.
  const at = (bin: number) => samples[bin] ?? 0;
  const ends = [begin, final].map((bin) => (at(bin) * overlap(bin)) / width);
  const rest = isWhole ? Math.max(0, lost - inner) : Math.min(lost, ends[0] + ends[1]);
  const weights = ends[0] + ends[1] > 0 ? ends : [overlap(begin), overlap(final)];
  const sum = weights[0] + weights[1] || 1;
  for (let bin = Math.max(0, begin); bin <= final && bin < samples.length; bin++) {
    const ns = overlap(bin);
    const isEnd = bin === begin || bin === final;
    if (isEnd && !ns && !(rest * weights[bin === begin ? 0 : 1])) continue;
    const share = isEnd ? (rest * weights[bin === begin ? 0 : 1]) / sum : Math.min(lost, samples[bin]);
    add(bin, kind, 1, ns, Math.min(share, lost), lost > 0);
  }
}
