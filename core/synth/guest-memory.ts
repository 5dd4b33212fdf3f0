/** The VM's memory, and the true state of stage 2: every change goes through here and into the history. */
import { causeClasses, code, contentsFates, contentsOrigins, notifies, stage2Kinds } from '../model/terms.ts';
import type { CauseClass, Contents, Notify, Stage2Kind } from '../model/terms.ts';
import type { Stage2Timeline } from '../model/timeline.ts';
import type { SynthOptions } from './options.ts';

/** Pages of a 2 MiB block. */
export const BLOCK = 512;
export const PAGE = 4096;

export const State = { UNMAPPED: 0, READ_ONLY: 1, WRITABLE: 2 } as const;

export interface GuestSlot {
  readonly slot: number;
  /** Its first page in the VM's numbering (not an IPA). */
  readonly first: number;
  readonly pages: number;
  /** IPA page of `first`. */
  readonly ipaPage: number;
}

const NO_CAUSE = 255;

/** What else an unmap or a read-only remap does: who announces it, and what becomes of the page's contents. */
export interface Effect {
  readonly notify: Notify;
  readonly contents: Contents;
}

/** Reclaim, KSM, copy-on-write: the bytes come back. */
export const HOST_MM: Effect = { notify: 'clear', contents: 'kept' };
const UNANNOUNCED: Effect = { notify: 'unknown', contents: 'kept' };
const MEASURED = code(contentsOrigins, 'measured');

export class History {
  readonly t: number[] = [];
  readonly kind: number[] = [];
  readonly page: number[] = [];
  readonly pages: number[] = [];
  readonly cause: number[] = [];
  readonly writable: number[] = [];
  readonly notify: number[] = [];
  readonly contents: number[] = [];

  add(
    t: number,
    kind: Stage2Kind,
    page: number,
    pages: number,
    cause: CauseClass | undefined,
    writable: boolean,
    { notify, contents }: Effect = UNANNOUNCED,
  ): void {
    this.t.push(t);
    this.kind.push(code(stage2Kinds, kind));
    this.page.push(page);
    this.pages.push(pages);
    this.cause.push(cause === undefined ? NO_CAUSE : code(causeClasses, cause));
    this.writable.push(writable ? 1 : 0);
    this.notify.push(code(notifies, notify));
    this.contents.push(code(contentsFates, contents));
  }

  /** As the model holds a timeline; times after `origin`. */
  timeline(origin: number, span: number): Stage2Timeline {
    return {
      n: this.t.length,
      t: Float64Array.from(this.t, (t) => t - origin),
      kind: Uint8Array.from(this.kind),
      page: Float64Array.from(this.page),
      pages: Float64Array.from(this.pages),
      cause: Uint8Array.from(this.cause),
      evidence: new Uint8Array(this.t.length),
      writable: Uint8Array.from(this.writable),
      notify: Uint8Array.from(this.notify),
      contents: Uint8Array.from(this.contents),
      contentsOrigin: new Uint8Array(this.t.length).fill(MEASURED),
      origin: BigInt(origin),
      span,
      exact: true,
      evidences: ['true'],
    };
  }
}

/** Pages are numbered from 0: RAM first, then the SPE buffers' slot; slots begin and end at 2 MiB boundaries. */
export class GuestMemory {
  readonly slots: readonly [GuestSlot, GuestSlot];
  /** Pages of one vCPU's buffer. */
  readonly bufferPages: number;
  /** Pages of all buffers together. */
  readonly allBufferPages: number;
  readonly pages: number;
  readonly state: Uint8Array;
  /** By 2 MiB region: mapped by one entry. */
  readonly isBlock: Uint8Array;
  /** By 2 MiB region: it has a table of pages, maybe empty. */
  readonly hasTable: Uint8Array;
  /** By 2 MiB region: the host's page was split; no more blocks. */
  readonly isSplit: Uint8Array;
  /** By page: the VMM has nothing mapped behind it. A guest touching it makes KVM_RUN fail with EFAULT. */
  readonly isHole: Uint8Array;
  /** By page of a slot that is away: its bytes were dropped meanwhile. */
  readonly #droppedAway = new Set<number>();
  /** By 2 MiB region: pages mapped. */
  readonly #mapped: Uint16Array;
  readonly history = new History();
  readonly #hvaShift: number;
  /** The host's huge pages are from hugetlbfs: never split. */
  readonly #isHugetlb: boolean;

