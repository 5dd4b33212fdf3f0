/**
 * What a policy loses, bin by bin of a timeline: from windows and the density of samples alone. A window's lost samples are known exactly;
 * if it spans bins they are those of the bins that it covers wholly, and the rest goes to its two ends. Sums over all bins are the windows'
 * own.
 */

/** Disjoint windows in the order of their starts, as columns; ns of any clock. */
export interface LossWindows {
  readonly start: Float64Array;
  readonly end: Float64Array;
  readonly kind: Uint8Array;
  readonly lost: Float64Array;
}

/** Which of them, `to` excluded, and the bins: where the first starts, ns each, samples in each, kept and lost. */
export interface LossRange {
  readonly from: number;
  readonly to: number;
  readonly first: number;
  readonly width: number;
  readonly samples: Uint32Array;
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

/** One pass: windows are disjoint and in order, so the bins that they touch never go back. */
export function lossBins(windows: LossWindows, { from, to, first, width, samples }: LossRange): LossBins {
  const sums = createSums(samples.length);
  for (let i = from; i < to; i++) {
    const start = windows.start[i] - first;
    const end = windows.end[i] - first;
    const bin = Math.floor(start / width);
    const lost = windows.lost[i];
    if (bin === Math.floor(end / width)) sums.add(bin, windows.kind[i], end - start, lost, lost > 0);
    else spread({ start, end, kind: windows.kind[i], lost }, samples, width, sums.add);
  }
  return sums.done();
}

const KINDS = 256;

/** Adds up by kind in the bin at hand, and keeps what is left of it when the next one begins. */
function createSums(bins: number) {
  const out = {
    bin: new Uint32Array(bins),
    lost: new Float32Array(bins),
    dark: new Float32Array(bins),
    losing: new Float32Array(bins),
    windows: new Uint32Array(bins),
    kind: new Uint8Array(bins),
  };
  const [lostBy, darkBy] = [new Float64Array(KINDS), new Float64Array(KINDS)];
  /** Kinds seen in the bin. */
  const seen: number[] = [];
  let n = 0;
  let at = -1;
  let losingNs = 0;
  let count = 0;

  function close(): void {
    if (at < 0) return;
    let [lost, dark] = [0, 0];
    let best = seen[0];
    for (const kind of seen) {
      lost += lostBy[kind];
      dark += darkBy[kind];
      const more = lostBy[kind] - lostBy[best] || darkBy[kind] - darkBy[best] || best - kind;
      if (more > 0) best = kind;
    }
    for (const kind of seen) lostBy[kind] = darkBy[kind] = 0;
    seen.length = 0;
    [out.bin[n], out.lost[n], out.dark[n], out.losing[n]] = [at, lost, dark, losingNs];
    [out.windows[n], out.kind[n]] = [count, best];
    n++;
    losingNs = count = 0;
  }

  return {
    add(bin: number, kind: number, ns: number, lost: number, loses: boolean): void {
      if (bin < 0 || bin >= bins) return;
      if (bin !== at) {
        close();
        at = bin;
      }
      if (!seen.includes(kind)) seen.push(kind);
      lostBy[kind] += lost;
      darkBy[kind] += ns;
      if (loses) losingNs += ns;
      count++;
    },
    done(): LossBins {
      close();
      return {
        bin: out.bin.slice(0, n),
        lost: out.lost.slice(0, n),
        dark: out.dark.slice(0, n),
        losing: out.losing.slice(0, n),
        windows: out.windows.slice(0, n),
        kind: out.kind.slice(0, n),
      };
    },
  };
}

type Add = ReturnType<typeof createSums>['add'];

/** A window over several bins; ns after the first bin's start. */
function spread(
  { start, end, kind, lost }: { start: number; end: number; kind: number; lost: number },
  samples: Uint32Array,
  width: number,
  add: Add,
): void {
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
    add(bin, kind, ns, Math.min(share, lost), lost > 0);
  }
}
