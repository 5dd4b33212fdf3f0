/**
 * Which regions a block maps. A permission fault above level 3 shows one. Otherwise only an absence does: a wholly unmapped region takes
 * one fault, and no other page of it faults. Such a guess holds until something shows a table of pages.
 */
import type { CauseClass } from '../terms.ts';
import type { PendingFault } from './faults.ts';
import { HOST_MM } from './effects.ts';
import { PageState } from './page-states.ts';
import type { Pages } from './pages.ts';
import type { Rows } from './rows.ts';
import type { Slot } from './slots.ts';

export class BlockRules {
  readonly #pages: Pages;
  readonly #rows: Rows;
  readonly #guesses: { row: number; region: number; refuted: boolean; shown: boolean }[] = [];
  /** By region: whether it was a block the first time that could be decided. Later it may have been split for good. */
  readonly #firstTime: (boolean | undefined)[] = [];

  readonly #hasBlocks: boolean;
  /** Observations that only a block explains. */
  proofs = 0;

  constructor(pages: Pages, rows: Rows, hasBlocks: boolean) {
    this.#hasBlocks = hasBlocks;
    this.#pages = pages;
    this.#rows = rows;
  }

  /** A fault in a region was answered by `row`; `wasEmpty`: nothing of the region was mapped. */
  answered(slot: Slot | undefined, region: number, row: number, wasEmpty: boolean, fault: PendingFault): void {
    const pages = this.#pages;
    if (wasEmpty) pages.firstRow[region] = row;
    if (!wasEmpty && this.#tellsNothing(pages.soleRow[region], fault)) return;
    pages.soleRow[region] = wasEmpty && slot && this.#canBeBlock(slot, region) ? row : -1;
  }

  /** A translation fault may show that the region was a block before, or that it wasn't. */
  found(region: number, fault: PendingFault): void {
    const pages = this.#pages;
    this.#refuteRelax(region, fault);
    if (fault.level < 3) this.provenBlock(region, fault);
    // The level of a fault on a stage 1 walk says nothing, nor does a fault taken before the region was unmapped.
    if (Number.isNaN(fault.level) && pages.splitRow[region] >= 0) return;
    const sole = pages.soleRow[region];
    const guess = this.#guesses[pages.guess[region]];
    const isSecond = sole >= 0 && this.#rows.page[sole] !== fault.page && !this.#tellsNothing(sole, fault);
    if (isSecond || pages.splitRow[region] >= 0) this.#firstTime[region] ??= false;
    else if (guess && fault.level === 3) {
      // Mapping a block frees the table in its place: a table there shows that there was no block.
      guess.refuted = true;
      this.#firstTime[region] = false;
    }
    if (isSecond) pages.soleRow[region] = -1;
    pages.splitRow[region] = pages.guess[region] = -1;
  }

  /**
   * No table where pages were mapped, and only a part of the region was unmapped since: unmapping a part of a block takes all of it, while
   * the rest of a table stays (stage2_unmap_walker). So the region's last fault had mapped a block.
   */
  provenBlock(region: number, fault: PendingFault): void {
    const pages = this.#pages;
    const [row, t] = [pages.lastRow[region], pages.partAt[region]];
    if (row < 0 || t < 0 || t > fault.at || this.#rows.t[row] > t || pages.isBlock[region]) return;
    if (!fault.slot || !this.#canBeBlock(fault.slot, region)) return;
    // A table with nothing left in it goes, too.
    let left = false;
    for (let i = pages.head[region]; i >= 0 && !left; i = pages.next[i]) {
      left = pages.isMapped(i) && pages.since[i] <= Math.min(t, fault.contradicts);
    }
    if (!left) return;
    this.proofs++;
    this.#rows.widen(row, pages.start[region], pages.block, 'block-found');
    const gone = this.#rows.add('unmap', t, pages.start[region], pages.block, 'unmap-hva', 'host-mm');
    this.#rows.tell(gone, HOST_MM);
    pages.eachLive(pages.start[region], pages.start[region] + pages.block, (i) => {
      if (pages.since[i] <= fault.contradicts) pages.set(i, PageState.UNMAPPED, t);
    });
    pages.soleRow[region] = pages.splitRow[region] = pages.guess[region] = pages.partAt[region] = -1;
    this.#firstTime[region] ??= true;
  }

  /**
   * A write permission fault at level 3 was answered while nothing was logged: where the host has a huge page KVM maps it as a
   * block again, else it makes one page writable (user_mem_abort). What follows decides: other pages fault, too, or none does.
   */
  relaxed(slot: Slot | undefined, region: number, row: number): void {
    const pages = this.#pages;
    if (pages.relaxRow[region] < 0 && slot && !pages.isBlock[region] && this.#canBeBlock(slot, region)) {
      pages.relaxRow[region] = row;
    }
  }

  #refuteRelax(region: number, fault: PendingFault): void {
    const pages = this.#pages;
    const row = pages.relaxRow[region];
    if (row < 0 || fault.at < this.#rows.t[row] || this.#rows.page[row] === fault.page) return;
    pages.relaxRow[region] = -1;
  }

  /** A permission fault at level 3 found a table of pages: what it was split into, if it had been a block. */
  foundTable(region: number, fault: PendingFault): void {
    this.#refuteRelax(region, fault);
    this.#pages.isBlock[region] = 0;
  }

  /** A permission fault at level 3 on a page not mapped by its own fault: a block mapped it and has been split since. */
  foundSplit(i: number, { slot, at }: PendingFault): void {
    const pages = this.#pages;
    const region = pages.region[i];
    const row = pages.firstRow[region];
    if (row < 0 || this.#rows.t[row] > at || !slot || !this.#canBeBlock(slot, region)) return;
    this.proofs++;
    const t = this.#rows.t[row];
    this.#rows.widen(row, pages.start[region], pages.block, 'block-found');
    for (let k = pages.head[region]; k >= 0; k = pages.next[k]) {
      if (pages.state[k] !== PageState.UNMAPPED) continue;
      pages.set(k, PageState.WRITABLE, t);
      pages.row[k] = row;
    }
    pages.isBlock[region] = 0;
    pages.fill(region, PageState.WRITABLE, t, row);
    pages.firstRow[region] = pages.soleRow[region] = pages.relaxRow[region] = -1;
  }

  /** All of a slot is about to be write-protected, or unmapped: regions in which no other page faulted had become blocks. */
  closeRelaxed(start: number, end: number): void {
    const pages = this.#pages;
    for (let region = 0; region < pages.regions; region++) {
      const row = pages.relaxRow[region];
      if (row < 0 || pages.start[region] >= end || pages.start[region] + pages.block <= start) continue;
      pages.relaxRow[region] = -1;
      if (!this.#hasBlocks) continue;
      const t = this.#rows.t[row];
      this.#rows.widen(row, pages.start[region], pages.block, 'block-fault');
      for (let i = pages.head[region]; i >= 0; i = pages.next[i]) {
        pages.set(i, PageState.WRITABLE, t);
        pages.row[i] = row;
      }
      pages.isBlock[region] = 1;
      pages.fill(region, PageState.WRITABLE, t, row);
    }
  }

  /**
   * The region is about to be unmapped, wholly or in part: what its only fault mapped can be decided now. A part of a huge
   * page is unmapped by splitting it, which the host's mm announces for the whole of it (__split_huge_pmd).
   */
  close(region: number, whole: boolean): void {
    const pages = this.#pages;
    const row = Math.max(pages.soleRow[region], pages.splitRow[region]);
    if (row < 0) return;
    const wasSplit = pages.splitRow[region] >= 0;
    pages.soleRow[region] = -1;
    pages.splitRow[region] = whole ? -1 : row;
    if (!whole) return;
    pages.guess[region] = this.#guesses.length;
    this.#guesses.push({ row, region, refuted: false, shown: wasSplit || pages.collapsed[region] === 1 });
    this.#firstTime[region] ??= true;
  }

  /**
   * The region is about to be unmapped as a whole. Where the host's mm takes exactly one huge page's range in which single pages
   * were mapped, it is khugepaged (collapse_huge_page): a fault answered after it finds a huge page, unless the collapse failed.
   */
  collapse(region: number, byHostMm: boolean): void {
    const pages = this.#pages;
    // Retried before anything was mapped: still true.
    if (pages.live[region] === 0 && byHostMm) return;
    pages.collapsed[region] = byHostMm && !pages.isBlock[region] && pages.live[region] > 1 ? 1 : 0;
  }

  /**
   * What was split was a block, and what was collapsed became one. Of the others, whether the host maps blocks shows in all its regions
   * alike: they are kept unless most regions filled up page by page.
   */
  finish(): void {
    const pages = this.#pages;
    for (let r = 0; r < pages.regions; r++) if (pages.soleRow[r] >= 0) this.close(r, true);
    const blocks = this.#firstTime.filter((isBlock) => isBlock === true).length;
    const pageWise = this.#firstTime.filter((isBlock) => isBlock === false).length;
    for (const { row, region, refuted, shown } of this.#guesses) {
      if (!refuted && (shown || blocks >= pageWise)) {
        this.#rows.widen(row, pages.start[region], pages.block, 'block-fault');
      }
    }
  }

  /** A block was found: the region's last answered fault made it, since only a fault makes a block, and a block ends all faults there. */
  foundBlock(region: number, t: number): void {
    const pages = this.#pages;
    this.proofs++;
    const row = pages.lastRow[region];
    const since = row >= 0 ? this.#rows.t[row] : pages.knownFrom;
    const state = row < 0 || this.#rows.isWritable(row) ? PageState.WRITABLE : PageState.READ_ONLY;
    if (row >= 0) this.#rows.widen(row, pages.start[region], pages.block, 'block-found');
    else this.#rows.add('map', t, pages.start[region], pages.block, 'block-found', undefined, true);
    for (let i = pages.head[region]; i >= 0; i = pages.next[i]) {
      if (pages.isMapped(i) && pages.since[i] > since) continue;
      pages.set(i, state, since);
      pages.row[i] = row;
    }
    pages.isBlock[region] = 1;
    pages.fill(region, state, since, row);
    pages.soleRow[region] = pages.relaxRow[region] = -1;
  }

  /** Dirty logging broke a block up: one page stays (the caller maps it), the others must be faulted in again. */
  split(region: number, t: number, kept: number): void {
    const pages = this.#pages;
    pages.isBlock[region] = pages.isFilled[region] = 0;
    const start = pages.start[region];
    this.#rows.add('unmap', t, start, pages.block, 'block-split', 'dirty-log');
    for (let i = pages.head[region]; i >= 0; i = pages.next[i]) {
      if (pages.page[i] !== kept) pages.set(i, PageState.UNMAPPED, t);
    }
  }

  /** A part of a block is unmapped: all of it goes (stage2_unmap_walker). Returns the row. */
  unmapBlock(region: number, t: number, cause: CauseClass): number {
    const pages = this.#pages;
    const start = pages.start[region];
    const row = this.#rows.add('unmap', t, start, pages.block, 'unmap-hva', cause);
    pages.isBlock[region] = pages.isFilled[region] = 0;
    pages.eachLive(start, start + pages.block, (i) => pages.set(i, PageState.UNMAPPED, t));
    return row;
  }

  /**
   * Another page's fault doesn't show what the region's first one mapped if it was taken before that one was answered: KVM then
   * finds nothing left to do (stage2_map_walker_try_leaf gives -EAGAIN). Nor if it ended above level 3: there was no table
   * of pages, so whatever was mapped has gone with its memslot.
   */
  #tellsNothing(sole: number, fault: PendingFault): boolean {
    return sole >= 0 && (fault.at < this.#rows.t[sole] || fault.level < 3);
  }

  /** KVM maps a block only where guest and host addresses agree within it (fault_supports_stage2_huge_mapping). */
  #canBeBlock(slot: Slot, region: number): boolean {
    const { start, block } = this.#pages;
    return (slot.hva - slot.page) % block === 0 && start[region] >= slot.page && start[region] + block <= slot.end;
  }
}
