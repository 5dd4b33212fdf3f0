/** An SPE capture into the lab file. */
import { AddressMap } from '../formats/perf-data/address-map.ts';
import type { AuxQueue } from '../formats/perf-data/columns.ts';
import type { PerfData } from '../formats/perf-data/perf-data.ts';
import { InputError } from '../formats/problems.ts';
import type { Warnings } from '../formats/problems.ts';
import { halves, Has, SpeColumns } from '../formats/spe/columns.ts';
import { decodeSpe } from '../formats/spe/decode.ts';
import { runningOnCpu } from '../model/running.ts';
import { noSession, switchSessions, wholeLane } from '../model/sessions.ts';
import type { Sessions, Switches } from '../model/sessions.ts';
import type { Db } from '../store/lab-file.ts';
import { LodCounter } from '../store/lod.ts';
import { addMappings, addThreads } from '../store/mappings.ts';
import { addAuxFlags, addLost, addRunning } from '../store/side-band.ts';
import type { AuxFlagRow, LostRow } from '../store/side-band.ts';
import { addLane, addSessions, speWriter } from '../store/spe-store.ts';
import type { SpeLane } from '../store/spe-store.ts';
import type { Imported } from './import.ts';

/** Decodes all AUX queues of a perf.data. Throws InputError if the file holds no SPE records. */
export function importSpe(db: Db, id: number, perf: PerfData, warnings: Warnings, tick: () => void): Imported {
  const addresses = new AddressMap(perf);
  const writer = speWriter(db, id);
  const columns = new SpeColumns();
  const map = new Int32Array(columns.capacity);
  const lanes = perf.queues.map((queue, lane): SpeLane => {
    const order = new TimeOrder();
    const density = new LodCounter();
    let samples = 0;
    const store = (batch: SpeColumns) => {
      tick();
      order.check(batch);
      countSamples(density, batch);
      findMappings(addresses, batch, map);
      writer.write(lane, batch, map);
      samples += batch.n;
    };
    decodeSpe(perf, queue, columns, store, warnings);
    order.report(warnings);
    density.store(db, id, 'samples', lane);
    const { first: t0, last: t1 } = order;
    const { sessions, mode } = t0 === undefined ? noSession('per-cpu') : sessionsOf(perf, queue, t0, t1!, warnings);
    const stored = { lane, cpu: queue.cpu, tid: queue.tid, mode, samples, t0, t1 };
    addLane(db, id, stored);
    if (t0 !== undefined) {
      addSessions(
        db,
        id,
        lane,
        Array.from(sessions, (t) => t0 + BigInt(t)),
      );
      if (queue.cpu >= 0) addRunning(db, id, lane, runningTime(perf, queue.cpu, t0, t1!), t0);
    }
    return stored;
  });
  if (!lanes.some((l) => l.samples))
    throw new InputError(perf.source.name, 'its AUX buffers hold no complete SPE record');
  addMappings(
    db,
    id,
    perf.maps.map((m) => ({ ...m, file: m.filename })),
  );
  addThreads(db, id, perf.comms);
  addAuxFlags(db, id, flaggedAux(perf));
  addLost(db, id, lostRecords(perf));
  if (!perf.timeConv) {
    warnings.add(
      'info',
      'spe-no-time-conv',
      'no TIME_CONV record: sample times are unknown, only counter ticks; a replay needs times',
    );
  }
  const timed = lanes.filter((l) => l.t0 !== undefined);
  return {
    records: lanes.reduce((sum, l) => sum + l.samples, 0),
    t0: timed.map((l) => l.t0!).reduce<bigint | undefined>((a, b) => (a === undefined || b < a ? b : a), undefined),
    t1: timed.map((l) => l.t1!).reduce<bigint | undefined>((a, b) => (a === undefined || b > a ? b : a), undefined),
    clock: perf.facts.clock,
    facts: { ...perf.facts, cpuList: [...new Set(lanes.map((l) => l.cpu))].filter((cpu) => cpu >= 0) },
  };
}

