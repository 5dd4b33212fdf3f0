/** A range of an axis, chosen by arrow keys. */

export interface Range {
  readonly from: number;
  readonly to: number;
}

/** Of the axis that a key moves. */
const STEP = 0.01;

/**
 * The range after a key: arrows move the old one, with Shift they move its end, Home and End take it there. The first one
 * is a step at the axis's start. Undefined for any other key.
 */
export function rangeByKey(key: string, shift: boolean, axis: Range, range: Range | undefined): Range | undefined {
  const step = (axis.to - axis.from) * STEP;
  const direction = key === 'ArrowRight' ? 1 : key === 'ArrowLeft' ? -1 : 0;
  if (!direction && key !== 'Home' && key !== 'End') return undefined;
  if (!range) return key === 'End' ? { from: axis.to - step, to: axis.to } : { from: axis.from, to: axis.from + step };
  const { from, to } = range;
  if (shift) {
    const end = direction ? to + direction * step : key === 'End' ? axis.to : from + step;
    return { from, to: Math.min(axis.to, Math.max(from + step, end)) };
  }
  const width = to - from;
  const start = direction ? from + direction * step : key === 'End' ? axis.to : axis.from;
  const kept = Math.max(axis.from, Math.min(axis.to - width, start));
  return { from: kept, to: kept + width };
}
