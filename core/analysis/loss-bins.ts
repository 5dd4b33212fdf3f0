/**
 * What a policy loses, bin by bin of a timeline: from windows and the density of samples alone. A window's lost samples are known exactly;
 * if it spans bins they are those of the bins that it covers wholly, and the rest goes to its two ends. Sums over all bins are the windows'
 * own.
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
  /** The kind that loses most there, otherwise the one that covers most. */
  readonly kind: Uint8Array;
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
  // Dense, in few long columns: a view has thousands of bins per lane and policy, and requests them at every zoom.
  const bins = samples.length;
  const kinds = 1 + Math.max(0, ...within.map((w) => w.kind), ...crossing.map((w) => w.kind));
  const [lost, dark, losing] = [new Float64Array(bins), new Float64Array(bins), new Float64Array(bins)];
  const windows = new Uint32Array(bins);
  const [lostBy, darkBy] = [new Float64Array(bins * kinds), new Float64Array(bins * kinds)];
  const seen = new Uint8Array(bins * kinds);
  const add: Add = (bin, kind, n, ns, samplesLost, loses) => {
    if (bin < 0 || bin >= bins) return;
    lost[bin] += samplesLost;
    dark[bin] += ns;
    if (loses) losing[bin] += ns;
    windows[bin] += n;
    lostBy[bin * kinds + kind] += samplesLost;
    darkBy[bin * kinds + kind] += ns;
    seen[bin * kinds + kind] = 1;
  };
  for (const { bin, kind, windows: n, ns, lost: own } of within) add(bin, kind, n, ns, own, own > 0);
  for (const window of crossing) spread(window, samples, width, add);

  const bin = Uint32Array.from(windows.keys()).filter((b) => windows[b] > 0);
  const column = (of: Float64Array) => Float32Array.from(bin, (b) => of[b]);
  const worst = (b: number) => {
    let best = seen.indexOf(1, b * kinds);
    for (let at = best + 1; at < (b + 1) * kinds; at++)
      if ((lostBy[at] - lostBy[best] || darkBy[at] - darkBy[best]) > 0) best = at;
    return best - b * kinds;
  };
  return {
    ...{ bin, lost: column(lost), dark: column(dark), losing: column(losing) },
    ...{ windows: Uint32Array.from(bin, (b) => windows[b]), kind: Uint8Array.from(bin, worst) },
  };
}

type Add = (bin: number, kind: number, windows: number, dark: number, lost: number, loses: boolean) => void;

function spread({ start, end, kind, lost }: LossInterval, samples: Uint32Array, width: number, add: Add): void {
  const begin = Math.floor(start / width);
  const final = Math.floor(end / width);
  const overlap = (bin: number) => Math.max(0, Math.min(end, (bin + 1) * width) - Math.max(start, bin * width));
  let inner = 0;
  for (let bin = Math.max(0, begin + 1); bin < Math.min(final, samples.length); bin++) inner += samples[bin];
  const isWhole = begin >= 0 && final < samples.length;
  // If the stretch cuts a window off, the samples outside aren't known: each end gets its share by time.
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
