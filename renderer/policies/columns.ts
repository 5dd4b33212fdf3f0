/** The results matrix: what a column shows, what it means, and how it sorts. */
import { range } from '../../core/words/lists.ts';
import { excess, pValue, percent as withSign, points } from '../../core/words/numbers.ts';
import { verdicts } from '../../core/model/terms.ts';
import type { RunPolicy, RunSkew } from '../../core/contract/contract.ts';
import type { StoredResult, Trials } from '../../core/contract/runs.ts';
import { bytes, count, counted, duration, exactNs } from '../format.ts';
import { skewOf, underCheck, verdictOf } from './outcomes.ts';
import type { Outcome } from './outcomes.ts';

type Spread = { readonly mean: number; readonly p5: number; readonly p95: number };

export interface Column {
  readonly id: string;
  readonly label: string;
  /** An explanation for a first-time reader. */
  readonly help: string;
  /** Sort key; undefined sorts last. */
  readonly value: (p: RunPolicy) => number | undefined;
  readonly text: (value: number) => string;
  /** In place of `text`, where a value alone isn't enough. */
  readonly textOf?: (p: RunPolicy) => string;
  /** In full precision. */
  readonly title?: (p: RunPolicy) => string | undefined;
  /** On a second line. */
  readonly note?: (row: Outcome) => string;
  /** The quantity that trials vary. */
  readonly spread?: (trials: Trials) => Spread | undefined;
}

const timeText = (ns: number) => (ns ? duration(ns) : '0');
const exact = (ns: number | undefined) => (ns === undefined ? undefined : exactNs(Math.round(ns)));

export const columns: readonly Column[] = [
  {
    ...{ id: 'coverage', label: 'coverage' },
    help: 'Samples kept, of all that lie in sessions. Below it: the span over the assumption checks.',
    value: (p) => p.coverage,
    text: withSign,
    title: (p) => `${count(p.kept)} of ${count(p.kept + p.lost)} samples kept, ${count(p.lost)} lost${unsureText(p)}`,
    note: ({ least, greatest }) => (least < greatest ? range(least, greatest, withSign) : ''),
    spread: (t) => t.coverage,
  },
  {
    ...{ id: 'windows', label: 'windows' },
    help: 'Blackout windows: stretches of guest time in which samples are not collected, or are thrown away later.',
    value: (p) => p.windows,
    text: (n) => count(Math.round(n)),
    spread: (t) => t.windows,
  },
  {
    ...{ id: 'blackout', label: 'blackout' },
    help: 'Guest time in blackout windows, all vCPUs together.',
    value: (p) => p.blackoutNs,
    text: timeText,
    title: (p) => exact(p.blackoutNs),
    spread: (t) => t.blackoutNs,
  },
  {
    ...{ id: 'p99', label: 'p99 window' },
    help: 'One window in a hundred is longer than that.',
    value: (p) => p.p99Ns,
    text: timeText,
    title: (p) => exact(p.p99Ns),
    spread: (t) => t.p99,
  },
  {
    ...{ id: 'stall', label: 'stall' },
    help: 'Host time in which vCPUs were stopped for KVM: pinning, mapping, trapping, copying, exits. No instruction goes unprofiled in it.',
    value: (p) => p.stallNs,
    text: timeText,
    title: (p) => exact(p.stallNs),
    spread: (t) => t.stallNs,
  },
  {
    ...{ id: 'slowdown', label: 'slowdown' },
    help: 'Stall, as a share of the time in sessions.',
    value: (p) => p.slowdown,
    text: withSign,
    spread: (t) => t.slowdown,
  },
  {
    ...{ id: 'pinned', label: 'pinned peak' },
    help: 'Most memory pinned at any moment.',
    value: (p) => p.pinnedBytesPeak,
    text: (n) => (n ? bytes(n) : '0'),
    title: (p) => `${count(p.pinnedBytesPeak)} bytes`,
    spread: (t) => t.pinnedBytesPeak,
  },
  {
    ...{ id: 'skew', label: 'excess skew' },
    help: 'Total variation distance of the survivors’ shares from the reference’s, less what the same blackouts at other moments give on average; p: how often those give at least as much.',
    value: (p) => skewOf(p)?.excess ?? undefined,
    text: String,
    textOf: (p) => (skewOf(p)?.cause === "can't tell" ? 'can’t tell' : excess(skewOf(p)?.excess, skewOf(p)?.pValue)),
    title: (p) => skewTitle(skewOf(p)),
    note: ({ first }) => {
      const p = skewOf(first)?.pValue;
      return p === undefined || p === null ? '' : pValue(p);
    },
  },
];

