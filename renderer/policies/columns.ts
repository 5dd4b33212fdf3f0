/** The results matrix: what a column shows, and what it is sorted by. */
import { verdicts } from '../../core/model/terms.ts';
import type { StoredResult, Trials } from '../../core/contract/runs.ts';
import type { RunPolicy, RunSkew } from '../../core/contract/contract.ts';
import { excess, pValue } from '../../core/words/numbers.ts';
import { bytes, count, duration, exactNs, percent } from '../format.ts';

export interface Row {
  /** As the run was asked for. */
  readonly own: RunPolicy;
  /** The other reading of DL. */
  readonly other?: RunPolicy;
  /** Over the run's placement trials, if there were several. */
  readonly trials?: Trials;
}

export interface Column {
  readonly id: string;
  readonly label: string;
  /** Sorted by; undefined stays at the end. */
  readonly value: (row: Row) => number | undefined;
  readonly text: (row: Row) => string;
  readonly title?: (row: Row) => string | undefined;
  /** A share: percent sign, and (the run's own reading) a bar. */
  readonly share?: 'bar' | 'plain';
  /** What trials vary, and how one of its values reads. */
  readonly spread?: (
    trials: Trials,
  ) => { readonly mean: number; readonly p5: number; readonly p95: number } | undefined;
  readonly unit?: (value: number) => string;
}

export function rowsOf(policies: readonly RunPolicy[], stored: readonly StoredResult[] = []): Row[] {
  const ids = [...new Set(policies.map((p) => p.policy))];
  return ids.map((id) => {
    const [own, other] = policies.filter((p) => p.policy === id);
    const result = stored.find((s) => s.policy.id === id && s.dlDiscard === own.dlDiscard);
    return { own, other, trials: result?.trials };
  });
}

/** `99.1 – 99.9`: 5 to 95 % of the trials. Empty where they all agree, and without trials. */
export function rangeText(column: Column, { trials }: Row): string {
  const spread = trials && column.spread?.(trials);
  if (!spread || !column.unit) return '';
  const [low, high] = [column.unit(spread.p5), column.unit(spread.p95)];
  return low === high ? '' : `${low} – ${high}`;
}

/** The mean behind a range. */
export function rangeTitle(column: Column, { trials }: Row): string | undefined {
  const spread = trials && column.spread?.(trials);
  return spread && column.unit && trials
    ? `${trials.n} placements: mean ${column.unit(spread.mean)}; below, their 5–95 % range. The figure above is the first one’s.`
    : undefined;
}

/** What a run counted by first is what its verdicts rest on. */
export function skewOf(p: RunPolicy): RunSkew | undefined {
  return p.skew[0];
}

/** Which part of the loss may rest on stage 2 events that never were. */
function unsureText({ unsure }: RunPolicy): string {
  if (!unsure) return '';
  return `; ${percent(unsure.share)} of the loss rests on evidence that may be right in less than 95 % of cases (${unsure.evidence.join(', ')})`;
}

/** @param otherLoses what a guest of the other kind throws away when DL is set */
export function columns(otherLoses: 'the record' | 'the buffer'): Column[] {
  return [
    {
      ...{ id: 'coverage', label: 'coverage', share: 'bar' },
      spread: (t) => t.coverage,
      unit: percent,
      value: ({ own }) => own.coverage,
      text: ({ own }) => percent(own.coverage),
      title: ({ own }) => `${count(own.kept)} of ${count(own.kept + own.lost)} records kept${unsureText(own)}`,
    },
    {
      ...{ id: 'other', label: `if DL loses ${otherLoses}`, share: 'plain' },
      value: ({ other }) => other?.coverage,
      text: ({ other }) => (other ? percent(other.coverage) : '–'),
    },
    {
      ...{ id: 'windows', label: 'windows' },
      value: ({ own }) => own.windows,
      text: ({ own }) => count(own.windows),
      spread: (t) => t.windows,
      unit: (n) => count(Math.round(n)),
    },
    {
      ...{ id: 'blackout', label: 'blackout' },
      ...time(({ own }) => own.blackoutNs),
      spread: (t) => t.blackoutNs,
    },
    {
      ...{ id: 'p99', label: 'p99 window' },
      ...time(({ own }) => own.p99Ns),
      spread: (t) => t.p99,
    },
    {
      ...{ id: 'stall', label: 'stall' },
      ...time(({ own }) => own.stallNs),
      spread: (t) => t.stallNs,
    },
    {
      ...{ id: 'slowdown', label: 'slow\u00addown', share: 'plain' },
      value: ({ own }) => own.slowdown,
      text: ({ own }) => (own.slowdown === undefined ? '–' : percent(own.slowdown)),
      title: () => 'stall by session time',
      spread: (t) => t.slowdown,
      unit: percent,
    },
    {
      ...{ id: 'pinned', label: 'pinned peak' },
      value: ({ own }) => own.pinnedPeakBytes,
      text: ({ own }) => (own.pinnedPeakBytes ? bytes(own.pinnedPeakBytes) : '0'),
      spread: (t) => t.pinnedBytesPeak,
      unit: bytes,
    },
    {
      ...{ id: 'skew', label: 'excess skew' },
      value: ({ own }) => skewOf(own)?.excess ?? undefined,
      text: ({ own }) => excess(skewOf(own)?.excess, skewOf(own)?.pValue),
      title: ({ own }) => {
        const skew = skewOf(own);
        if (!skew) return undefined;
        const tested = skew.pValue === null ? '' : ` (${pValue(skew.pValue)})`;
        return `TVD by ${skew.key}, less what the same blackouts at other moments give on average${tested}`;
      },
    },
  ];
}

/** The worst first when it descends, as with numbers of losses. */
export const verdictColumn: Column = {
  ...{ id: 'verdict', label: 'verdict' },
  value: ({ own }) => {
    const rank = (verdicts as readonly string[]).indexOf(skewOf(own)?.verdict ?? '');
    return rank < 0 ? undefined : rank;
  },
  text: ({ own }) => skewOf(own)?.verdict ?? 'not computed',
};

export interface Sorting {
  readonly by: string;
  readonly descending: boolean;
}

/** The run's own order without a sorting. */
export function sorted(rows: readonly Row[], all: readonly Column[], sorting: Sorting | undefined): Row[] {
  const column = all.find((c) => c.id === sorting?.by);
  if (!column || !sorting) return [...rows];
  return rows.toSorted((a, b) => {
    const [x, y] = [column.value(a), column.value(b)];
    if (x === undefined || y === undefined) return Number(x === undefined) - Number(y === undefined);
    return sorting.descending ? y - x : x - y;
  });
}

function time(value: Column['value']): Pick<Column, 'value' | 'text' | 'title' | 'unit'> {
  return {
    value,
    unit: (ns) => (ns ? duration(ns) : '0'),
    text: (row) => {
      const ns = value(row);
      return ns === undefined ? '–' : ns ? duration(ns) : '0';
    },
    title: (row) => {
      const ns = value(row);
      return ns === undefined ? undefined : exactNs(Math.round(ns));
    },
  };
}
