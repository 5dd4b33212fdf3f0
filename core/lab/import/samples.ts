/** Imports SPE samples from text: its lanes are interleaved, and code is known by name instead of by mapping. */
import { InputError } from '../../formats/problems.ts';
import type { Warnings } from '../../formats/problems.ts';
import { halves, Has, SpeColumns } from '../../formats/spe/columns.ts';
import { textMapping } from '../../formats/spe/text-samples.ts';
import type { TextSamples } from '../../formats/spe/text-samples.ts';
import { noSession, wholeLane } from '../../model/sessions.ts';
import type { Db } from '../../store/lab-file.ts';
import { storeLevels } from '../../store/lod.ts';
import { LodCounter } from '../../store/lod-counter.ts';
import { addMappings, addThreads } from '../../store/mappings.ts';
import { addLane, addSessions, speWriter } from '../../store/spe-store.ts';
import { encodeSpeChunk } from '../../store/spe-chunk.ts';
import type { SpeLane } from '../../store/spe-store.ts';
import { putSymbols } from '../../store/symbols.ts';
import { createDemangler } from '../symbols/demangle.ts';
import { levelsCut } from '../captures/levels-cut.ts';
import type { Imported } from './imported.ts';
import { homeOf } from '../symbols/places.ts';
import { countSamples, TimeOrder } from './spe-lane.ts';

/** Samples buffered per lane until they make a chunk; fewer if there are many lanes. */
const LANE_BATCH = 16384;
const MANY_LANES = 64;
const MANY_LANES_BATCH = 1024;

/** Samples read from a text at once. */
const TEXT_BATCH = 4096;

/** More isn't a profile: CPUs, or threads of a text without CPUs. */
const MAX_LANES = 4096;

/** Stores all samples of a text, one lane per CPU (per thread if it names no CPU). Throws InputError if it has none. */
export function importSamples(
  db: Db,
  id: number,
  file: string,
  text: TextSamples,
  warnings: Warnings,
  onRecords: (records: number) => void,
): Imported {
  const lanes = new Map<string, LaneRows>();
  const writer = speWriter(db, id);
  const store = (lane: LaneRows) => {
    lane.seal();
    writer.write(lane.index, encodeSpeChunk(lane.rows, lane.map));
    onRecords(lane.rows.n);
    lane.empty();
  };
  let last: LaneRows | undefined;
  text.read(new SpeColumns(TEXT_BATCH), (batch, map) => {
    for (let i = 0; i < batch.n; i++) {
      const cpu = batch.cpu[i];
      const tid = cpu < 0 && batch.present[i] & Has.TID ? batch.tid[i] : -1;
      if (!last || last.cpu !== cpu || last.tid !== tid) {
        const key = `${cpu} ${tid}`;
        last = lanes.get(key);
        if (!last) {
          if (lanes.size >= MAX_LANES) throw new InputError(file, `samples of more than ${MAX_LANES} CPUs or threads`);
          last = new LaneRows(lanes.size, cpu, tid);
          lanes.set(key, last);
        }
      }
      last.take(i);
      if (last.isFull) {
        last.gather(batch, map, batch.has());
        store(last);
      }
    }
    // The batch is lent.
    const has = batch.has();
    for (const lane of lanes.values()) lane.gather(batch, map, has);
  });
  const stored = [...lanes.values()].map((lane): SpeLane => {
    if (lane.rows.n) store(lane);
    return finishLane(db, id, lane, warnings);
  });
  if (!stored.length) throw new InputError(file, 'holds no SPE sample that could be read');
  storeCode(db, id, text);
  const timed = stored.filter((l) => l.t0 !== undefined);
  if (!timed.length) {
    const message = 'sample times are unknown, only counter ticks: --time-conv shift,mult,zero makes ns of them';
    warnings.add('info', 'spe-no-time-conv', message);
  }
  return {
    records: stored.reduce((sum, l) => sum + l.samples, 0),
    t0: timed.reduce<bigint | undefined>((min, { t0 }) => (min === undefined || t0! < min ? t0 : min), undefined),
    t1: timed.reduce<bigint | undefined>((max, { t1 }) => (max === undefined || t1! > max ? t1 : max), undefined),
    clock: undefined,
    facts: { ...text.facts, cpuList: cpusOf(stored) },
  };
}

function cpusOf(lanes: readonly SpeLane[]): number[] {
  return [...new Set(lanes.map((l) => l.cpu))].filter((cpu) => cpu >= 0).sort((a, b) => a - b);
}

/** Nothing shows when profiling was off: one session from a lane's first sample to its last. */
function finishLane(
  db: Db,
  id: number,
  { index, cpu, tid, samples, order, density }: LaneRows,
  warnings: Warnings,
): SpeLane {
  order.report(warnings, true);
  if (density.leftOut) warnings.merge([levelsCut]);
  storeLevels(db, id, 'samples', index, density.levels());
  const { first: t0, last: t1 } = order;
  const { sessions, mode } = t0 === undefined ? noSession('cpu-bound') : wholeLane(0, Number(t1! - t0));
  const lane = { lane: index, cpu, tid, mode, samples, t0, t1 };
  addLane(db, id, lane);
  if (t0 !== undefined) {
    const times = Array.from(sessions, (t) => t0 + BigInt(t));
    addSessions(db, id, index, times);
  }
  return lane;
}

