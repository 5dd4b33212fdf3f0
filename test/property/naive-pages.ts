/** Pages of the naive simulator: rules 3 to 7 and 23 of docs/design/replay-rules.md. */
import type { Policy } from '../../core/model/policy.ts';
import type { RunParams } from '../../core/model/params.ts';
import type { CauseClass, Contents, Notify, PinBreaker, Stage2Kind } from '../../core/model/terms.ts';
import type { Hit } from './naive-coverage.ts';

/** A row of the timeline with its defaults filled in (rule 5). */
export interface NaiveRow {
  readonly t: number;
  readonly kind: Stage2Kind;
  readonly first: number;
  readonly pages: number;
  readonly cause: CauseClass;
  readonly notify: Notify;
  readonly contents: Contents;
  readonly writable: boolean;
}

/** The class of a row that names none. */
export const defaultCause: Readonly<Record<Stage2Kind, CauseClass>> = {
  'initial-unmapped': 'first-touch',
  map: 'host-mm',
  unmap: 'kvm',
  'write-protect': 'dirty-log',
  'access-clear': 'host-mm',
  unknown: 'kvm',
};

export class NaivePage {
  readonly number: number;
  mapped = true;
  writable = true;
  accessed = true;
  /** Nothing has mapped it since rule 3 unmapped it. */
  untouched = false;
  cause: CauseClass = 'kvm';
  gone = false;
  held = false;
  pinned = false;

  constructor(number: number) {
    this.number = number;
  }

  get valid(): boolean {
    return this.mapped && this.writable && this.accessed;
  }

  makeValid(): void {
    this.mapped = this.writable = this.accessed = true;
    this.untouched = false;
  }

  makePinned(): void {
    this.makeValid();
    this.pinned = this.held = true;
  }

  release(): void {
    this.pinned = this.held = false;
  }

  /** Rule 3. */
  startUnmapped(): void {
    this.mapped = false;
    this.untouched = true;
    this.cause = 'first-touch';
  }
}

/** Rule 6: whether the row reaches the page. */
function getsThrough(page: NaivePage, row: NaiveRow, unpinnedBy: readonly PinBreaker[], hit: Hit): boolean {
  if (!page.pinned || (row.kind === 'map' && row.writable)) return true;
  const way = row.cause === 'dirty-log' ? 'dirty-log' : row.kind === 'access-clear' ? 'clear' : row.notify;
  const through = way === 'unknown' || unpinnedBy.includes(way);
  hit(6, through ? 'pin gives way' : 'pin withstands');
  if (way === 'dirty-log') hit(6, 'way dirty-log');
  if (way === 'unknown') hit(6, 'way unknown');
  return through;
}

/** Rules 5 and 6. True if the row got through. */
export function applyRow(page: NaivePage, row: NaiveRow, policy: Policy, params: RunParams, hit: Hit): boolean {
  const unpinnedBy = params.unpinnedBy === 'policy' ? policy.unpinnedBy : params.unpinnedBy;
  if (!getsThrough(page, row, unpinnedBy, hit)) return false;
  const takesPin = row.cause !== 'dirty-log';
  switch (row.kind) {
    case 'map':
      hit(5, row.writable ? 'map' : 'read-only map');
      page.makeValid();
      page.gone = false;
      if (row.writable) break;
      page.writable = false;
      page.cause = row.cause;
      if (takesPin) page.pinned = false;
      break;
    case 'unmap':
      hit(5, 'unmap');
      page.mapped = false;
      if (page.untouched) hit(5, 'stays first-touch');
      else page.cause = row.cause;
      page.gone = row.contents === 'gone';
      if (page.gone) hit(5, 'gone');
      if (takesPin) page.pinned = false;
      break;
    case 'write-protect':
      if (!page.mapped) break;
      hit(5, 'write-protect');
      page.writable = false;
      page.cause = row.cause;
      break;
    case 'access-clear':
      if (params.spuFlagUpdates || !page.mapped) break;
      hit(5, 'access-clear');
      page.accessed = false;
      page.cause = row.cause;
      break;
    case 'initial-unmapped':
    case 'unknown':
      break;
  }
  return true;
}

/** Rule 23: whether an unmap that got through loses what lies in the page. */
export function wipes({ kind, contents, notify }: NaiveRow, params: RunParams): boolean {
  if (kind !== 'unmap' || params.contentsKept) return false;
  return contents === 'dropped' || (contents === 'gone' && notify !== 'memslot');
}
