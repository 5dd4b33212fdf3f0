/** Policies that are dark at the same times share one band of a timeline. */
import type { PolicyReport, Report, WindowColumns } from './model.ts';
import { compared } from './words.ts';

export interface Band {
  readonly ids: readonly string[];
  readonly windows: WindowColumns;
}

export function bands(report: Report): Band[] {
  const found: { ids: string[]; windows: WindowColumns }[] = [];
  for (const { id, outcome } of compared(report)) {
    const same = found.find(({ windows }) => sameWindows(windows, outcome.windows));
    if (same) same.ids.push(id);
    else found.push({ ids: [id], windows: outcome.windows });
  }
  return found;
}

/** Whether two outcomes are dark at the same times, and of the same kinds. */
export function sameWindows(a: PolicyReport['outcome']['windows'], b: typeof a): boolean {
  if (a === b) return true;
  if (a.n !== b.n) return false;
  for (let i = 0; i < a.n; i++) {
    const same = a.lane[i] === b.lane[i] && a.start[i] === b.start[i] && a.end[i] === b.end[i];
    if (!same || a.kind[i] !== b.kind[i]) return false;
  }
  return true;
}