function storeCode(db: Db, id: number, { binaries, symbols, comms }: TextSamples): void {
  const mappings = binaries.map(textMapping);
  addMappings(db, id, mappings);
  addThreads(db, id, comms);
  const homes = mappings.map((m) => homeOf(m).binary);
  const demangle = createDemangler();
  const rows = symbols.map(({ binary, name, start, end }) => {
    const plain = demangle(name);
    const bytes = Number(end - start);
    return { binary: homes[binary], start, bytes, name: plain, ...(plain !== name && { linkageName: name }) };
  });
  putSymbols(db, id, homes, rows);
}

class LaneRows {
  readonly index: number;
  readonly cpu: number;
  readonly tid: number;
  readonly rows: SpeColumns;
  readonly map: Int32Array;
  readonly order = new TimeOrder();
  readonly density = new LodCounter();
  samples = 0;

  constructor(index: number, cpu: number, tid: number) {
    this.index = index;
    this.cpu = cpu;
    this.tid = tid;
    this.rows = new SpeColumns(index < MANY_LANES ? LANE_BATCH : MANY_LANES_BATCH);
    this.map = new Int32Array(this.rows.capacity);
  }

  /** This lane's rows in the current batch, not copied yet. */
  readonly #taken = new Int32Array(TEXT_BATCH);
  #n = 0;

  get isFull(): boolean {
    return this.rows.n + this.#n === this.rows.capacity;
  }

  /** Notes row `i` of the current batch. */
  take(i: number): void {
    this.#taken[this.#n++] = i;
  }

  /** Bits of `Has` that any gathered row may have. */
  #has = 0;

  /** Copies the noted rows column by column: a loop over one pair of arrays is fast. `has`: bits of `Has` in the batch. */
  gather(batch: SpeColumns, map: Int32Array, has: number): void {
    const n = this.#n;
    if (!n) return;
    const { rows } = this;
    const to = rows.n;
    this.#has |= has;
    for (const [name, bit] of wide) if (has & bit) gatherWide(rows[name], to, batch[name], this.#taken, n);
    for (const [name, bit] of shorts) if (has & bit) gatherShort(rows[name], to, batch[name], this.#taken, n);
    for (const [name, bit] of ints) if (has & bit) gatherInt(rows[name], to, batch[name], this.#taken, n);
    gatherInt(this.map, to, map, this.#taken, n);
    for (let k = 0; k < n; k++) {
      const i = this.#taken[k];
      rows.context[to + k] = batch.context[i];
      rows.size[to + k] = batch.size[i];
      rows.el[to + k] = batch.el[i];
    }
    rows.cpu.fill(this.cpu, to, to + n);
    rows.n += n;
    this.#n = 0;
  }

  /** For the next chunk. */
  empty(): void {
    this.rows.clear(this.#has);
    this.rows.n = 0;
    this.#has = 0;
  }

  /** Adds a full batch to the lane's totals. */
  seal(): void {
    this.order.check(this.rows);
    countSamples(this.density, this.rows);
    this.samples += this.rows.n;
  }
}

/** Columns by the bit without which they are empty. */
const wide = [
  ...([
    ['t', Has.TIME],
    ['counter', Has.COUNTER],
    ['pc', Has.PC],
    ['va', Has.VA],
    ['pa', Has.PA],
  ] as const),
  ...([
    ['to', Has.TO],
    ['pbt', Has.PBT],
    ['events', Has.EVENTS],
  ] as const),
] as const;
const shorts = [
  ...([
    ['present', 0xffff],
    ['op', Has.OP],
    ['totalLat', Has.TOTAL],
    ['issueLat', Has.ISSUE],
  ] as const),
  ...([
    ['xlatLat', Has.XLAT],
    ['source', Has.SOURCE],
  ] as const),
] as const;
const ints = [
  ['tid', Has.TID],
  ['pid', Has.PID],
] as const;

function gatherWide(to: BigUint64Array, at: number, from: BigUint64Array, rows: Int32Array, n: number): void {
  const [target, source] = [halves(to), halves(from)];
  for (let k = 0, out = 2 * at; k < n; k++, out += 2) {
    const i = 2 * rows[k];
    target[out] = source[i];
    target[out + 1] = source[i + 1];
  }
}

function gatherShort(to: Uint16Array, at: number, from: Uint16Array, rows: Int32Array, n: number): void {
  for (let k = 0; k < n; k++) to[at + k] = from[rows[k]];
}

function gatherInt(to: Int32Array, at: number, from: Int32Array, rows: Int32Array, n: number): void {
  for (let k = 0; k < n; k++) to[at + k] = from[rows[k]];
}
