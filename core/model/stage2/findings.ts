/**
 * What a fault shows of the page's prior state. If that contradicts what was believed, something without an event happened: KVM had
 * retried, a memslot went, the dirty log was fetched, or KVM did something that nothing in the trace explains.
 */
import type { BlockRules } from './block-rules.ts';
import type { DirtyLog } from './dirty-log.ts';
import type { PendingFault } from './faults.ts';
import type { FirstFaults } from './first-faults.ts';
import { PageState } from './page-states.ts';
import type { Pages } from './pages.ts';
import type { Rows } from './rows.ts';
import type { Slots } from './slots.ts';

export class Findings {
  readonly #pages: Pages;
  readonly #rows: Rows;
  readonly #slots: Slots;
  readonly #firstFaults: FirstFaults;
  readonly #blocks: BlockRules;
  readonly #dirtyLog: DirtyLog;

  constructor(
    pages: Pages,
    rows: Rows,
    slots: Slots,
    firstFaults: FirstFaults,
    blocks: BlockRules,
    dirtyLog: DirtyLog,
  ) {
    this.#pages = pages;
    this.#rows = rows;
    this.#slots = slots;
    this.#firstFaults = firstFaults;
    this.#blocks = blocks;
    this.#dirtyLog = dirtyLog;
  }

  /** A translation fault: at that moment the page was unmapped, and with a level below 3 its whole region. */
  unmapped(fault: PendingFault): void {
    const pages = this.#pages;
    const i = pages.record(fault.page);
    const region = pages.region[i];
    if (pages.state[i] === PageState.UNKNOWN) {
      this.#firstFaults.add(fault.page, pages.unit, fault.at, pages.knownFrom);
      pages.set(i, PageState.UNMAPPED, fault.at);
    } else if (pages.isMapped(i) && pages.since[i] <= fault.contradicts) {
      if (fault.level < 3 && !this.#neverGotPast(i)) this.#blocks.provenBlock(region, fault);
      if (pages.isMapped(i)) this.#contradicted(i, fault);
    }
    this.#blocks.found(region, fault);
    if (fault.level < 3) {
      pages.isClear[region] = 1;
      for (let k = pages.live[region] ? pages.head[region] : -1; k >= 0; k = pages.next[k]) {
        if (k !== i && pages.isMapped(k) && pages.since[k] <= fault.contradicts) this.#contradicted(k, fault);
      }
    }
  }

  /** The guest never got past the fault whose answer we took for this page's state: KVM had retried. */
  #neverGotPast(i: number): boolean {
    const pages = this.#pages;
    return pages.progress[i] >= 0 && pages.claimer[i]?.progress === pages.progress[i];
  }

  /** A page believed mapped was found unmapped. */
  #contradicted(i: number, fault: PendingFault): void {
    const pages = this.#pages;
    const region = pages.region[i];
    const call = fault.slot && this.#slots.setting(fault.slot, pages.since[i], fault.at)[0];
    // The guest ran on for longer than KVM's next try would take: a call began meanwhile.
    if (call && call.t > pages.since[i]) fault.slotMayBeGone = true;
    else if (this.#neverGotPast(i)) {
      this.#rows.drop(pages.row[i]);
      if (pages.soleRow[region] === pages.row[i]) pages.soleRow[region] = -1;
      if (pages.lastRow[region] === pages.row[i]) pages.lastRow[region] = -1;
      pages.set(i, PageState.UNMAPPED, fault.at);
    } else if (pages.isBlock[region]) {
      this.#blocks.split(region, pages.since[i], pages.page[i]);
      pages.set(i, PageState.UNMAPPED, fault.at);
    } else if (call) {
      fault.slotMayBeGone = true;
    } else if (pages.raced[i]) {
      // The unmap announced before the answer was done after it: nothing lasting was mapped.
      this.#rows.drop(pages.row[i]);
      pages.set(i, PageState.UNMAPPED, fault.at);
    } else {
      this.#rows.add('unmap', fault.at, pages.page[i], pages.unit, 'missed-unmap', 'kvm');
      pages.set(i, PageState.UNMAPPED, fault.at);
    }
  }

  /** No memslot call explains the page found unmapped. */
  missedUnmap(fault: PendingFault): void {
    const pages = this.#pages;
    const i = pages.find(fault.page);
    if (i < 0 || !pages.isMapped(i)) return;
    this.#rows.add('unmap', fault.at, fault.page, pages.unit, 'missed-unmap', 'kvm');
    pages.set(i, PageState.UNMAPPED, fault.at);
  }

  /** A permission fault: the page was mapped; by a block, if its level is below 3; read-only, if it was a write. */
  protected(fault: PendingFault): void {
    const pages = this.#pages;
    const i = pages.record(fault.page);
    const region = pages.region[i];
    if (fault.level < 3 && !pages.isBlock[region]) this.#blocks.foundBlock(region, fault.at);
    if (fault.level === 3) {
      pages.soleRow[region] = -1;
      const relaxed = pages.relaxRow[region];
      // If the log was switched on meanwhile, what became a block then was protected, and split eagerly.
      if (relaxed >= 0 && fault.slot && this.#dirtyLog.mayHaveProtected(fault.slot, this.#rows.t[relaxed], fault.at))
        this.#blocks.closeRelaxed(pages.start[region], pages.start[region] + 1);
      this.#blocks.foundTable(region, fault);
    }
    if (!fault.write) return;
    if (fault.slot && pages.state[i] === PageState.READ_ONLY)
      this.#dirtyLog.shown(fault.slot, pages.since[i], fault.at);
    if (pages.state[i] === PageState.UNMAPPED && fault.level === 3) this.#blocks.foundSplit(i, fault);
    if (pages.state[i] === PageState.UNKNOWN) {
      this.#rows.add('map', pages.knownFrom, fault.page, pages.unit, 'found-read-only', 'dirty-log', false);
      pages.set(i, PageState.READ_ONLY, pages.knownFrom);
    } else if (pages.state[i] === PageState.UNMAPPED) {
      pages.row[i] = this.#rows.add('map', fault.at, fault.page, pages.unit, 'found-read-only', 'dirty-log', false);
      pages.set(i, PageState.READ_ONLY, fault.at);
    } else if (pages.state[i] === PageState.WRITABLE && pages.since[i] <= fault.contradicts)
      this.#foundReadOnly(i, fault);
  }

  /** A write to a page believed writable lacked permission. */
  #foundReadOnly(i: number, fault: PendingFault): void {
    const pages = this.#pages;
    const { slot } = fault;
    const calledSince = (this.#slots.calls.at(-1)?.t ?? -1) > pages.since[i];
    // After a retried translation fault the page would be unmapped still; this one was answered, and protected again.
    if (!calledSince && this.#neverGotPast(i) && this.#rows.isBy(pages.row[i], 'permission-fault')) {
      this.#rows.drop(pages.row[i]);
      pages.set(i, PageState.READ_ONLY, fault.at);
      return;
    }
    if (slot && this.#dirtyLog.foundReadOnly(i, slot, fault)) return;
    if (pages.row[i] >= 0) {
      this.#rows.makeReadOnly(pages.row[i], slot && slot.loggedAt >= 0 ? 'dirty-log' : 'host-mm');
      pages.set(i, PageState.READ_ONLY, pages.since[i]);
    } else {
      this.#rows.add('write-protect', pages.since[i], pages.page[i], pages.unit, 'found-read-only', 'host-mm');
      pages.set(i, PageState.READ_ONLY, pages.since[i]);
    }
  }
}
