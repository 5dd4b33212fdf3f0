import { FORK_DEPTH, MAPS_OF_RANGE } from './limits.ts';
import type { MapEntry } from './maps.ts';
import type { Exec, Fork } from './side-band.ts';
import { firstIndex } from '../../model/terms/search.ts';

/** Disjoint address ranges in ascending order, each with the maps that lay there, newest first. */
interface Ranges {
  /** First address and one past the last, as halves (lo at 2i). */
  readonly start: Uint32Array;
  readonly end: Uint32Array;
  /** Indexes into the maps. Nearly always one. */
  readonly maps: readonly (readonly number[])[];
}

/** One process between two execs. */
interface Space {
  /** From this moment on, ns. */
  readonly t: bigint;
  /** What it inherited: the parent's space as it was at the fork. */
  readonly parent: number | undefined;
  readonly indexes: number[];
  ranges: Ranges | undefined;
}

const KERNEL = -1;

/** Pages of code whose map is remembered, by their lowest bits: programs have few that are hot. */
const PAGES = 1024;
const PAGE_SHIFT = 12;

/**
 * Finds the mapping of a program counter: a binary search, or just a comparison for a page of code seen before. A fork inherits its
 * parent's mappings, an exec clears them, a later mapping covers an earlier one.
 */
export class AddressMap {
  readonly maps: readonly MapEntry[];
  readonly #spaces = new Map<number, Space[]>();
  // The map of a page, by a hash of it: whose, which (its number, and the address's high half), and the map; -2 for none. Only for pages
  // that lie wholly in one range and don't depend on time.
  readonly #pageOwner = new Int32Array(PAGES);
  readonly #pageLo = new Uint32Array(PAGES);
  readonly #pageHi = new Uint32Array(PAGES);
  readonly #pageMap = new Int32Array(PAGES).fill(-2);

  constructor(perf: { maps: readonly MapEntry[]; forks: readonly Fork[]; execs: readonly Exec[] }) {
    this.maps = perf.maps;
    this.#spaces.set(KERNEL, [{ t: 0n, parent: undefined, indexes: [], ranges: undefined }]);
    for (const { pid, t, parent, inherits } of perf.forks) this.#open(pid, t, inherits ? parent : undefined);
    for (const { pid, t } of perf.execs) this.#open(pid, t, undefined);
    for (const list of this.#spaces.values()) list.sort((a, b) => (a.t < b.t ? -1 : a.t > b.t ? 1 : 0));
    perf.maps.forEach((map, i) => this.#spaceAt(map.kernel ? KERNEL : map.pid, map.t, true)?.indexes.push(i));
  }

  #open(pid: number, t: bigint, parent: number | undefined): void {
    const list = this.#spaces.get(pid);
    const space: Space = { t, parent, indexes: [], ranges: undefined };
    if (list) list.push(space);
    else this.#spaces.set(pid, [space]);
  }

  /** The process's space at a time; before its first one, that one. */
  #spaceAt(pid: number, t: bigint, create = false): Space | undefined {
    let list = this.#spaces.get(pid);
    if (!list && create) {
      this.#open(pid, 0n, undefined);
      list = this.#spaces.get(pid);
    }
    if (!list) return undefined;
    const spaces = list;
    return spaces[Math.max(0, firstIndex(0, spaces.length, (i) => spaces[i].t > t) - 1)];
  }

  /**
   * Index of the map that holds address `pc` of process `pid` at time `t` (ns; undefined: at the end), -1 if none does.
   * Code at `el` 1 and above is the kernel's.
   */
  find(pid: number, pc: bigint, el: number, t?: bigint): number {
    const owner = el > 0 || pc >> 63n ? KERNEL : pid;
    return this.#search(owner, Number(pc & 0xffffffffn), Number(pc >> 32n), t ?? (1n << 64n) - 1n);
  }

