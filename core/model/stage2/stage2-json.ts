/** A timeline as `umbra stage2` prints it (contracts.md): times in the trace's clock, addresses as hex strings. */
import { NONE } from '../outcome.ts';
import { causeClasses, PAGE_SHIFT, stage2Kinds } from '../terms.ts';
import type { CauseClass, Contents, ContentsOrigin, Notify, Stage2Kind } from '../terms.ts';
import { effectOfRow } from '../timeline.ts';
import type { Stage2Timeline } from '../timeline.ts';
import type { Accuracy } from './accuracy.ts';
import { confidenceOf } from './confidence.ts';

export interface Stage2JsonRow {
  /** ns in the trace's clock; a decimal string from 2^53 on. */
  readonly t: number | string;
  readonly kind: Stage2Kind;
  readonly ipa: string;
  /** Pages of 4 KiB. */
  readonly pages: number;
  /** Class of the next fault there; null for a writable map. */
  readonly cause: CauseClass | null;
  readonly evidence: string;
  /** `map` rows only. */
  readonly writable?: boolean;
  /** `unmap` rows and read-only `map` rows: who announced it, and what became of the contents. */
  readonly notify?: Notify;
  readonly contents?: Contents;
  readonly contentsOrigin?: ContentsOrigin;
  /** Share of rows on such evidence that is right at least, 0 … 1, as measured (confidence.ts); null if never measured. */
  readonly confidence: number | null;
  /** 95 % of the right ones were within so many ns of the kernel's call; null where unknown, or where there is no moment. */
  readonly withinNs: number | null;
}

const MAP: Stage2Kind = 'map';

/** All rows; with `page`, those that touch this IPA page. */
export function* stage2Rows(timeline: Stage2Timeline, page?: number): Generator<Stage2JsonRow> {
  for (let i = 0; i < timeline.n; i++) {
    if (page !== undefined && (page < timeline.page[i] || page >= timeline.page[i] + timeline.pages[i])) continue;
    const kind = stage2Kinds[timeline.kind[i]];
    const effect = effectOfRow(timeline, i);
    const evidence = timeline.evidences[timeline.evidence[i]];
    const { atLeast, withinNs } = confidenceOf(evidence);
    yield {
      t: clockTime(timeline.origin + BigInt(Math.round(timeline.t[i]))),
      kind,
      ipa: `0x${(BigInt(timeline.page[i]) << BigInt(PAGE_SHIFT)).toString(16)}`,
      pages: timeline.pages[i],
      cause: timeline.cause[i] === NONE ? null : causeClasses[timeline.cause[i]],
      evidence,
      ...(kind === MAP && { writable: timeline.writable[i] === 1 }),
      ...(effect && { notify: effect.notify, contents: effect.contents, contentsOrigin: effect.origin }),
      ...{ confidence: known(atLeast), withinNs: known(withinNs) },
    };
  }
}

function known(value: number): number | null {
  return Number.isNaN(value) ? null : value;
}

function clockTime(ns: bigint): number | string {
  return ns <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(ns) : String(ns);
}

/** Accuracy as a table: one line of cells for each set of pages measured, headings first. */
export function accuracyTable(measured: readonly { readonly name: string; readonly accuracy: Accuracy }[]): string[][] {
  const percent = (share: number): string => `${(share * 100).toFixed(2)} %`;
  return [
    ['pages', 'page·s', 'valid for write', 'mapped', 'unknown', 'valid, unknown guessed', 'stays', 'missed', 'false'],
    ...measured.map(({ name, accuracy: a }) => [
      name,
      a.pageSeconds.toFixed(3),
      percent(a.valid),
      percent(a.mapped),
      percent(a.unknown),
      percent(a.validGuessed),
      String(a.stays),
      String(a.missed),
      String(a.false),
    ]),
  ];
}
