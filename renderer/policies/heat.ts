/**
 * When each policy goes dark: samples lost of those present, by policy and time, all vCPUs together. A cell is a bin of the host's own
 * grid, never a stretched one, so that its fraction is counted and not estimated.
 */
import type { Fates, LaneFates, PolicyFates } from '../../core/contract/timeline.ts';

export interface Heat {
  /** Start of the first cell, ns from the run's origin; cells are `width` ns wide and touch. */
  readonly first: number;
  readonly width: number;
  readonly cells: number;
  /** Samples in each cell, kept or lost. */
  readonly samples: Float64Array;
  /** A row per policy of the request, in its order. */
  readonly rows: readonly HeatRow[];
}

export interface HeatRow {
  /** Samples lost, and windows that touch the cell. */
  readonly lost: Float64Array;
  readonly windows: Float64Array;
}

/** @param policies how many were requested */
export function heatOf({ lanes, policies: losses }: Fates, policies: number): Heat | undefined {
  // Bins are powers of two in ns on one grid: the widest lane's contain whole bins of all others.
  const widest = lanes.reduce<LaneFates | undefined>((w, l) => (!w || l.width > w.width ? l : w), undefined);
  if (!widest) return undefined;
  const { first, width } = widest;
  const cells = widest.samples.length;
  const cellOf = (lane: LaneFates, bin: number) =>
    Math.min(cells - 1, Math.max(0, Math.floor((lane.first + bin * lane.width - first) / width)));
  const samples = new Float64Array(cells);
  for (const lane of lanes) lane.samples.forEach((n, bin) => (samples[cellOf(lane, bin)] += n));
  const rows = Array.from({ length: policies }, (): HeatRow => {
    return { lost: new Float64Array(cells), windows: new Float64Array(cells) };
  });
  const byLane = new Map(lanes.map((lane) => [lane.lane, lane]));
  for (const loss of losses) addLosses(rows[loss.policy], loss, byLane.get(loss.lane), cellOf);
  return { first, width, cells, samples, rows };
}

function addLosses(
  row: HeatRow | undefined,
  loss: PolicyFates,
  lane: LaneFates | undefined,
  cellOf: (lane: LaneFates, bin: number) => number,
): void {
  if (!row || !lane) return;
  loss.bin.forEach((bin, i) => {
    const cell = cellOf(lane, bin);
    row.lost[cell] += loss.lost[i];
    row.windows[cell] += loss.windows[i];
  });
}

/** The fraction lost in a cell, 0 … 1; NaN if there are no samples to lose. */
export function fractionAt({ samples }: Heat, row: HeatRow, cell: number): number {
  return samples[cell] ? Math.min(1, row.lost[cell] / samples[cell]) : NaN;
}

/** Like `fractionAt`, over the cells [from, to). */
export function fractionOver({ samples }: Heat, row: HeatRow, from: number, to: number): number {
  const sum = (of: Float64Array) => of.subarray(from, to).reduce((a, b) => a + b, 0);
  const all = sum(samples);
  return all ? Math.min(1, sum(row.lost) / all) : NaN;
}

/** At most `most` parts with equal numbers of cells (the last may have fewer): as many as fit a table. */
export function partsOf({ cells }: Heat, most: number): { readonly from: number; readonly to: number }[] {
  const size = Math.max(1, Math.ceil(cells / most));
  return Array.from({ length: Math.ceil(cells / size) }, (_, i) => ({
    from: i * size,
    to: Math.min(cells, (i + 1) * size),
  }));
}

/** Round times in [0, span], about `most` of them. */
export function timeTicks(span: number, most: number): number[] {
  if (!(span > 0)) return [0];
  const rough = span / most;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((f) => f * power).find((s) => s >= rough) ?? rough;
  return Array.from({ length: Math.floor(span / step) + 1 }, (_, i) => i * step);
}
