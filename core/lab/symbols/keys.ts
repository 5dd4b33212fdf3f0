/**
 * What skew counts: a key per sample. PCs in a mapping count by binary and file offset, so that processes that run the same
 * file share keys, wherever it was loaded.
 */
import { halves, Has } from '../../formats/spe/columns.ts';
import { opText } from '../../formats/spe/sample-json.ts';
import { sourceName } from '../../formats/spe/sources.ts';
import type { CaptureRow } from '../../store/captures.ts';
import type { Db } from '../../store/lab-file.ts';
import { readMappings } from '../../store/mappings.ts';
import type { Mapping } from '../../store/mappings.ts';
import type { SpeLane } from '../../store/spe-store.ts';
import { readColumn } from '../../store/spe-store.ts';
import { Places } from './place-numbers.ts';
import { distance } from './places.ts';
import { symbolKeys } from './symbol-keys.ts';
import type { KeyKind } from '../../model/terms/skew.ts';

export { keyKinds } from '../../model/terms/skew.ts';
export type { KeyKind };

export interface Keys {
  /** Per lane (in the order given), per sample: an index into `names`. */
  readonly lanes: readonly Uint32Array[];
  readonly names: readonly string[];
}

/** Samples by place, which each kind of key maps in its own way. */
export interface KeySets {
  /** Per lane, per sample: the place, below `count`. */
  readonly places: readonly Uint32Array[];
  readonly count: number;
  readonly sets: readonly KeySet[];
}

export interface KeySet {
  readonly kind: KeyKind;
  readonly names: readonly string[];
  /** Index into `names` of each place; undefined where places are keys. */
  readonly keyOf: Uint32Array | undefined;
}

/** A single way of counting. */
export function oneKeySet(kind: KeyKind, { lanes, names }: Keys): KeySets {
  return { places: lanes, count: names.length, sets: [{ kind, names, keyOf: undefined }] };
}

/** Numbers names in order of appearance. */
class Names {
  readonly list: string[] = [];
  readonly #byName = new Map<string, number>();

  of(name: string): number {
    let index = this.#byName.get(name);
    if (index === undefined) {
      index = this.list.push(name) - 1;
      this.#byName.set(name, index);
    }
    return index;
  }
}

/** The key of each sample of a capture's lanes. A sample without the packet in question has the key `none`. */
export function sampleKeys(db: Db, capture: CaptureRow, lanes: readonly SpeLane[], kind: KeyKind): Keys {
  const names = new Names();
  const of = isPlaceKind(kind) ? addressKeys(db, capture, kind, names) : undefined;
  const columns = lanes.map((lane) => {
    const column = <K extends Parameters<typeof readColumn>[3]>(name: K) => readColumn(db, capture.id, lane, name);
    const present = column('present');
    if (of) return of(present, column('pc'), column('map'));
    return valueKeys(kind, present, column, names, midrOfLane(capture, lane.cpu));
  });
  return { lanes: columns, names: names.list };
}

/** As `sampleKeys` for each of several kinds that come from PCs: samples are read once, then places. */
export function sampleKeySets(
  db: Db,
  capture: CaptureRow,
  lanes: readonly SpeLane[],
  kinds: readonly PlaceKind[],
): KeySets {
  const made = kinds.map((kind) => {
    const names = new Names();
    return { kind, names, of: addressKeys(db, capture, kind, names), keyOf: new Uint32Array(0) };
  });
  const all = new Places();
  const places = lanes.map((lane) => {
    const column = <K extends Parameters<typeof readColumn>[3]>(name: K) => readColumn(db, capture.id, lane, name);
    const own = all.number(column('present'), column('pc'), column('map'));
    // Names appear lane by lane, within a lane in the order of its places.
    const { present, pc, map } = all.columns(own.seen);
    for (const one of made) {
      const keys = one.of(present, pc, map);
      const keyOf = new Uint32Array(all.size);
      keyOf.set(one.keyOf);
      own.seen.forEach((place, i) => (keyOf[place] = keys[i]));
      one.keyOf = keyOf;
    }
    return own.places;
  });
  return { places, count: all.size, sets: made.map(({ kind, names, keyOf }) => ({ kind, names: names.list, keyOf })) };
}

/** Keys of places, chunk by chunk; `names` grows with them. */
export function placeReader(db: Db, capture: CaptureRow, kind: 'symbol' | 'pc') {
  const names = new Names();
  return { names: names.list as readonly string[], keys: addressKeys(db, capture, kind, names) };
}

/** Kinds that come from a sample's PC and mapping. */
export const placeKinds = ['symbol', 'page', 'pc', 'binary'] as const;
export type PlaceKind = (typeof placeKinds)[number];

function isPlaceKind(kind: KeyKind): kind is PlaceKind {
  return (placeKinds as readonly string[]).includes(kind);
}

