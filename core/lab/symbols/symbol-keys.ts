/** Samples by function: the key that people think in. */
import { halves, Has } from '../../formats/spe/columns.ts';
import { Binding, findSymbol, SymbolCollector } from '../../formats/symbols/symbol-table.ts';
import type { SymbolTable } from '../../formats/symbols/symbol-table.ts';
import type { Db } from '../../store/lab-file.ts';
import type { Mapping } from '../../store/mappings.ts';
import { readSymbols } from '../../store/symbols.ts';
import type { SymbolRow } from '../../store/symbols.ts';
import { addressPlace, distance, homeOf, isPerfMap, jitHomeOf } from './places.ts';

/** A binary's functions, and their keys. */
interface Named {
  readonly table: SymbolTable;
  /** Key of each function, -1 until a sample is in it. */
  readonly keys: Int32Array;
}

/** Where a mapping's addresses are looked up, and the place of its first byte there. */
interface Where extends Named {
  readonly start: number;
}

type KeyOf = (present: Uint16Array, pc: BigUint64Array, map: Int32Array) => Uint32Array;

/**
 * Keys of a capture's samples by function, by binary and page where none is known. Functions of the same name in several
 * binaries are distinguished.
 *
 * @param keyOfName numbers a key's name
 * @param pageKeys keys for samples in no known function
 */
export function symbolKeys(
  db: Db,
  capture: number,
  mappings: readonly Mapping[],
  keyOfName: (name: string) => number,
  pageKeys: KeyOf,
): KeyOf {
  const rows = readSymbols(db, capture);
  const homes = new Map(
    Array.from(functionTables(rows), ([home, { table }]): [string, Named] => [
      home,
      { table, keys: new Int32Array(table.n).fill(-1) },
    ]),
  );
  const wheres = mappings.map((m): Where[] => {
    const home = homeOf(m);
    const jit = jitHomeOf(m);
    const own = homes.get(`${home.binary}\0${m.buildId ?? ''}`);
    const generated = jit && homes.get(`${jit.binary}\0`);
    return [
      ...(own ? [{ ...own, start: home.start }] : []),
      ...(generated ? [{ ...generated, start: jit.start }] : []),
    ];
  });
  const starts = halves(BigUint64Array.from(mappings, (m) => m.start));
  const unnamed = 0xffffffff;

  const keyAt = (list: readonly Where[], into: number): number => {
    for (const { table, keys, start } of list) {
      const i = findSymbol(table, start + into);
      if (i < 0) continue;
      if (keys[i] < 0) keys[i] = keyOfName(table.name(i));
      return keys[i];
    }
    return unnamed;
  };

  return (present, pc, map) => {
    const keys = new Uint32Array(pc.length);
    const words = halves(pc);
    // A PC's key is remembered by a hash of it: profiles hit few addresses often.
    const cache = new Cache();
    let missing = 0;
    for (let i = 0; i < keys.length; i++) {
      const m = map[i];
      let key = unnamed;
      if (m >= 0 && present[i] & Has.PC && wheres[m].length) {
        const into = distance(words[2 * i], words[2 * i + 1], starts[2 * m], starts[2 * m + 1]);
        const slot = cache.slot(m, into);
        if (cache.holds(slot, m, into)) key = cache.key[slot];
        else cache.put(slot, m, into, (key = keyAt(wheres[m], into)));
      }
      keys[i] = key;
      if (key === unnamed) missing++;
    }
    if (missing) {
      const pages = pageKeys(present, pc, map);
      for (let i = 0; i < keys.length; i++) if (keys[i] === unnamed) keys[i] = pages[i];
    }
    return keys;
  };
}

const SLOTS = 1 << 14;

/** The last key found at each of some places. */
class Cache {
  readonly #map = new Int32Array(SLOTS).fill(-1);
  readonly #into = new Float64Array(SLOTS);
  readonly key = new Uint32Array(SLOTS);

  /** Instructions are 4 bytes, mostly. */
  slot(map: number, into: number): number {
    return ((into >>> 2) ^ (into >>> 16) ^ Math.imul(map, 0x9e37)) & (SLOTS - 1);
  }

  holds(slot: number, map: number, into: number): boolean {
    return this.#map[slot] === map && this.#into[slot] === into;
  }

  put(slot: number, map: number, into: number, key: number): void {
    this.#map[slot] = map;
    this.#into[slot] = into;
    this.key[slot] = key;
  }
}

/** By binary and build id (`binary\0id`): its functions as named in keys, and their rows. */
export function functionTables(
  rows: readonly SymbolRow[],
): Map<string, { readonly table: SymbolTable; readonly rows: readonly SymbolRow[] }> {
  const groups = Map.groupBy(rows, (r) => `${r.binary}\0${r.buildId ?? ''}`);
  const binaries = Map.groupBy(rows, (r) => r.name);
  return new Map(
    Array.from(groups, ([home, own]) => {
      const symbols = new SymbolCollector((i) => titleOf(own[i], binaries.get(own[i].name)!));
      own.forEach((r, i) => symbols.add(addressPlace(r.binary, r.start), r.bytes, Binding.GLOBAL, i));
      return [home, { table: symbols.build(), rows: own }];
    }),
  );
}

/**
 * `init`, `init [libc.so.6]` if another binary has one too, `init [libc.so.6+0x1040]` if this binary has several. Code
 * that processes generated under one name is one function to the reader.
 */
function titleOf(r: SymbolRow, same: readonly SymbolRow[]): string {
  const generated = isPerfMap(r.binary);
  const others = same.filter((s) => s !== r && !(generated && isPerfMap(s.binary)));
  if (!others.length) return r.name;
  const file = generated ? 'generated' : r.binary.slice(r.binary.lastIndexOf('/') + 1).replace(/^\[(.*)\]$/, '$1');
  const several = others.some((s) => s.binary === r.binary && s.buildId === r.buildId);
  return several ? `${r.name} [${file}+0x${r.start.toString(16)}]` : `${r.name} [${file}]`;
}