/** Timed samples, for the level of detail. */
function countSamples(density: LodCounter, batch: SpeColumns): void {
  const t = halves(batch.t);
  for (let i = 0; i < batch.n; i++) if (batch.present[i] & Has.TIME) density.add(t[2 * i], t[2 * i + 1]);
}

/** First and last time of a lane, and records that go back in time. */
class TimeOrder {
  first: bigint | undefined;
  last: bigint | undefined;
  #backwards = 0;
  #untimed = 0;
  #lo = 0;
  #hi = 0;

  check(batch: SpeColumns): void {
    const t = halves(batch.t);
    for (let i = 0; i < batch.n; i++) {
      if (!(batch.present[i] & Has.TIME)) {
        this.#untimed++;
        continue;
      }
      const lo = t[2 * i];
      const hi = t[2 * i + 1];
      this.first ??= batch.t[i];
      if (hi < this.#hi || (hi === this.#hi && lo < this.#lo)) {
        this.#backwards++;
      } else {
        this.#lo = lo;
        this.#hi = hi;
      }
    }
    if (this.first !== undefined) this.last = (BigInt(this.#hi) << 32n) | BigInt(this.#lo);
  }

  report(warnings: Warnings): void {
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
      batch.present[i] & Has.PC ? addresses.findHalves(pid, pc[2 * i], pc[2 * i + 1], batch.el[i], batch.t[i]) : -1;
  }
}

/** When profiling was on (model.md section 2); ns after the lane's first sample at `origin`. */
function sessionsOf(perf: PerfData, queue: AuxQueue, origin: bigint, end: bigint, warnings: Warnings): Sessions {
  const last = Number(end - origin);
  if (queue.cpu >= 0) return wholeLane(0, last);
  const sessions = switchSessions(switchesOf(perf, queue.tid, origin), 0, last);
  if (sessions.unpaired) {
    const message = 'switch records of a profiled thread that no other one pairs with: some were lost';
    warnings.add('data-loss', 'perf-unpaired-switch', message, { count: sessions.unpaired });
  }
  return sessions;
}

/**
 * The switches of one thread, sorted by time: it moves between CPUs, and each CPU's records stand by themselves. Those without a
 * time (an event without PERF_SAMPLE_TIME) say nothing.
 */
function switchesOf({ switches }: PerfData, tid: number, origin: bigint): Switches {
  const rows: { t: number; out: number }[] = [];
  for (let i = 0; i < switches.n; i++) {
    if (switches.tid[i] === tid && switches.t[i] > 0n)
      rows.push({ t: Number(switches.t[i] - origin), out: switches.out[i] });
  }
  rows.sort((a, b) => a.t - b.t);
  return { n: rows.length, t: Float64Array.from(rows, (r) => r.t), out: Uint8Array.from(rows, (r) => r.out) };
}

/** When a CPU ran what is profiled; ns after `origin`. Empty without switch records: then the file doesn't tell. */
function runningTime({ switches }: PerfData, cpu: number, origin: bigint, end: bigint): Float64Array {
  const rows: number[] = [];
  for (let i = 0; i < switches.n; i++) if (switches.cpu[i] === cpu && switches.t[i] > 0n) rows.push(i);
  const own = {
    n: rows.length,
    t: Float64Array.from(rows, (i) => Number(switches.t[i] - origin)),
    tid: Int32Array.from(rows, (i) => switches.tid[i]),
    out: Uint8Array.from(rows, (i) => switches.out[i]),
    otherTid: Int32Array.from(rows, (i) => switches.otherTid[i]),
  };
  return runningOnCpu(own, 0, Number(end - origin));
}

function* flaggedAux({ auxRecords: aux }: PerfData): Generator<AuxFlagRow> {
  for (let i = 0; i < aux.n; i++) {
    if (aux.flags[i]) yield { t: aux.t[i], cpu: aux.cpu[i], tid: aux.tid[i], flags: aux.flags[i], size: aux.size[i] };
  }
}

function* lostRecords({ lost }: PerfData): Generator<LostRow> {
  for (let i = 0; i < lost.n; i++) {
    yield { t: lost.t[i], cpu: lost.cpu[i], count: lost.count[i], samples: lost.samples[i] === 1 };
  }
}