function addressKeys(db: Db, capture: CaptureRow, kind: PlaceKind, names: Names): ReturnType<typeof placeKeys> {
  const mappings = readMappings(db, capture.id);
  if (kind !== 'symbol') return placeKeys(kind, mappings, names);
  const pages = placeKeys('page', mappings, names);
  return symbolKeys(db, capture.id, mappings, (name) => names.of(name), pages);
}

/** MIDR_EL1 of a lane's core, if the file gives it. */
export function midrOfLane(capture: CaptureRow, cpu: number): bigint | undefined {
  const { spe } = capture.facts;
  const core =
    spe?.cores?.find((c) => !c.cpus || c.cpus.includes(cpu)) ?? (spe?.cores?.length === 1 ? spe.cores[0] : undefined);
  return core && BigInt(core.midr);
}

type Column = <K extends Parameters<typeof readColumn>[3]>(name: K) => ReturnType<typeof readColumn<K>>;

/** Keys of columns with few distinct values: each is named once. */
function valueKeys(
  kind: KeyKind,
  present: Uint16Array,
  column: Column,
  names: Names,
  midr: bigint | undefined,
): Uint32Array {
  const { values, has, name } = valueColumn(kind, column, midr);
  const keys = new Uint32Array(present.length);
  const known = new Map<number, number>();
  for (let i = 0; i < keys.length; i++) {
    const value = present[i] & has ? values[i] : -1;
    let key = known.get(value);
    if (key === undefined) {
      key = names.of(value < 0 ? 'none' : name(value));
      known.set(value, key);
    }
    keys[i] = key;
  }
  return keys;
}

function valueColumn(
  kind: KeyKind,
  column: Column,
  midr: bigint | undefined,
): { values: ArrayLike<number>; has: number; name: (v: number) => string } {
  switch (kind) {
    case 'op':
      return { values: column('op'), has: Has.OP, name: opText };
    case 'source':
      return { values: column('source'), has: Has.SOURCE, name: (v) => sourceName(v, midr) };
    case 'el':
      return { values: column('el'), has: Has.PC, name: (v) => `EL${v}` };
    case 'latency':
      return {
        values: column('totalLat').map(bucketStart),
        has: Has.TOTAL,
        name: (v) => `${v}-${v ? 2 * v - 1 : 0} cycles`,
      };
    case 'thread':
      return { values: column('tid'), has: Has.TID, name: (v) => `tid ${v}` };
    case 'symbol':
    case 'page':
    case 'pc':
    case 'binary':
      throw new Error(`${kind} is not a value column`);
  }
}

/** Latency buckets are powers of two: 0, 1, 2–3, 4–7, … */
function bucketStart(cycles: number): number {
  return cycles === 0 ? 0 : 1 << (31 - Math.clz32(cycles));
}

const PAGE = 0x1000;

/** Keys by where the PC is: `kvbench+0x1a40` (pc), `kvbench+0x1000` (page), `kvbench` (binary). */
function placeKeys(kind: 'page' | 'pc' | 'binary', mappings: readonly Mapping[], names: Names) {
  const known = mappings.map(() => new Map<number, number>());
  const starts = halves(BigUint64Array.from(mappings, (m) => m.start));
  const unknown = new Map<bigint, number>();
  const grain = kind === 'page' ? PAGE : 1;
  return (present: Uint16Array, pc: BigUint64Array, map: Int32Array): Uint32Array => {
    const keys = new Uint32Array(pc.length);
    const words = halves(pc);
    for (let i = 0; i < keys.length; i++) {
      const m = map[i];
      if (!(present[i] & Has.PC)) {
        keys[i] = names.of('none');
      } else if (m < 0) {
        keys[i] = unmapped(pc[i]);
      } else {
        const into = distance(words[2 * i], words[2 * i + 1], starts[2 * m], starts[2 * m + 1]);
        const place = kind === 'binary' ? 0 : into - (into % grain);
        let key = known[m].get(place);
        if (key === undefined) {
          key = names.of(placeName(kind, mappings[m], place));
          known[m].set(place, key);
        }
        keys[i] = key;
      }
    }
    return keys;
  };

  function unmapped(pc: bigint): number {
    const place = kind === 'binary' ? -1n : pc - (pc % BigInt(grain));
    let key = unknown.get(place);
    if (key === undefined) {
      key = names.of(place < 0n ? '[unmapped]' : `0x${place.toString(16)}`);
      unknown.set(place, key);
    }
    return key;
  }
}

/** The kernel's text has no file offsets: `[kernel]+` counts from its start. */
function placeName(kind: 'page' | 'pc' | 'binary', mapping: Mapping, into: number): string {
  const binary = mapping.file.startsWith('[kernel.')
    ? '[kernel]'
    : mapping.file.slice(mapping.file.lastIndexOf('/') + 1);
  if (kind === 'binary') return binary;
  const offset = BigInt(into) + (mapping.kernel ? 0n : mapping.pgoff);
  return `${binary}+0x${offset.toString(16)}`;
}