  constructor({ ramPages, bufferBytes, cpus, thp, backing }: SynthOptions) {
    this.#isHugetlb = backing === 'hugetlb';
    const whole = (pages: number): number => Math.ceil(pages / BLOCK) * BLOCK;
    this.bufferPages = bufferBytes / PAGE;
    this.allBufferPages = this.bufferPages * cpus;
    const ram = whole(ramPages);
    const buffers = whole(this.allBufferPages);
    const ramAt = 0x80000000 / PAGE;
    this.slots = [
      { slot: 1, first: 0, pages: ram, ipaPage: ramAt },
      { slot: 2, first: ram, pages: buffers, ipaPage: Math.max(0xa0000000 / PAGE, ramAt + ram) },
    ];
    this.pages = ram + buffers;
    this.state = new Uint8Array(this.pages);
    const regions = this.pages / BLOCK;
    this.isBlock = new Uint8Array(regions);
    this.hasTable = new Uint8Array(regions);
    this.isSplit = new Uint8Array(regions);
    this.isHole = new Uint8Array(this.pages);
    this.#mapped = new Uint16Array(regions);
    // KVM maps blocks only where guest and host addresses agree modulo 2 MiB (fault_supports_stage2_huge_mapping).
    this.#hvaShift = 0xffef_0000_0000 / PAGE + (thp || this.#isHugetlb ? 0 : 1);
    for (const { ipaPage, pages } of this.slots)
      this.history.add(0, 'initial-unmapped', ipaPage, pages, 'first-touch', false);
  }

  slotOf(page: number): GuestSlot {
    return page < this.slots[1].first ? this.slots[0] : this.slots[1];
  }

  ipaPage(page: number): number {
    const { first, ipaPage } = this.slotOf(page);
    return page - first + ipaPage;
  }

  ipa(page: number): number {
    return this.ipaPage(page) * PAGE;
  }

  hva(page: number): number {
    return (this.ipaPage(page) + this.#hvaShift) * PAGE;
  }

  /** Page `offset` of a vCPU's buffer. */
  bufferPage(vcpu: number, offset: number): number {
    return this.slots[1].first + vcpu * this.bufferPages + offset;
  }

  /** First page and number of pages that the VMM can map itself around a page. */
  hugePage(page: number): readonly [first: number, pages: number] {
    return this.#isHugetlb ? [page - (page % BLOCK), BLOCK] : [page, 1];
  }

  isEmpty(region: number): boolean {
    return this.#mapped[region] === 0;
  }

  #set(page: number, state: number): void {
    const region = page >> 9;
    this.#mapped[region] += (state === State.UNMAPPED ? 0 : 1) - (this.state[page] === State.UNMAPPED ? 0 : 1);
    this.state[page] = state;
  }

  mapPage(t: number, page: number): void {
    this.#set(page, State.WRITABLE);
    this.hasTable[page >> 9] = 1;
    this.history.add(t, 'map', this.ipaPage(page), 1, undefined, true);
  }

  mapBlock(t: number, region: number): void {
    for (let page = region * BLOCK; page < (region + 1) * BLOCK; page++) this.#set(page, State.WRITABLE);
    this.isBlock[region] = 1;
    this.hasTable[region] = 0;
    this.history.add(t, 'map', this.ipaPage(region * BLOCK), BLOCK, undefined, true);
  }

  /** kvm_set_spte_gfn: another host page, read-only. */
  remap(t: number, page: number): void {
    this.#set(page, State.READ_ONLY);
    this.history.add(t, 'map', this.ipaPage(page), 1, 'host-mm', false, HOST_MM);
  }