  /** `find` for hot loops: addresses as unsigned halves, and the time made a bigint only where it matters. */
  findHalves(pid: number, lo: number, hi: number, el: number, times: BigUint64Array, i: number): number {
    const owner = el > 0 || hi >>> 31 ? KERNEL : pid;
    const page = lo >>> PAGE_SHIFT;
    const slot = (page ^ Math.imul(owner, 0x9e3779b1)) & (PAGES - 1);
    const known = this.#pageMap[slot];
    if (known !== -2 && this.#pageLo[slot] === page && this.#pageHi[slot] === hi && this.#pageOwner[slot] === owner)
      return known;
    return this.#search(owner, lo, hi, times[i]);
  }

  #search(owner: number, lo: number, hi: number, t: bigint): number {
    let pid = owner;
    let at = t;
    for (let depth = 0; depth < FORK_DEPTH; depth++) {
      const space = this.#spaceAt(pid, at);
      if (!space) return -1;
      const ranges = (space.ranges ??= this.#build(space.indexes));
      const i = rangeAt(ranges, lo, hi);
      if (i >= 0) {
        const candidates = ranges.maps[i];
        if (candidates.length === 1 && depth === 0 && this.#spaces.get(owner)?.length === 1)
          this.#remember(owner, lo, hi, ranges, i);
        const map = candidates.find((m) => this.maps[m].t <= at);
        if (map !== undefined) return map;
        // A process's own first mapping there may be reported late; what its parent mapped after the fork isn't its own.
        if (depth === 0) return candidates[candidates.length - 1];
      }
      if (space.parent === undefined || space.parent === pid) return -1;
      at = space.t;
      pid = space.parent;
    }
    return -1;
  }

  #remember(owner: number, lo: number, hi: number, ranges: Ranges, i: number): void {
    const page = lo >>> PAGE_SHIFT;
    const first = (page << PAGE_SHIFT) >>> 0;
    const last = (first | ((1 << PAGE_SHIFT) - 1)) >>> 0;
    if (!within(ranges, i, first, hi) || !within(ranges, i, last, hi)) return;
    const slot = (page ^ Math.imul(owner, 0x9e3779b1)) & (PAGES - 1);
    this.#pageOwner[slot] = owner;
    this.#pageLo[slot] = page;
    this.#pageHi[slot] = hi;
    this.#pageMap[slot] = ranges.maps[i][0];
  }

  /** Byte offset in the map's file of an address in it; for the kernel's text the address itself. */
  fileOffset(map: number, pc: bigint): bigint {
    const { start, pgoff } = this.maps[map];
    return pc - start + pgoff;
  }

  /** Cuts the maps of one space into disjoint ranges. */
  #build(indexes: readonly number[]): Ranges {
    const ordered = indexes.filter((i) => this.maps[i].length > 0n);
    const bounds = new Set<bigint>();
    const end = (i: number): bigint => {
      const { start, length } = this.maps[i];
      const sum = start + length;
      return sum >> 64n ? (1n << 64n) - 1n : sum;
    };
    for (const i of ordered) bounds.add(this.maps[i].start).add(end(i));
    const cuts = BigUint64Array.from(bounds).sort();
    const position = new Map<bigint, number>();
    cuts.forEach((address, k) => position.set(address, k));
    const lists: number[][] = cuts.length ? Array.from({ length: cuts.length - 1 }, () => []) : [];
    // Newest first; `next` leads past ranges that are full, so that maps nested a thousand times cost no more than
    // others.
    ordered.sort((a, b) => (this.maps[a].t < this.maps[b].t ? 1 : this.maps[a].t > this.maps[b].t ? -1 : b - a));
    const next = Int32Array.from({ length: lists.length + 1 }, (_, k) => k);
    const open = (k: number): number => {
      while (next[k] !== k) k = next[k] = next[next[k]];
      return k;
    };
    for (const i of ordered) {
      const to = position.get(end(i)) ?? 0;
      for (let k = open(position.get(this.maps[i].start) ?? 0); k < to; k = open(k + 1))
        if (lists[k].push(i) === MAPS_OF_RANGE) next[k] = k + 1;
    }
    const used = lists.flatMap((list, k) => (list.length ? [k] : []));
    const starts = BigUint64Array.from(used, (k) => cuts[k]);
    const ends = BigUint64Array.from(used, (k) => cuts[k + 1]);
    return {
      start: new Uint32Array(starts.buffer),
      end: new Uint32Array(ends.buffer),
      maps: used.map((k) => lists[k]),
    };
  }
}

function below(halves: Uint32Array, i: number, lo: number, hi: number): boolean {
  const own = halves[2 * i + 1];
  return own < hi || (own === hi && halves[2 * i] <= lo);
}

function within({ start, end }: Ranges, i: number, lo: number, hi: number): boolean {
  return below(start, i, lo, hi) && !below(end, i, lo, hi);
}

function rangeAt(ranges: Ranges, lo: number, hi: number): number {
  let from = 0;
  let to = ranges.maps.length;
  while (from < to) {
    const middle = (from + to) >>> 1;
    if (below(ranges.start, middle, lo, hi)) from = middle + 1;
    else to = middle;
  }
  return from > 0 && within(ranges, from - 1, lo, hi) ? from - 1 : -1;
}
