/** One AUX queue, decoded and encoded: all of an SPE import except writing. Needs no database, so it may run in another thread. */
import { AddressMap } from '../../formats/perf-data/address-map.ts';
import type { AuxQueue } from '../../formats/perf-data/columns.ts';
import type { PerfData } from '../../formats/perf-data/perf-data.ts';
import type { Warnings } from '../../formats/problems.ts';
import { LEAP_NS, warnOfLeap } from '../../formats/time-leaps.ts';
import { BATCH, halves, Has } from '../../formats/spe/columns.ts';
import type { SpeColumns } from '../../formats/spe/columns.ts';
import { decodeSpe } from '../../formats/spe/decode.ts';
import type { SpeInput } from '../../formats/spe/decode.ts';
import { DecodedColumns } from '../../formats/spe/record-memory.ts';
import { levelsCut } from '../captures/levels-cut.ts';
import { LodCounter } from '../../store/lod-counter.ts';
import type { LodBlock } from '../../store/lod-counter.ts';
import { Planes, workBytes } from '../../store/planes/planes.ts';
import { encodeSpeChunk } from '../../store/spe-chunk.ts';
import type { SpeChunk } from '../../store/spe-chunk.ts';

/** What decoding a file's queues needs: plain data except for the source. */
export type LaneInput = SpeInput & Pick<PerfData, 'maps' | 'forks' | 'execs'>;

/** What is known about a lane once it is fully decoded. */
export interface LaneEnd {
  readonly samples: number;
  /** First and last time, ns; undefined without a timed sample. */
  readonly t0: bigint | undefined;
  readonly t1: bigint | undefined;
  /** Levels of detail of its samples. */
  readonly levels: readonly LodBlock[];
}

/** Decodes the queues of one file, one after another, reusing its memory. */
export class LaneDecoder {
  readonly #perf: LaneInput;
  readonly #addresses: AddressMap;
  // Decoded and encoded in the same memory.
  readonly #columns = new DecodedColumns(BATCH, workBytes(BATCH));
  readonly #planes = new Planes(this.#columns.memory, this.#columns.end);
  readonly #map = new Int32Array(this.#columns.capacity);

  constructor(perf: LaneInput) {
    this.#perf = perf;
    this.#addresses = new AddressMap(perf);
  }

  /** Hands out the queue's chunks in stream order. */
  decode(queue: AuxQueue, onChunk: (chunk: SpeChunk) => void, warnings: Warnings): LaneEnd {
    const order = new TimeOrder();
    const density = new LodCounter();
    let samples = 0;
    const store = (batch: SpeColumns) => {
      order.check(batch);
      countSamples(density, batch);
      findMappings(this.#addresses, batch, this.#map);
      samples += batch.n;
      onChunk(encodeSpeChunk(batch, this.#map, this.#planes));
      batch.clear(batch.has(), batch.hasExtra());
    };
    // Stored bytes mustn't depend on what was decoded before, and absent values compress best as zeros.
    this.#columns.clear();
    decodeSpe(this.#perf, queue, this.#columns, store, warnings);
    order.report(warnings);
    if (density.leftOut) warnings.merge([levelsCut]);
    return { samples, t0: order.first, t1: order.last, levels: [...density.levels()] };
  }
}

/** Timed samples, for the level of detail. */
export function countSamples(density: LodCounter, { t, present, n }: SpeColumns): void {
  density.addRows(halves(t), present, Has.TIME, n);
}

/** A leap in upper halves of times. */
const LEAP_HIGH = LEAP_NS / 2 ** 32;

/** First and last time of a lane, and records that go back in time. */
export class TimeOrder {
  first: bigint | undefined;
  last: bigint | undefined;
  #backwards = 0;
  #untimed = 0;
  #lo = 0;
  #hi = 0;
  /** Upper half of the last time, even if it went back; NaN before the first. */
  #previous = NaN;
  #leaps = 0;
  #leapTo: bigint | undefined;

  check({ n, t, present }: SpeColumns): void {
    const times = halves(t);
    let lastLo = this.#lo;
    let lastHi = this.#hi;
    let timed = 0;
    let previous = this.#previous;
    for (let i = 0; i < n; i++) {
      if (!(present[i] & Has.TIME)) continue;
      const lo = times[2 * i];
      const hi = times[2 * i + 1];
      if (timed++ === 0 && this.first === undefined) {
        this.first = t[i];
        lastHi = hi;
      }
      if (hi - previous > LEAP_HIGH || previous - hi > LEAP_HIGH) this.#leap(t[i]);
      previous = hi;
      if (hi < lastHi || (hi === lastHi && lo < lastLo)) {
        this.#backwards++;
      } else {
        lastLo = lo;
        lastHi = hi;
      }
    }
    this.#lo = lastLo;
    this.#previous = previous;
    this.#hi = lastHi;
    this.#untimed += n - timed;
    if (this.first !== undefined) this.last = (BigInt(lastHi) << 32n) | BigInt(lastLo);
  }

  #leap(to: bigint): void {
    this.#leaps++;
    this.#leapTo ??= to;
  }

  report(warnings: Warnings, isText = false): void {
    // For text, the position in the file is known.
    if (this.#leaps && !isText) warnOfLeap(warnings, { count: this.#leaps, t0: this.#leapTo });
    if (this.#backwards) {
      const message =
        'SPE records are earlier than the one before them in the buffer: replayed at the time of that one';
      warnings.add('info', 'spe-time-backwards', message, { count: this.#backwards });
    }
    if (this.#untimed && this.first !== undefined) {
      const message = 'SPE records have no timestamp: replayed at the time of the one before them';
      warnings.add('info', 'spe-untimed', message, { count: this.#untimed });
    }
  }
}

function findMappings(addresses: AddressMap, batch: SpeColumns, map: Int32Array): void {
  const pc = halves(batch.pc);
  for (let i = 0; i < batch.n; i++) {
    const pid = batch.present[i] & Has.PID ? batch.pid[i] : batch.tid[i];
    map[i] =
      batch.present[i] & Has.PC ? addresses.findHalves(pid, pc[2 * i], pc[2 * i + 1], batch.el[i], batch.t, i) : -1;
  }
}