  /** Unmaps a range within a slot; a block that it touches goes as a whole (stage2_unmap_walker), the rest keeping its contents. */
  unmap(t: number, first: number, pages: number, cause: CauseClass, effect: Effect): void {
    const end = first + pages;
    const from = this.isBlock[first >> 9] ? (first >> 9) * BLOCK : first;
    const to = this.isBlock[(end - 1) >> 9] ? (((end - 1) >> 9) + 1) * BLOCK : end;
    for (let page = from; page < to; page++) this.#set(page, State.UNMAPPED);
    for (let region = from >> 9; region <= (to - 1) >> 9; region++) this.isBlock[region] = 0;
    this.#unmapRow(t, from, first, cause, { ...effect, contents: 'kept' });
    this.#unmapRow(t, first, end, cause, effect);
    this.#unmapRow(t, end, to, cause, { ...effect, contents: 'kept' });
    if (effect.contents === 'gone' && effect.notify !== 'memslot') this.isHole.fill(1, first, end);
  }

  /** The host's mm announces a whole huge page that it splits: [from, to) of it lies outside the call's range. */
  announceSplit(t: number, from: number, to: number, cause: CauseClass): void {
    this.#unmapRow(t, from, to, cause, HOST_MM);
  }

  #unmapRow(t: number, from: number, to: number, cause: CauseClass, effect: Effect): void {
    if (from < to) this.history.add(t, 'unmap', this.ipaPage(from), to - from, cause, false, effect);
  }

  hasHole(first: number, pages: number): boolean {
    return this.isHole.subarray(first, first + pages).includes(1);
  }

  /** The VMM maps fresh memory over a range; where there was nothing, there is something to map again. @param away its slot is */
  remapHost(t: number, first: number, pages: number, away: boolean): void {
    for (const [from, to] of runs(first, first + pages, (page) => this.isHole[page] === 1)) {
      this.isHole.fill(0, from, to);
      if (away) this.dropAway(from, to - from);
      else this.#unmapRow(t, from, to, 'userspace', { notify: 'unmap', contents: 'dropped' });
    }
  }

  /** The slot is gone, and its tables with it. */
  removeSlot(t: number, { first, pages }: GuestSlot): void {
    this.#droppedAway.clear();
    this.unmap(t, first, pages, 'userspace', { notify: 'memslot', contents: 'gone' });
    this.hasTable.fill(0, first >> 9, (first + pages) >> 9);
  }

  /** The bytes of pages whose slot is away are dropped. */
  dropAway(first: number, pages: number): void {
    for (let page = first; page < first + pages; page++) this.#droppedAway.add(page);
  }

  /** The slot is back, with the same memory. */
  restoreSlot(t: number, { first, pages }: GuestSlot): void {
    for (const contents of ['kept', 'dropped'] as const) {
      const isOne = (page: number): boolean =>
        !this.isHole[page] && this.#droppedAway.has(page) === (contents === 'dropped');
      for (const [from, to] of runs(first, first + pages, isOne))
        this.#unmapRow(t, from, to, 'userspace', { notify: 'memslot', contents });
    }
  }

  /** Dirty logging: every writable page of the slot becomes read-only. */
  writeProtect(t: number, { first, pages, ipaPage }: GuestSlot): void {
    for (let page = first; page < first + pages; page++) {
      if (this.state[page] === State.WRITABLE) this.#set(page, State.READ_ONLY);
    }
    this.history.add(t, 'write-protect', ipaPage, pages, 'dirty-log', false);
  }

  /** A write to a block under dirty logging: a table with this page alone replaces it. */
  splitBlock(t: number, page: number): void {
    const region = page >> 9;
    this.unmap(t, region * BLOCK, BLOCK, 'dirty-log', UNANNOUNCED);
    this.isSplit[region] = this.#isHugetlb ? 0 : 1;
    this.mapPage(t, page);
  }

  age(t: number, first: number, pages: number): void {
    this.history.add(t, 'access-clear', this.ipaPage(first), pages, 'host-mm', false);
  }
}

/** Maximal runs [from, to) of pages in [first, end) for which `is` holds. */
function* runs(first: number, end: number, is: (page: number) => boolean): Generator<readonly [number, number]> {
  for (let page = first; page < end; page++) {
    if (!is(page)) continue;
    const from = page;
    while (page < end && is(page)) page++;
    yield [from, page];
  }
}
