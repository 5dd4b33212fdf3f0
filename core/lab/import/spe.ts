/** An SPE capture into the lab file. */
import type { PerfData } from '../../formats/perf-data/perf-data.ts';
import { filterWords } from '../../formats/perf-data/no-spe.ts';
import { InputError } from '../../formats/problems.ts';
import type { Warnings } from '../../formats/problems.ts';
import { SCHED_CLOCK } from '../../model/align-rules.ts';
import { runningOnCpu } from '../../model/running.ts';
import type { Db } from '../../store/lab-file.ts';
import { storeLevels } from '../../store/lod.ts';
import { addMappings, addThreads } from '../../store/mappings.ts';
import { addAuxFlags, addLost, addRunning } from '../../store/side-band.ts';
import type { AuxFlagRow, LostRow } from '../../store/side-band.ts';
import { addLane, addSessions, speWriter } from '../../store/spe-store.ts';
import type { SpeLane } from '../../store/spe-store.ts';
import type { SpeChunk } from '../../store/spe-chunk.ts';
import type { FilePart } from '../file-source.ts';
import { SPE_FILTERS } from '../captures/filter-warning.ts';
import type { Imported } from './imported.ts';
import { LaneDecoder } from './spe-lane.ts';
import type { LaneEnd } from './spe-lane.ts';
import { laneSessions } from './spe-sessions.ts';
import { decodeInThreads, speThreads } from './spe-threads.ts';

/** How an import is done, apart from the file itself. */
export interface SpeImport {
  /** Open files that threads may read; without them this thread decodes everything. */
  readonly parts?: readonly FilePart[];
  /** Called with the number of records in each chunk written. Throwing ends the import. */
  readonly onRecords: (records: number) => void;
  /** Called with the bytes that other threads read. */
  readonly count: (bytes: number) => void;
  /** Work to do while threads decode; returns whether there is more. */
  readonly meanwhile: () => boolean;
  /** How many threads decode besides the caller's; as many as help, if not given. */
  readonly threads?: number;
}

/** Decodes all AUX queues of a perf.data. Throws InputError if the file holds no SPE records. */
export function importSpe(db: Db, id: number, perf: PerfData, warnings: Warnings, how: SpeImport): Imported {
  const ends = decodeLanes(db, id, perf, warnings, how);
  const bound = perf.facts.spe?.binding.bound ?? 'cpu-bound';
  const spans = perf.queues.map((queue, lane) => ({ queue, t0: ends[lane].t0, t1: ends[lane].t1 }));
  const found = laneSessions(perf, bound, spans, warnings);
  const lanes = perf.queues.map((queue, lane): SpeLane => {
    const { samples, t0, t1, levels } = ends[lane];
    storeLevels(db, id, 'samples', lane, levels);
    const { sessions, mode } = found[lane];
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
  warnOfConfig(perf, warnings);
  const { clock } = perf.facts;
  if (perf.timeConv && clock !== SCHED_CLOCK) {
    const message = `recorded with clock ${clock}: SPE times are on sched_clock all the same, so switch and AUX records don't match them`;
    warnings.add('info', 'spe-other-clock', message);
  }
  const timed = lanes.filter((l) => l.t0 !== undefined);
  return {
    records: lanes.reduce((sum, l) => sum + l.samples, 0),
    t0: timed.map((l) => l.t0!).reduce<bigint | undefined>((a, b) => (a === undefined || b < a ? b : a), undefined),
    t1: timed.map((l) => l.t1!).reduce<bigint | undefined>((a, b) => (a === undefined || b > a ? b : a), undefined),
    clock: perf.timeConv && SCHED_CLOCK,
    facts: { ...perf.facts, cpuList: [...new Set(lanes.map((l) => l.cpu))].filter((cpu) => cpu >= 0) },
  };
}

/** What the SPE event's terms mean for the capture. */
function warnOfConfig({ facts, timeConv }: PerfData, warnings: Warnings): void {
  const config = facts.spe?.config;
  if (!config) return;
  if (!config.ts_enable && timeConv) {
    const message =
      'recorded without ts_enable: records have no times, and a replay needs them; record with `perf record -e arm_spe_0/ts_enable=1/`';
    warnings.add('info', 'spe-no-timestamps', message);
  }
  if (config.pct_enable) {
    const message =
      'pct_enable=1: times are of the physical counter, but are converted as of the virtual one; recorded in a guest, they are off by CNTVOFF_EL2';
    warnings.add('info', 'spe-physical-time', message);
  }
  const filters = filterWords(config);
  const isWhole = filters.length === 3 && config.branch_filter && config.load_filter && config.store_filter;
  if (filters.length && !isWhole) {
    const message = `recorded with ${filters.join(', ')}: the capture is a subset of what ran, and so is every share of it`;
    warnings.add('info', SPE_FILTERS, message);
  }
}

/** Writes the samples of all queues; the same rows with or without threads, except for the chunks' ids. */
function decodeLanes(db: Db, id: number, perf: PerfData, warnings: Warnings, how: SpeImport): LaneEnd[] {
  const { parts, onRecords, count, meanwhile, threads = speThreads(perf) } = how;
  const writer = speWriter(db, id);
  const store = (lane: number, chunk: SpeChunk) => {
    writer.write(lane, chunk);
    onRecords(chunk.samples);
  };
  if (!threads || !parts) {
    const decoder = new LaneDecoder(perf);
    return perf.queues.map((queue, lane) => decoder.decode(queue, (chunk) => store(lane, chunk), warnings));
  }
  const storeRead = (lane: number, chunk: SpeChunk) => {
    store(lane, chunk);
    count(chunk.bytes);
  };
  return decodeInThreads(perf, parts, threads, storeRead, meanwhile).map((lane) => {
    warnings.merge(lane.warnings);
    return lane.end;
  });
}

/** When a CPU ran what is profiled; ns after `origin`. Empty (unknown) without switch records. */
function runningTime({ switches }: PerfData, cpu: number, origin: bigint, end: bigint): Float64Array {
  const rows: number[] = [];
  for (let i = 0; i < switches.n; i++) if (switches.cpu[i] === cpu && switches.t[i] > 0n) rows.push(i);
  const n = rows.length;
  const t = new Float64Array(n);
  const tid = new Int32Array(n);
  const out = new Uint8Array(n);
  const otherTid = new Int32Array(n);
  for (let k = 0; k < n; k++) {
    const i = rows[k];
    t[k] = Number(switches.t[i] - origin);
    tid[k] = switches.tid[i];
    out[k] = switches.out[i];
    otherTid[k] = switches.otherTid[i];
  }
  return runningOnCpu({ n, t, tid, out, otherTid }, 0, Number(end - origin));
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