/** Worst first when descending, as with loss counts. */
export const verdictColumn = {
  ...{ id: 'verdict', label: 'verdict' },
  help: 'How far the survivors’ shares moved: by size, whatever the cause. Then the reason, and the assumptions that would change it.',
  value: (p: RunPolicy): number | undefined => {
    const rank = (verdicts as readonly string[]).indexOf(verdictOf(p));
    return rank < 0 ? undefined : rank;
  },
};

/** Values of a row's members: one text where they agree, else smallest to largest. */
export function cellText(column: Column, { members }: Pick<Outcome, 'members'>): string {
  if (column.textOf) return column.textOf(members[0]);
  const values = members.map(column.value);
  const known = values.filter((v) => v !== undefined);
  if (!known.length) return '–';
  return range(Math.min(...known), Math.max(...known), column.text);
}

/** Whether a row's members differ in cost although they lose the same. */
export function costsDiffer({ members }: Outcome): boolean {
  return columns.some((c) => new Set(members.map((p) => cellText(c, { members: [p] }))).size > 1);
}

export function trialsOf(policy: string, stored: readonly StoredResult[]): Trials | undefined {
  return stored.find((s) => s.policy.id === policy)?.trials;
}

/** `99.1 – 99.9 %`: 5 to 95 % of the trials (smallest to largest if fewer than 20). Empty where they all agree, and without trials. */
export function rangeText({ spread, text }: Column, trials: Trials | undefined): string {
  const found = trials && spread?.(trials);
  return !found || text(found.p5) === text(found.p95) ? '' : range(found.p5, found.p95, text);
}

/** What a range over trials means. */
export function rangeTitle({ spread, text }: Column, trials: Trials | undefined): string | undefined {
  const found = trials && spread?.(trials);
  if (!found || !trials) return undefined;
  const what = trials.n < 20 ? 'least to greatest' : '5–95 % range';
  return `${trials.n} placements: mean ${text(found.mean)}, ${what} below. The figure above is the first one’s.`;
}

export interface Sorting {
  readonly by: string;
  readonly descending: boolean;
}

/** The first question: which policy loses least. */
export const asAsked: Sorting = { by: 'coverage', descending: true };

/** By a column's value for the rows' first members; the reference stays last. */
export function sorted(rows: readonly Outcome[], { by, descending }: Sorting): Outcome[] {
  const column = [...columns, verdictColumn].find((c) => c.id === by);
  if (!column) return [...rows];
  return rows.toSorted((a, b) => {
    if (a.reference !== b.reference) return Number(a.reference) - Number(b.reference);
    const [x, y] = [column.value(a.first), column.value(b.first)];
    if (x === undefined || y === undefined) return Number(x === undefined) - Number(y === undefined);
    return descending ? y - x : x - y;
  });
}

/** A check's coverage minus the run's own, in percentage points. */
export function checkDifference(p: RunPolicy, check: string): string {
  const difference = 100 * (underCheck(p, check).coverage - p.coverage);
  return difference ? points(difference) : '·';
}

/** How much of the loss may rest on stage 2 events that never happened. */
function unsureText({ unsure }: RunPolicy): string {
  if (!unsure) return '';
  return `; ${withSign(unsure.share)} of the loss rests on evidence that may be right in less than 95 % of cases (${unsure.evidence.join(', ')})`;
}

function skewTitle(skew: RunSkew | undefined): string | undefined {
  if (!skew || skew.tvd === null) return undefined;
  const distance = `TVD ${Number(skew.tvd.toPrecision(2))} by ${skew.key}`;
  const episodes = skew.episodes === undefined ? '' : `, ${counted(skew.episodes, 'loss episode')}`;
  if (skew.cause === 'nothing lost') return `${distance}: nothing is lost`;
  if (skew.cause === "can't tell") return `${distance}${episodes}: too few to tell whether it mattered where they fell`;
  return skew.nullMean === null
    ? `${distance}${episodes}`
    : `${distance}${episodes}; the same blackouts at other moments: ${Number(skew.nullMean.toPrecision(2))} on average`;
}
