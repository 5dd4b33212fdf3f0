/** Numbers the places of samples (mapping and PC), so that each place is named once, however many samples it has. */
import { halves, Has } from '../../formats/spe/columns.ts';

/** Of a lane's samples. */
export interface NumberedPlaces {
  /** Per sample. */
  readonly places: Uint32Array;
  /** Its places, in order of appearance. */
  readonly seen: Uint32Array;
}

/** Samples without a PC all share one place. */
const NO_PC = -2;

/** An open-addressing table: a number for each (mapping, PC). */
export class Places {
  size = 0;
  #slots = new Int32Array(1 << 12).fill(-1);
  #lo = new Uint32Array(1 << 11);
  #hi = new Uint32Array(1 << 11);
  #map = new Int32Array(1 << 11);

  /** Columns of a lane's samples. */
  number(present: Uint16Array, pc: BigUint64Array, map: Int32Array): NumberedPlaces {
    const words = halves(pc);
    const places = new Uint32Array(present.length);
    const seen: number[] = [];
    let here = new Uint8Array(this.#lo.length);
    for (let i = 0; i < places.length; i++) {
      const has = (present[i] & Has.PC) !== 0;
      const place = has ? this.#find(words[2 * i], words[2 * i + 1], map[i]) : this.#find(0, 0, NO_PC);
      places[i] = place;
      if (place >= here.length) {
        const grown = new Uint8Array(this.#lo.length);
        grown.set(here);
        here = grown;
      }
      if (here[place] === 0) {
        here[place] = 1;
        seen.push(place);
      }
    }
    return { places, seen: Uint32Array.from(seen) };
  }

  /** Columns of some places, laid out like those of samples. */
  columns(places: Uint32Array): { present: Uint16Array; pc: BigUint64Array; map: Int32Array } {
    const pc = new BigUint64Array(places.length);
    const words = halves(pc);
    const present = new Uint16Array(places.length);
    const map = new Int32Array(places.length);
    places.forEach((place, i) => {
      words[2 * i] = this.#lo[place];
      words[2 * i + 1] = this.#hi[place];
      present[i] = this.#map[place] === NO_PC ? 0 : Has.PC;
      map[i] = this.#map[place] === NO_PC ? -1 : this.#map[place];
    });
    return { present, pc, map };
  }

  #find(lo: number, hi: number, map: number): number {
    const mask = this.#slots.length - 1;
    let slot = hash(lo, hi, map) & mask;
    for (;;) {
      const place = this.#slots[slot];
      if (place < 0) return this.#add(slot, lo, hi, map);
      if (this.#lo[place] === lo && this.#hi[place] === hi && this.#map[place] === map) return place;
      slot = (slot + 1) & mask;
    }
  }

  #add(slot: number, lo: number, hi: number, map: number): number {
    const place = this.size++;
    this.#slots[slot] = place;
    this.#lo[place] = lo;
    this.#hi[place] = hi;
    this.#map[place] = map;
    if (this.size === this.#lo.length) this.#grow();
    return place;
  }

  #grow(): void {
    const wider = <A extends Uint32Array | Int32Array>(old: A, grown: A): A => {
      grown.set(old);
      return grown;
    };
    const room = 2 * this.size;
    this.#lo = wider(this.#lo, new Uint32Array(room));
    this.#hi = wider(this.#hi, new Uint32Array(room));
    this.#map = wider(this.#map, new Int32Array(room));
    this.#slots = new Int32Array(2 * room).fill(-1);
    const mask = this.#slots.length - 1;
    for (let place = 0; place < this.size; place++) {
      let slot = hash(this.#lo[place], this.#hi[place], this.#map[place]) & mask;
      while (this.#slots[slot] >= 0) slot = (slot + 1) & mask;
      this.#slots[slot] = place;
    }
  }
}

/** Instructions are 4 bytes, mostly. */
function hash(lo: number, hi: number, map: number): number {
  const mixed = Math.imul((lo >>> 2) ^ Math.imul(hi, 0x85ebca6b) ^ Math.imul(map, 0x9e3779b1), 0x2c1b3c6d);
  return mixed ^ (mixed >>> 15);
}
